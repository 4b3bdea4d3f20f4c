#include "adapters/onednn/block_loops.hpp"

#include <algorithm>
#include <cmath>

#include "twostep/base/vectorise.hpp"

namespace twostep::onednn {

TWOSTEP_VECTORISED
void make_mask(const std::uint32_t* words, std::uint32_t threshold, float kept, float* mask,
               std::size_t n) {
#pragma GCC ivdep
  for (std::size_t i = 0; i < n; ++i) {
    mask[i] = words[i] < threshold ? 0.0F : kept;
  }
}

TWOSTEP_VECTORISED
void multiply(const float* a, const float* b, float* out, std::size_t n) {
#pragma GCC ivdep
  for (std::size_t i = 0; i < n; ++i) {
    out[i] = a[i] * b[i];
  }
}

TWOSTEP_VECTORISED
void multiply_add(const float* a, const float* b, const float* c, float* out, std::size_t n) {
#pragma GCC ivdep
  for (std::size_t i = 0; i < n; ++i) {
    out[i] = a[i] * b[i] + c[i];
  }
}

TWOSTEP_VECTORISED
void add(const float* a, const float* b, float* out, std::size_t n) {
#pragma GCC ivdep
  for (std::size_t i = 0; i < n; ++i) {
    out[i] = a[i] + b[i];
  }
}

TWOSTEP_VECTORISED
void add_scaled(const float* a, float factor, const float* b, float* out, std::size_t n) {
#pragma GCC ivdep
  for (std::size_t i = 0; i < n; ++i) {
    out[i] = a[i] + factor * b[i];
  }
}

TWOSTEP_VECTORISED
void scale(float factor, float* values, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) {
    values[i] *= factor;
  }
}

void softmax(const float* z, float* y, std::size_t rows, std::size_t columns) {
  for (std::size_t i = 0; i < rows; ++i, z += columns, y += columns) {
    const float top = *std::max_element(z, z + columns);
    float sum = 0.0F;
    for (std::size_t j = 0; j < columns; ++j) {
      y[j] = std::exp(z[j] - top);
      sum += y[j];
    }
    for (std::size_t j = 0; j < columns; ++j) {
      y[j] /= sum;
    }
  }
}

void softmax_slope(const float* y, const float* dy, float* dz, std::size_t rows,
                   std::size_t columns) {
  for (std::size_t i = 0; i < rows; ++i, y += columns, dy += columns, dz += columns) {
    float along = 0.0F;
    for (std::size_t j = 0; j < columns; ++j) {
      along += dy[j] * y[j];
    }
    for (std::size_t j = 0; j < columns; ++j) {
      dz[j] = y[j] * (dy[j] - along);
    }
  }
}

}  // namespace twostep::onednn
