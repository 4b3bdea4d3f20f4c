// How long an idle rank sleeps before it looks again: shortly at first, so that short trials are
// not held up, then up to 20 ms, so that waiting costs no processor time.
#pragma once

#include <algorithm>

#include "adapters/posix/clock.hpp"

namespace twostep {

class Backoff {
 public:
  void after(bool busy) {
    if (busy) {
      pause_ = first;
      return;
    }
    wait_for(pause_);
    pause_ = std::min(2 * pause_, longest);
  }

 private:
  static constexpr Duration first = std::chrono::microseconds(50);
  static constexpr Duration longest = std::chrono::milliseconds(20);
  Duration pause_ = first;
};

}  // namespace twostep
