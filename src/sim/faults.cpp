#include "sim/faults.hpp"

#include <algorithm>

namespace twostep {

double job_seconds(const WorldOptions& options) {
  return 20 + options.mean_trial_seconds * options.trials / std::max(1U, options.workers);
}

Faults draw_faults(const WorldOptions& options, Time now, const std::function<double()>& draw) {
  const auto within = [&](double low, double high) { return low + (high - low) * draw(); };
  const double job = job_seconds(options);
  Faults f;
  f.recovery = draw() < 0.5;
  const double kind = draw();
  if (kind < 0.4) {
    if (draw() < 0.5) {
      f.kill_at = now + from_seconds(within(0, 1.1 * job));
    } else {
      f.power_loss_at_sync = 1 + static_cast<std::uint64_t>(draw() * 2 * options.trials);
      f.power_loss_after = draw() < 0.5;
    }
  } else if (kind < 0.6) {
    f.stop_at = now + from_seconds(within(0, job));
  } else if (kind < 0.75) {
    f.limit_at = now + from_seconds(within(60, 60 + job));
  } else if (kind < 0.87) {
    f.disk_room = static_cast<std::int64_t>(within(100, 200.0 * options.trials));
  }
  f.straggler_share = draw() < 0.5 ? 0.05 : 0;
  f.death_share = f.recovery && draw() < 0.7 ? 0.1 * draw() : 0;
  f.hang_share = draw() < 0.5 ? 0.05 * draw() : 0;
  f.killer_share = draw() < 0.5 ? 0.001 : 0;
  f.slow_share = draw() < 0.3 ? 0.02 : 0;
  f.stale_writer = draw() < 0.5;
  f.suspended = draw() < 0.5;
  return f;
}

Time draw_unavailable(const WorldOptions& options, std::uint64_t job, std::uint32_t rank,
                      Time now) {
  constexpr std::uint64_t of_times = 1'000'000;  // indices beyond the ranks
  const Rng rng(options.seed, Purpose::simulation, 3);
  const double kind = rng.uniform(job, 0);
  const double share = kind < 0.1 ? 1 : kind < 0.4 ? 0.1 : 0;
  if (rng.uniform(job, rank) >= share) {
    return Time{never};
  }
  return now + from_seconds(job_seconds(options) * rng.uniform(job, of_times + rank));
}

}  // namespace twostep
