// What goes wrong in one job of a simulated cluster, drawn at its start.
#pragma once

#include <functional>

#include "twostep/base/time.hpp"
#include "twostep/sim/world.hpp"

namespace twostep {

inline constexpr Duration never = Duration::max();

struct Faults {
  Time kill_at = never;
  std::uint64_t power_loss_at_sync = 0;
  bool power_loss_after = false;
  Time stop_at = never;   // SIGTERM
  Time limit_at = never;  // the job's time limit, which it knows
  std::int64_t disk_room = -1;
  double straggler_share = 0;
  double death_share = 0;  // of workers that die in this job (recovery mode)
  double hang_share = 0;
  double killer_share = 0;
  double slow_share = 0;  // of rank 0's syncs, which take seconds then
  bool recovery = false;  // the loss of a worker does not end the job
  bool stale_writer = false;
  bool suspended = false;  // where it would be killed, it sleeps, and wakes when another runs
};

// About how long a job takes.
[[nodiscard]] double job_seconds(const WorldOptions& options);

// `draw` gives the next number in [0, 1).
[[nodiscard]] Faults draw_faults(const WorldOptions& options, Time now,
                                 const std::function<double()>& draw);

// From when on a worker can begin no trial in this job: a few workers of some jobs, all of some
// others; else never. From a stream of its own, so that a seed keeps its other faults.
[[nodiscard]] Time draw_unavailable(const WorldOptions& options, std::uint64_t job,
                                    std::uint32_t rank, Time now);

}  // namespace twostep
