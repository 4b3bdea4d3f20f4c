// Time as the control plane sees it: a count of nanoseconds since an arbitrary start, handed in by
// the Clock port. Nothing outside adapters reads a clock.
#pragma once

#include <chrono>

namespace twostep {

using Duration = std::chrono::nanoseconds;
using Time = std::chrono::nanoseconds;      // monotonic, since an arbitrary start
using WallTime = std::chrono::nanoseconds;  // since the Unix epoch, for stamps only

[[nodiscard]] constexpr double seconds(Duration d) {
  return static_cast<double>(d.count()) * 1e-9;
}
[[nodiscard]] constexpr Duration from_seconds(double s) {
  return Duration(static_cast<Duration::rep>(s * 1e9));
}

}  // namespace twostep
