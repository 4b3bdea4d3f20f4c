// The loops of the backward pass that are not oneDNN's: one pass over a layer's gradient that
// applies the activation's slope and sums the bias gradient.
#pragma once

#include <cstddef>

#include "twostep/study/hyperparameters.hpp"

namespace twostep::onednn {

// delta[i, j] = dy[i, j] act'(z[i, j]), where act'(z) follows from y = act(z) for the fused
// activations; sums[j] = sum_i delta[i, j]. dy and delta may be the same; with identity delta is
// not written, and dy is what it would be. y may have `y_pad` numbers between its rows. The order
// of the sums depends on the shape alone.
void apply_slope(Activation activation, const float* y, const float* dy, float* delta, float* sums,
                 std::size_t rows, std::size_t columns, std::size_t y_pad = 0);

// sums[j] = sum_i matrix[i, j].
void sum_columns(const float* matrix, float* sums, std::size_t rows, std::size_t columns);

}  // namespace twostep::onednn
