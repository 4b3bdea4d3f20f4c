// Losses of a regression, as functions of r = prediction - truth in normalised units, averaged over
// rows and targets.
//   mse       r^2
//   mae       |r|
//   huber     r^2 / 2 up to |r| = delta, then delta (|r| - delta / 2)   (Huber 1964)
//   log_cosh  log(cosh(r))
//   quantile  r > 0 ? (1 - q) r : -q r   (Koenker and Bassett 1978, the pinball loss)
#pragma once

#include <cstddef>

#include "twostep/study/hyperparameters.hpp"

namespace twostep {

struct LossFunction {
  Loss kind = Loss::mse;
  double huber_delta = 1;
  double quantile = 0.5;
  [[nodiscard]] double value(double r) const;
  [[nodiscard]] double slope(double r) const;  // 0 at a kink
};

// y <- scale dLoss/dy for n predictions y with truths t; returns the sum of the losses.
double replace_by_slope(const LossFunction& loss, float* y, const float* t, std::size_t n,
                        double scale);

}  // namespace twostep
