#include "adapters/onednn/slopes.hpp"

#include "twostep/base/vectorise.hpp"
#include "twostep/ports/engine.hpp"

namespace twostep::onednn {
namespace {

constexpr std::size_t slope_lanes = 16;

// Inlined into functions that exist once per instruction set.
#define TWOSTEP_INLINE [[gnu::always_inline]] inline

// Rows by fours, so that the sums are loaded and stored a quarter as often.
template <class Slope>
TWOSTEP_INLINE void wide(const float* y, const float* dy, float* delta, float* __restrict sums,
                         std::size_t rows, std::size_t columns, std::size_t y_pad, Slope slope) {
  const std::size_t y_row = columns + y_pad;
  for (std::size_t j = 0; j < columns; ++j) {
    sums[j] = 0.0F;
  }
  std::size_t i = 0;
  for (; i + 4 <= rows; i += 4) {
    const std::size_t r = i * columns;
    const float* v = y + i * y_row;
#pragma GCC ivdep
    for (std::size_t j = 0; j < columns; ++j) {
      const std::size_t a = r + j;
      const std::size_t b = a + columns;
      const std::size_t c = b + columns;
      const std::size_t d = c + columns;
      const float da = slope(v[j], dy[a]);
      const float db = slope(v[y_row + j], dy[b]);
      const float dc = slope(v[2 * y_row + j], dy[c]);
      const float dd = slope(v[3 * y_row + j], dy[d]);
      delta[a] = da;
      delta[b] = db;
      delta[c] = dc;
      delta[d] = dd;
      sums[j] += (da + db) + (dc + dd);
    }
  }
  for (; i < rows; ++i) {
    const std::size_t r = i * columns;
#pragma GCC ivdep
    for (std::size_t j = 0; j < columns; ++j) {
      const float d = slope(y[i * y_row + j], dy[r + j]);
      delta[r + j] = d;
      sums[j] += d;
    }
  }
}

// A single column: partial sums over lanes.
template <class Slope>
TWOSTEP_INLINE void narrow(const float* y, const float* dy, float* delta, float* __restrict sums,
                           std::size_t rows, Slope slope) {
  float partial[slope_lanes] = {};
  std::size_t i = 0;
  for (; i + slope_lanes <= rows; i += slope_lanes) {
#pragma GCC ivdep
    for (std::size_t k = 0; k < slope_lanes; ++k) {
      const float d = slope(y[i + k], dy[i + k]);
      delta[i + k] = d;
      partial[k] += d;
    }
  }
  for (; i < rows; ++i) {
    const float d = slope(y[i], dy[i]);
    delta[i] = d;
    partial[0] += d;
  }
  float sum = 0.0F;
  for (const float p : partial) {
    sum += p;
  }
  sums[0] = sum;
}

template <class Slope>
TWOSTEP_INLINE void either(const float* y, const float* dy, float* delta, float* sums,
                           std::size_t rows, std::size_t columns, std::size_t y_pad, Slope slope) {
  if (columns == 1 && y_pad == 0) {
    narrow(y, dy, delta, sums, rows, slope);
  } else {
    wide(y, dy, delta, sums, rows, columns, y_pad, slope);
  }
}

}  // namespace

TWOSTEP_VECTORISED
void apply_slope(Activation activation, const float* y, const float* dy, float* delta, float* sums,
                 std::size_t rows, std::size_t columns, std::size_t y_pad) {
  const auto apply = [&](auto slope) __attribute__((always_inline)) {
    either(y, dy, delta, sums, rows, columns, y_pad, slope);
  };
  switch (activation) {
    case Activation::relu:
      apply([](float v, float d) { return v > 0.0F ? d : 0.0F; });
      break;
    case Activation::leaky_relu:
      apply([](float v, float d) { return v > 0.0F ? d : static_cast<float>(leaky_slope) * d; });
      break;
    case Activation::elu:
      apply([](float v, float d) { return d * (v > 0.0F ? 1.0F : v + 1.0F); });
      break;
    case Activation::selu:
      apply([](float v, float d) {
        constexpr auto lambda = static_cast<float>(selu_lambda);
        constexpr auto limit = static_cast<float>(selu_lambda * selu_alpha);
        return d * (v > 0.0F ? lambda : v + limit);
      });
      break;
    case Activation::tanh:
      apply([](float v, float d) { return d * (1.0F - v * v); });
      break;
    case Activation::sigmoid:
      apply([](float v, float d) { return d * (v * (1.0F - v)); });
      break;
    default:
      sum_columns(dy, sums, rows, columns);
      break;
  }
}

TWOSTEP_VECTORISED
void sum_columns(const float* matrix, float* sums, std::size_t rows, std::size_t columns) {
  for (std::size_t j = 0; j < columns; ++j) {
    sums[j] = 0.0F;
  }
  std::size_t i = 0;
  for (; i + 4 <= rows; i += 4) {
    const float* a = matrix + i * columns;
#pragma GCC ivdep
    for (std::size_t j = 0; j < columns; ++j) {
      sums[j] += (a[j] + a[columns + j]) + (a[2 * columns + j] + a[3 * columns + j]);
    }
  }
  for (; i < rows; ++i) {
#pragma GCC ivdep
    for (std::size_t j = 0; j < columns; ++j) {
      sums[j] += matrix[i * columns + j];
    }
  }
}

}  // namespace twostep::onednn
