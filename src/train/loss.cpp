#include "twostep/train/loss.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

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

// The probabilities minus the one-hot class, in place of the logits of each row.
double replace_logits(float* y, const float* labels, const LossBatch& batch, double scale) {
  double total = 0;
  for (std::size_t row = 0; row < batch.rows; ++row, y += batch.outputs) {
    const auto label = static_cast<std::size_t>(labels[row]);
    const double weight = batch.row_weights == nullptr ? 1 : batch.row_weights[row];
    double largest = 0;
    const double sum = softmax_sum(y, batch.outputs, largest);
    total += weight * (largest + std::log(sum) - static_cast<double>(y[label]));
    for (std::size_t k = 0; k < batch.outputs; ++k) {
      const double p = std::exp(static_cast<double>(y[k]) - largest) / sum;
      y[k] = static_cast<float>(scale * weight * (p - (k == label ? 1 : 0)));
    }
  }
  return total;
}

}  // namespace

double replace_by_slope(const LossFunction& loss, float* y, const float* t, const LossBatch& batch,
                        double scale) {
  if (loss.kind == Loss::categorical_cross_entropy) {
    return replace_logits(y, t, batch, scale);
  }
  if (batch.row_weights == nullptr && batch.output_weights == nullptr) {
    return replace_by_slope(loss, y, t, batch.rows * batch.outputs, scale);
  }
  double sum = 0;
  for (std::size_t row = 0; row < batch.rows; ++row, y += batch.outputs, t += batch.outputs) {
    const double weight = batch.row_weights == nullptr ? 1 : batch.row_weights[row];
    if (batch.output_weights == nullptr) {
      sum += weight * replace_by_slope(loss, y, t, batch.outputs, scale * weight);
      continue;
    }
    for (std::size_t j = 0; j < batch.outputs; ++j) {
      const double both = weight * batch.output_weights[j];
      sum += both * loss.value(static_cast<double>(y[j]), static_cast<double>(t[j]));
      y[j] = static_cast<float>(scale * both *
                                loss.slope(static_cast<double>(y[j]), static_cast<double>(t[j])));
    }
  }
  return sum;
}

double replace_by_slope(const LossFunction& loss, float* y, const float* t, std::size_t n,
                        double scale) {
  if (loss.kind == Loss::mse) {
    return difference(y, t, n, static_cast<float>(2 * scale));
  }
  double sum = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const auto prediction = static_cast<double>(y[i]);
    const auto truth = static_cast<double>(t[i]);
    sum += loss.value(prediction, truth);
    y[i] = static_cast<float>(scale * loss.slope(prediction, truth));
  }
  return sum;
}

}  // namespace twostep
