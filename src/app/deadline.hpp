// When a run has to be over: as told on the command line, or as the batch system says in the
// environment. Slurm before 22.05 says nothing there, and LSF never: slurm/run.sbatch and `twostep
// launch` ask squeue and bjobs and pass it on.
#pragma once

#include <functional>
#include <optional>
#include <string>

#include "twostep/base/time.hpp"

namespace twostep {

struct DeadlineOptions {
  std::string deadline;  // "1764093600", "2026-11-25T18:40:00", "NONE"; empty: not given
  std::string walltime;  // from now: "2:00:00", "90s", "1-12:00:00"; empty: not given
  double margin = -1;    // seconds before it at which trainings are stopped; negative: automatic
};

using Lookup = std::function<std::optional<std::string>(const std::string& variable)>;

// Error{usage} for what cannot be read; nullopt: no limit.
[[nodiscard]] std::optional<WallTime> find_deadline(const DeadlineOptions& options, WallTime now,
                                                    const Lookup& environment);
// A twentieth of the time that is left, 10 s to 2 min, unless it is given.
[[nodiscard]] Duration safety_margin(const DeadlineOptions& options, Duration left);

// "2:00:00", "5:00" (minutes and seconds), "1-12", "1-12:30", "90s", "45m", "2h"; a number alone is
// of `unit` seconds, or unreadable if that is 0.
[[nodiscard]] std::optional<double> parse_duration(const std::string& text, double unit);
// Seconds since the epoch, or a date and time, local unless it ends in Z.
[[nodiscard]] std::optional<WallTime> parse_moment(const std::string& text);
// Seconds that are left of a run limit, as LSF's `bjobs -o time_left` says it, hours:minutes and
// what it is of: "1:30 L". nullopt: no limit, or an estimate (E, X), which ends no job.
[[nodiscard]] std::optional<double> parse_time_left(const std::string& text);
[[nodiscard]] std::string moment_text(WallTime moment);  // local, as parse_moment reads it

}  // namespace twostep
