// What the program asks the machine: names, processors, terminals, patterns, signals.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace twostep {

[[nodiscard]] std::string host_name();
[[nodiscard]] std::string cpu_set();  // "0-3,8": the processors that this process may use
[[nodiscard]] int cpu_count();        // how many of them
// The width in columns of the terminal that stderr ends at; nullopt if it is none. A launcher such
// as mpirun stands between: then its stderr counts, when it runs on this machine.
[[nodiscard]] std::optional<int> stderr_terminal();
[[nodiscard]] std::optional<std::string> environment(const std::string& name);
void set_environment(const std::string& name, const std::string& value);  // unless it is set

// The files that match a pattern, sorted; empty if none. A name without wildcards matches itself
// when it exists.
[[nodiscard]] std::vector<std::string> expand_pattern(const std::string& pattern);
[[nodiscard]] bool exists(const std::string& path);
// The path with symbolic links resolved; as it is if that fails.
[[nodiscard]] std::string real_path(const std::string& path);
void remove_tree(const std::string& path);  // Error{io}

[[nodiscard]] long own_pid();
[[nodiscard]] std::string own_program();  // the path of this program
// Process numbers mean the same in processes of equal pid_space.
[[nodiscard]] std::string pid_space();
// Whether the process exists and has not ended (a zombie has).
[[nodiscard]] bool process_lives(long pid);

// From now on SIGTERM, SIGINT, SIGUSR1 and SIGUSR2 are noted instead of ending the process. The
// second SIGINT ends it.
void note_stop_signals();
[[nodiscard]] std::optional<std::string> stop_signal();  // "SIGTERM": the first
[[nodiscard]] int terms_noted();                         // how often SIGTERM came

// Most memory that this process has held, in bytes.
[[nodiscard]] double peak_memory();

}  // namespace twostep
