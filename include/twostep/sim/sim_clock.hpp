// Virtual time: what everybody in a simulated world sees as now. An actor that is in the middle of
// a slice is ahead of the world by what the slice has cost so far.
#pragma once

#include "twostep/ports/clock.hpp"

namespace twostep {

class SimClock : public Clock {
 public:
  [[nodiscard]] Time now() override { return world_ + ahead_; }
  [[nodiscard]] WallTime wall() override { return world_ + ahead_; }

  void set(Time world) {
    world_ = world;
    ahead_ = Duration{0};
  }
  void spend(Duration cost) { ahead_ += cost; }
  [[nodiscard]] Duration spent() const { return ahead_; }

 private:
  Time world_{};
  Duration ahead_{};
};

}  // namespace twostep
