// The search algorithms by name, and which spaces they cannot serve. It is here and not in search/
// so that the reader of study files can say so with the place in the file.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "twostep/base/error.hpp"
#include "twostep/study/spec.hpp"

namespace twostep {

[[nodiscard]] std::vector<std::string> algorithm_names();
[[nodiscard]] const char* name(Algorithm);
[[nodiscard]] std::vector<std::string> second_objective_names();
[[nodiscard]] const char* name(SecondObjective);
[[nodiscard]] bool learns(Algorithm);  // whether its points depend on results

// Why an algorithm cannot serve a space, and what to use instead.
struct Refusal {
  std::optional<std::size_t> dimension;  // the one that is to blame; none: the choice of algorithm
  Problem problem;                       // `where` is left empty
};

[[nodiscard]] std::vector<Refusal> refusals(const SearchSpec& search, const Space& space);

}  // namespace twostep
