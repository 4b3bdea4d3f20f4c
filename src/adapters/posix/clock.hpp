// The clock port on the machine's clocks, and the one way to wait.
#pragma once

#include "twostep/ports/clock.hpp"

namespace twostep {

class PosixClock : public Clock {
 public:
  [[nodiscard]] Time now() override;
  [[nodiscard]] WallTime wall() override;
};

// Gives the processor away for about this long; a signal ends the wait early.
void wait_for(Duration duration);

}  // namespace twostep
