// The elementwise loops of layers with dropout, skips, softmax or noise.
#pragma once

#include <cstddef>
#include <cstdint>

namespace twostep::onednn {

// mask = word < threshold ? 0 : kept
void make_mask(const std::uint32_t* words, std::uint32_t threshold, float kept, float* mask,
               std::size_t n);
void multiply(const float* a, const float* b, float* out, std::size_t n);  // out = a b
void multiply_add(const float* a, const float* b, const float* c, float* out,
                  std::size_t n);                                     // out = a b + c
void add(const float* a, const float* b, float* out, std::size_t n);  // out = a + b
void add_scaled(const float* a, float factor, const float* b, float* out,
                std::size_t n);  // out = a + factor b
void scale(float factor, float* values, std::size_t n);

// Over the columns of each row.
void softmax(const float* z, float* y, std::size_t rows, std::size_t columns);
// dz = y (dy - sum(dy y)); dz may be dy.
void softmax_slope(const float* y, const float* dy, float* dz, std::size_t rows,
                   std::size_t columns);

}  // namespace twostep::onednn
