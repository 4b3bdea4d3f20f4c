#include "twostep/train/loss.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

#include "train/loss_loops.hpp"
#include "twostep/base/check.hpp"
#include "twostep/base/vectorise.hpp"

namespace twostep {
namespace {

// dy = factor (y - t) in place of y; returns the sum of squared differences.
TWOSTEP_VECTORISED
double difference(float* __restrict y, const float* __restrict t, std::size_t n, float factor) {
  constexpr std::size_t lanes = 16;
  double sums[lanes] = {};
  std::size_t i = 0;
  for (; i + lanes <= n; i += lanes) {
    for (std::size_t k = 0; k < lanes; ++k) {
      const float d = y[i + k] - t[i + k];
      sums[k] += static_cast<double>(d) * static_cast<double>(d);
      y[i + k] = factor * d;
    }
  }
  for (; i < n; ++i) {
    const float d = y[i] - t[i];
    sums[0] += static_cast<double>(d) * static_cast<double>(d);
    y[i] = factor * d;
  }
  double sum = 0;
  for (const double s : sums) {
    sum += s;
  }
  return sum;
}

}  // namespace

double LossFunction::value(double r) const {
  const double a = std::abs(r);
  switch (kind) {
    case Loss::mse:
      return r * r;
    case Loss::mae:
      return a;
    case Loss::huber:
      return a <= huber_delta ? 0.5 * r * r : huber_delta * (a - 0.5 * huber_delta);
    case Loss::log_cosh:
      return a + std::log1p(std::exp(-2 * a)) - std::numbers::ln2;
    case Loss::quantile:
      return r > 0 ? (1 - quantile) * r : -quantile * r;
    case Loss::binary_cross_entropy:
    case Loss::categorical_cross_entropy:
      break;
  }
  TWOSTEP_CHECK(false);  // no function of the difference
  return 0;
}

double LossFunction::slope(double r) const {
  const double sign = r > 0 ? 1 : r < 0 ? -1 : 0;
  switch (kind) {
    case Loss::mse:
      return 2 * r;
    case Loss::mae:
      return std::isnan(r) ? r : sign;
    case Loss::huber:
      return std::abs(r) > huber_delta ? huber_delta * sign : r;
    case Loss::log_cosh:
      return std::tanh(r);
    case Loss::quantile:
      return std::isnan(r) ? r : r > 0 ? 1 - quantile : r < 0 ? -quantile : 0;
    case Loss::binary_cross_entropy:
    case Loss::categorical_cross_entropy:
      break;
  }
  TWOSTEP_CHECK(false);
  return 0;
}

double LossFunction::value(double y, double t) const {
  if (kind != Loss::binary_cross_entropy) {
    return value(y - t);
  }
  return std::max(y, 0.0) - y * t + std::log1p(std::exp(-std::abs(y)));
}

double LossFunction::slope(double y, double t) const {
  return kind == Loss::binary_cross_entropy ? sigmoid(y) - t : slope(y - t);
}

double sigmoid(double z) {
  return z >= 0 ? 1 / (1 + std::exp(-z)) : std::exp(z) / (1 + std::exp(z));
}

double softmax_sum(const float* z, std::size_t classes, double& largest) {
  largest = z[0];
  for (std::size_t k = 1; k < classes; ++k) {
    largest = std::max(largest, static_cast<double>(z[k]));
  }
  double sum = 0;
  for (std::size_t k = 0; k < classes; ++k) {
    sum += std::exp(static_cast<double>(z[k]) - largest);
  }
  return sum;
}

double class_loss(const float* z, std::size_t classes, std::size_t label) {
  double largest = 0;
  const double sum = softmax_sum(z, classes, largest);
  return largest + std::log(sum) - static_cast<double>(z[label]);
}

namespace {

double weight_of(const LossBatch& batch, std::size_t row) {
  return batch.row_weights == nullptr ? 1 : static_cast<double>(batch.row_weights[row]);
}

// The probabilities minus the one-hot class, in place of the logits of each row.
double replace_logits(float* y, const float* labels, const LossBatch& batch, double scale) {
  const std::size_t classes = batch.outputs;
  double total = 0;
  if (classes > loss_chunk) {
    for (std::size_t row = 0; row < batch.rows; ++row, y += classes) {
      const auto label = static_cast<std::size_t>(labels[row]);
      const double weight = weight_of(batch, row);
      double largest = 0;
      const double sum = softmax_sum(y, classes, largest);
      total += weight * (largest + std::log(sum) - static_cast<double>(y[label]));
      for (std::size_t k = 0; k < classes; ++k) {
        const double p = std::exp(static_cast<double>(y[k]) - largest) / sum;
        y[k] = static_cast<float>(scale * weight * (p - (k == label ? 1 : 0)));
      }
    }
    return total;
  }
  double values[loss_chunk];
  double probabilities[loss_chunk];
  const std::size_t most = loss_chunk / classes;
  for (std::size_t begin = 0; begin < batch.rows; begin += most) {
    const std::size_t rows = std::min(most, batch.rows - begin);
    float* at = y + begin * classes;
    class_terms(at, labels + begin, rows, classes, values, probabilities);
    for (std::size_t row = 0; row < rows; ++row, at += classes) {
      const double weight = weight_of(batch, begin + row);
      total += weight * values[row];
      double* p = probabilities + row * classes;
      p[static_cast<std::size_t>(labels[begin + row])] -= 1;
      for (std::size_t k = 0; k < classes; ++k) {
        at[k] = static_cast<float>(scale * weight * p[k]);
      }
    }
  }
  return total;
}

TWOSTEP_VECTORISED
void widen(const float* __restrict from, double* __restrict to, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) {
    to[i] = static_cast<double>(from[i]);
  }
}

TWOSTEP_VECTORISED
void store_scaled(const double* __restrict slopes, const double* __restrict weights, double scale,
                  float* __restrict y, std::size_t n) {
  if (weights == nullptr) {
    for (std::size_t i = 0; i < n; ++i) {
      y[i] = static_cast<float>(scale * slopes[i]);
    }
    return;
  }
  for (std::size_t i = 0; i < n; ++i) {
    y[i] = static_cast<float>(scale * weights[i] * slopes[i]);
  }
}

// Weights of the terms [begin, begin + n), row by row.
void fill_weights(const LossBatch& batch, std::size_t begin, std::size_t n, double* weights) {
  if (batch.outputs == 1 && batch.output_weights == nullptr) {
    widen(batch.row_weights + begin, weights, n);
    return;
  }
  std::size_t row = begin / batch.outputs;
  std::size_t column = begin % batch.outputs;
  for (std::size_t i = 0; i < n; ++i) {
    weights[i] = weight_of(batch, row) *
                 (batch.output_weights == nullptr ? 1 : batch.output_weights[column]);
    if (++column == batch.outputs) {
      column = 0;
      ++row;
    }
  }
}

}  // namespace

double replace_by_slope(const LossFunction& loss, float* y, const float* t, const LossBatch& batch,
                        double scale) {
  if (loss.kind == Loss::categorical_cross_entropy) {
    return replace_logits(y, t, batch, scale);
  }
  const std::size_t all = batch.rows * batch.outputs;
  const bool weighted = batch.row_weights != nullptr || batch.output_weights != nullptr;
  if (loss.kind == Loss::mse && !weighted) {
    return difference(y, t, all, static_cast<float>(2 * scale));
  }
  double predictions[loss_chunk];
  double truths[loss_chunk];
  double values[loss_chunk];
  double room[loss_chunk];
  const double* weights = weighted ? room : nullptr;
  double sum = 0;
  for (std::size_t at = 0; at < all; at += loss_chunk) {
    const std::size_t n = std::min(loss_chunk, all - at);
    widen(y + at, predictions, n);
    widen(t + at, truths, n);
    if (weighted) {
      fill_weights(batch, at, n, room);
    }
    loss_terms(loss, predictions, truths, n, values, predictions);
    sum += sum_of(values, weights, n);
    store_scaled(predictions, weights, scale, y + at, n);
  }
  return sum;
}

double replace_by_slope(const LossFunction& loss, float* y, const float* t, std::size_t n,
                        double scale) {
  return replace_by_slope(loss, y, t, {n, 1}, scale);
}

}  // namespace twostep
