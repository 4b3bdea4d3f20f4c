#include "train/loss_loops.hpp"

#include <algorithm>
#include <numbers>

#include "train/vector_math.hpp"
#include "twostep/base/check.hpp"
#include "twostep/base/vectorise.hpp"

namespace twostep {
namespace {

// Inlined into functions that exist once per instruction set.
#define TWOSTEP_INLINE [[gnu::always_inline]] inline

template <bool with_slopes, class Value, class Slope>
TWOSTEP_INLINE void each(const double* y, const double* t, std::size_t n, double* values,
                         double* slopes, Value value, Slope slope) {
#pragma GCC ivdep
  for (std::size_t i = 0; i < n; ++i) {
    const double a = y[i];
    const double b = t[i];
    values[i] = value(a, b);
    if constexpr (with_slopes) {
      slopes[i] = slope(a, b);
    }
  }
}

template <bool with_slopes>
TWOSTEP_INLINE void apply(const LossFunction& loss, const double* y, const double* t, std::size_t n,
                          double* values, double* slopes) {
  const double delta = loss.huber_delta;
  const double q = loss.quantile;
  const auto run = [&](auto value, auto slope) __attribute__((always_inline)) {
    each<with_slopes>(y, t, n, values, slopes, value, slope);
  };
  switch (loss.kind) {
    case Loss::mse:
      run([](double a, double b) { return (a - b) * (a - b); },
          [](double a, double b) { return 2 * (a - b); });
      break;
    case Loss::mae:  // here and below a slope of NaN is NaN
      run([](double a, double b) { return std::abs(a - b); },
          [](double a, double b) {
            const double d = a - b;
            return d > 0 ? 1.0 : d < 0 ? -1.0 : d;
          });
      break;
    case Loss::huber:
      run(
          [delta](double a, double b) {
            const double d = std::abs(a - b);
            return d <= delta ? 0.5 * d * d : delta * (d - 0.5 * delta);
          },
          [delta](double a, double b) {
            const double d = a - b;
            return d > delta ? delta : d < -delta ? -delta : d;
          });
      break;
    case Loss::log_cosh:
      run(
          [](double a, double b) {
            const double d = std::abs(a - b);
            return d + log_of_one_plus(exp_of_negative(-2.0 * d)) - std::numbers::ln2;
          },
          [](double a, double b) { return tanh_of(a - b); });
      break;
    case Loss::quantile:
      run([q](double a, double b) { return a > b ? (1 - q) * (a - b) : -q * (a - b); },
          [q](double a, double b) {
            const double d = a - b;
            return d > 0 ? 1 - q : d < 0 ? -q : d;
          });
      break;
    case Loss::binary_cross_entropy:
      run(
          [](double z, double b) {
            return (z < 0 ? 0 : z) - z * b + log_of_one_plus(exp_of_negative(-std::abs(z)));
          },
          [](double z, double b) { return sigmoid_of(z) - b; });
      break;
    case Loss::categorical_cross_entropy:
      TWOSTEP_CHECK(false);  // no function of one output
      break;
  }
}

TWOSTEP_VECTORISED
void exp_in_place(double* x, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) {
    x[i] = exp_of_negative(x[i]);
  }
}

}  // namespace

TWOSTEP_VECTORISED
void loss_values(const LossFunction& loss, const double* y, const double* t, std::size_t n,
                 double* values) {
  apply<false>(loss, y, t, n, values, nullptr);
}

TWOSTEP_VECTORISED
void loss_terms(const LossFunction& loss, const double* y, const double* t, std::size_t n,
                double* values, double* slopes) {
  apply<true>(loss, y, t, n, values, slopes);
}

TWOSTEP_VECTORISED
void scaled_differences(const float* __restrict y, const float* __restrict t, const double* factors,
                        std::size_t columns, std::size_t n, double* __restrict out) {
  for (std::size_t i = 0; i < n; ++i) {
    out[i] = static_cast<double>(y[i]) - static_cast<double>(t[i]);
  }
  if (columns == 1) {
    const double factor = factors[0];
    for (std::size_t i = 0; i < n; ++i) {
      out[i] *= factor;
    }
    return;
  }
  for (std::size_t i = 0; i < n; i += columns) {
    for (std::size_t j = 0; j < columns; ++j) {
      out[i + j] *= factors[j];
    }
  }
}

void class_terms(const float* z, const float* labels, std::size_t rows, std::size_t classes,
                 double* values, double* probabilities) {
  TWOSTEP_REQUIRE(rows * classes <= loss_chunk);
  double largest[loss_chunk];
  for (std::size_t row = 0; row < rows; ++row) {
    const float* at = z + row * classes;
    largest[row] = static_cast<double>(at[0]);
    for (std::size_t k = 1; k < classes; ++k) {
      largest[row] = std::max(largest[row], static_cast<double>(at[k]));
    }
    for (std::size_t k = 0; k < classes; ++k) {
      probabilities[row * classes + k] = static_cast<double>(at[k]) - largest[row];
    }
  }
  exp_in_place(probabilities, rows * classes);
  for (std::size_t row = 0; row < rows; ++row) {
    double* p = probabilities + row * classes;
    double sum = 0;
    for (std::size_t k = 0; k < classes; ++k) {
      sum += p[k];
    }
    const double inverse = 1 / sum;
    for (std::size_t k = 0; k < classes; ++k) {
      p[k] *= inverse;
    }
    const auto label = static_cast<std::size_t>(labels[row]);
    values[row] = largest[row] + std::log(sum) - static_cast<double>(z[row * classes + label]);
  }
}

TWOSTEP_VECTORISED
double sum_of(const double* __restrict values, const double* __restrict weights, std::size_t n) {
  constexpr std::size_t lanes = 16;
  double sums[lanes] = {};
  std::size_t i = 0;
  if (weights == nullptr) {
    for (; i + lanes <= n; i += lanes) {
      for (std::size_t k = 0; k < lanes; ++k) {
        sums[k] += values[i + k];
      }
    }
  } else {
    for (; i + lanes <= n; i += lanes) {
      for (std::size_t k = 0; k < lanes; ++k) {
        sums[k] += values[i + k] * weights[i + k];
      }
    }
  }
  for (; i < n; ++i) {
    sums[0] += values[i] * (weights == nullptr ? 1 : weights[i]);
  }
  double sum = 0;
  for (const double s : sums) {
    sum += s;
  }
  return sum;
}

}  // namespace twostep
