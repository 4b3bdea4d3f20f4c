#include "adapters/posix/clock.hpp"

#include <ctime>

namespace twostep {
namespace {

Duration read_clock(clockid_t id) {
  timespec t{};
  ::clock_gettime(id, &t);
  return std::chrono::seconds(t.tv_sec) + std::chrono::nanoseconds(t.tv_nsec);
}

}  // namespace

Time PosixClock::now() {
  return read_clock(CLOCK_MONOTONIC);
}

WallTime PosixClock::wall() {
  return read_clock(CLOCK_REALTIME);
}

void wait_for(Duration duration) {
  const auto whole = std::chrono::duration_cast<std::chrono::seconds>(duration);
  const timespec t{whole.count(), (duration - whole).count()};
  ::nanosleep(&t, nullptr);
}

}  // namespace twostep
