// How long a training will take: a little arithmetic on the size of the network and the number of
// rows, scaled by what earlier trainings took. It is fitted by medians, so that a few stragglers,
// hung nodes or early stops do not move it, and it knows nothing of clocks: the seconds are those
// of journalled results.
#pragma once

#include <cstdint>
#include <vector>

#include "twostep/study/budget.hpp"
#include "twostep/study/hyperparameters.hpp"

namespace twostep {

struct Work {
  double flops = 0;
  double steps = 0;  // optimiser steps
};

// Of a training that goes through its whole budget, or through `epochs` epochs' worth of steps.
[[nodiscard]] Work training_work(double parameters, std::uint32_t batch_size, double train_rows,
                                 double validation_rows, const Budget& budget);

class CostModel {
 public:
  struct Sample {
    Work work;
    double seconds = 0;
  };

  // Before any sample: a core of 20 GFLOP/s, 20 us a step.
  CostModel() = default;
  // From finished trainings; those of no time or no work are ignored.
  explicit CostModel(const std::vector<Sample>& samples);

  [[nodiscard]] double typical_seconds(const Work& work) const;
  // Nine of ten of the samples took no longer than this in proportion to their work.
  [[nodiscard]] double cautious_seconds(const Work& work) const;
  [[nodiscard]] bool calibrated() const { return calibrated_; }

 private:
  double step_flops_ = 400e3;    // what a step costs beside its arithmetic
  double typical_ = 1.0 / 20e9;  // seconds per FLOP
  double cautious_ = 2 * typical_;
  bool calibrated_ = false;

  [[nodiscard]] double nominal(const Work& work) const {
    return work.flops + step_flops_ * work.steps;
  }
};

}  // namespace twostep
