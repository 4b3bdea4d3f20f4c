// The loops of normalised layers, on row-major matrices [rows, columns]. The order of all sums
// depends on the shape alone.
#pragma once

#include <cstddef>

namespace twostep::onednn {

// sums [2, columns]: of z, and of z^2.
void sum_moments(const float* z, double* sums, std::size_t rows, std::size_t columns);
// sums [2, columns]: of d, and of d n.
void sum_slopes(const float* d, const float* n, double* sums, std::size_t rows,
                std::size_t columns);

// Batch norm: z becomes n = (z - mean) inverse, and y = gain n + shift, per column.
void normalise_columns(float* z, float* y, const float* mean, const float* inverse,
                       const float* gain, const float* shift, std::size_t rows,
                       std::size_t columns);
// dz = factor (d - mean - n along), per column; dz may be d.
void columns_slope(const float* d, const float* n, float* dz, const float* factor,
                   const float* mean, const float* along, std::size_t rows, std::size_t columns);

// Layer norm: z becomes n, and y = gain n + shift; inverse [rows] is kept for the slope.
void normalise_rows(float* z, float* y, float* inverse, const float* gain, const float* shift,
                    std::size_t rows, std::size_t columns);
// From d = dLoss/dy; dz may be d.
void rows_slope(const float* d, const float* n, float* dz, const float* inverse, const float* gain,
                std::size_t rows, std::size_t columns);

}  // namespace twostep::onednn
