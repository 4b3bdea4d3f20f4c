#include "adapters/onednn/norm_loops.hpp"

#include <cmath>

#include "twostep/base/vectorise.hpp"
#include "twostep/ports/layer_rules.hpp"

namespace twostep::onednn {
namespace {

constexpr std::size_t lanes = 16;

// Inlined into functions that exist once per instruction set.
#define TWOSTEP_INLINE [[gnu::always_inline]] inline

// sum_j value(j), over lanes.
template <class Value>
TWOSTEP_INLINE float sum_over(std::size_t n, Value value) {
  float partial[lanes] = {};
  std::size_t j = 0;
  for (; j + lanes <= n; j += lanes) {
    for (std::size_t k = 0; k < lanes; ++k) {
      partial[k] += value(j + k);
    }
  }
  for (; j < n; ++j) {
    partial[0] += value(j);
  }
  float sum = 0.0F;
  for (const float p : partial) {
    sum += p;
  }
  return sum;
}

// Column sums of first(i) and second(i), by fours of rows.
template <class First, class Second>
TWOSTEP_INLINE void sum_both(double* __restrict sums, std::size_t rows, std::size_t columns,
                             First first, Second second) {
  double* __restrict others = sums + columns;
  for (std::size_t j = 0; j < 2 * columns; ++j) {
    sums[j] = 0;
  }
  std::size_t i = 0;
  for (; i + 4 <= rows; i += 4) {
    const std::size_t r = i * columns;
#pragma GCC ivdep
    for (std::size_t j = 0; j < columns; ++j) {
      const std::size_t a = r + j;
      const std::size_t b = a + columns;
      const std::size_t c = b + columns;
      const std::size_t d = c + columns;
      sums[j] += (first(a) + first(b)) + (first(c) + first(d));
      others[j] += (second(a) + second(b)) + (second(c) + second(d));
    }
  }
  for (; i < rows; ++i) {
    const std::size_t r = i * columns;
#pragma GCC ivdep
    for (std::size_t j = 0; j < columns; ++j) {
      sums[j] += first(r + j);
      others[j] += second(r + j);
    }
  }
}

}  // namespace

TWOSTEP_VECTORISED
void sum_moments(const float* z, double* sums, std::size_t rows, std::size_t columns) {
  sum_both(
      sums, rows, columns, [z](std::size_t i) { return static_cast<double>(z[i]); },
      [z](std::size_t i) { return static_cast<double>(z[i]) * static_cast<double>(z[i]); });
}

TWOSTEP_VECTORISED
void sum_slopes(const float* d, const float* n, double* sums, std::size_t rows,
                std::size_t columns) {
  sum_both(
      sums, rows, columns, [d](std::size_t i) { return static_cast<double>(d[i]); },
      [d, n](std::size_t i) { return static_cast<double>(d[i]) * static_cast<double>(n[i]); });
}

TWOSTEP_VECTORISED
void normalise_columns(float* z, float* y, const float* mean, const float* inverse,
                       const float* gain, const float* shift, std::size_t rows,
                       std::size_t columns) {
  for (std::size_t i = 0; i < rows; ++i, z += columns, y += columns) {
#pragma GCC ivdep
    for (std::size_t j = 0; j < columns; ++j) {
      const float n = (z[j] - mean[j]) * inverse[j];
      z[j] = n;
      y[j] = n * gain[j] + shift[j];
    }
  }
}

TWOSTEP_VECTORISED
void columns_slope(const float* d, const float* n, float* dz, const float* factor,
                   const float* mean, const float* along, std::size_t rows, std::size_t columns) {
  for (std::size_t i = 0; i < rows; ++i, d += columns, n += columns, dz += columns) {
#pragma GCC ivdep
    for (std::size_t j = 0; j < columns; ++j) {
      dz[j] = factor[j] * (d[j] - mean[j] - n[j] * along[j]);
    }
  }
}

TWOSTEP_VECTORISED
void normalise_rows(float* z, float* y, float* inverse, const float* gain, const float* shift,
                    std::size_t rows, std::size_t columns) {
  const float part = 1.0F / static_cast<float>(columns);
  for (std::size_t i = 0; i < rows; ++i, z += columns, y += columns) {
    const float mean = part * sum_over(columns, [z](std::size_t j) { return z[j]; });
    const float variance = part * sum_over(columns, [z, mean](std::size_t j) {
                             return (z[j] - mean) * (z[j] - mean);
                           });
    inverse[i] = 1.0F / std::sqrt(variance + static_cast<float>(norm_epsilon));
#pragma GCC ivdep
    for (std::size_t j = 0; j < columns; ++j) {
      const float n = (z[j] - mean) * inverse[i];
      z[j] = n;
      y[j] = n * gain[j] + shift[j];
    }
  }
}

TWOSTEP_VECTORISED
void rows_slope(const float* d, const float* n, float* dz, const float* inverse, const float* gain,
                std::size_t rows, std::size_t columns) {
  const float part = 1.0F / static_cast<float>(columns);
  for (std::size_t i = 0; i < rows; ++i, d += columns, n += columns, dz += columns) {
    const float mean =
        part * sum_over(columns, [d, gain](std::size_t j) { return d[j] * gain[j]; });
    const float along =
        part * sum_over(columns, [d, gain, n](std::size_t j) { return d[j] * gain[j] * n[j]; });
#pragma GCC ivdep
    for (std::size_t j = 0; j < columns; ++j) {
      dz[j] = inverse[i] * (d[j] * gain[j] - mean - n[j] * along);
    }
  }
}

}  // namespace twostep::onednn
