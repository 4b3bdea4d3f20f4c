// Port: where time comes from.
#pragma once

#include "twostep/base/time.hpp"

namespace twostep {

class Clock {
 public:
  virtual ~Clock() = default;
  [[nodiscard]] virtual Time now() = 0;       // monotonic
  [[nodiscard]] virtual WallTime wall() = 0;  // for stamps that people read, never for decisions
};

}  // namespace twostep
