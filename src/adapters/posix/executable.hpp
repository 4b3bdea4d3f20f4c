// The file behind a name of a program, and what keeps it from being started.
#pragma once

#include <optional>
#include <string>

#include "twostep/base/error.hpp"

namespace twostep {

// What to do about a file that has gone during a run.
inline constexpr const char* put_it_back = "put it back; the same command then goes on";

// The path of an executable file: the name itself where it has a slash, else from PATH.
[[nodiscard]] std::optional<std::string> find_program(const std::string& name);

// Why the program cannot be started, without a place; nullopt: nothing is seen. It looks at the
// file, its first line, and the interpreter that is named there. start_error: the errno of one that
// has tried, which some mistakes cannot be told without; 0: nobody has.
[[nodiscard]] std::optional<Problem> program_problem(const std::string& name, int start_error = 0);

}  // namespace twostep
