// Losses, averaged over rows and targets, weighted or not. Those of a regression are functions of
// r = prediction - truth in normalised units:
//   mse       r^2
//   mae       |r|
//   huber     r^2 / 2 up to |r| = delta, then delta (|r| - delta / 2)   (Huber 1964)
//   log_cosh  log(cosh(r))
//   quantile  r > 0 ? (1 - q) r : -q r   (Koenker and Bassett 1978, the pinball loss)
// Cross-entropies take the network's outputs z as logits, so that they neither overflow nor lose
// the digits of a probability near 0 or 1:
//   binary_cross_entropy       -t log s(z) - (1 - t) log(1 - s(z)), s the sigmoid; one for each
//                              output, t between 0 and 1
//   categorical_cross_entropy  -log softmax(z)[class]; one for each row
#pragma once

#include <cstddef>

#include "twostep/study/hyperparameters.hpp"

namespace twostep {

struct LossFunction {
  Loss kind = Loss::mse;
  double huber_delta = 1;
  double quantile = 0.5;
  // Of a difference: not for cross-entropies.
  [[nodiscard]] double value(double r) const;
  [[nodiscard]] double slope(double r) const;  // 0 at a kink
  // Of a prediction (or logit) and a truth, and its derivative by the former: not for classes.
  [[nodiscard]] double value(double y, double t) const;
  [[nodiscard]] double slope(double y, double t) const;
};

[[nodiscard]] double sigmoid(double z);
// The sum of exp(z - largest) over the classes; softmax(z)[k] = exp(z[k] - largest) / sum.
[[nodiscard]] double softmax_sum(const float* z, std::size_t classes, double& largest);
[[nodiscard]] double class_loss(const float* z, std::size_t classes, std::size_t label);

// Predictions [rows, outputs] with truths [rows, outputs], or [rows] class numbers.
struct LossBatch {
  std::size_t rows = 0;
  std::size_t outputs = 0;
  const float* row_weights = nullptr;      // [rows]; null: all 1
  const double* output_weights = nullptr;  // [outputs]; null: all 1; not for classes
};

// y <- scale dLoss/dy, each term times its weights; returns the sum of the weighted losses.
double replace_by_slope(const LossFunction& loss, float* y, const float* t, const LossBatch& batch,
                        double scale);
// The same without weights, for n predictions y with truths t; not for classes.
double replace_by_slope(const LossFunction& loss, float* y, const float* t, std::size_t n,
                        double scale);

}  // namespace twostep
