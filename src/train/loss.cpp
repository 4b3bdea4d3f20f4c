#include "twostep/train/loss.hpp"

#include <cmath>
#include <numbers>

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
  }
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
  }
  return 0;
}

double replace_by_slope(const LossFunction& loss, float* y, const float* t, std::size_t n,
                        double scale) {
  if (loss.kind == Loss::mse) {
    return difference(y, t, n, static_cast<float>(2 * scale));
  }
  double sum = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const double r = static_cast<double>(y[i]) - static_cast<double>(t[i]);
    sum += loss.value(r);
    y[i] = static_cast<float>(scale * loss.slope(r));
  }
  return sum;
}

}  // namespace twostep
