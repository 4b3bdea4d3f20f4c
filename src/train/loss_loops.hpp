// Losses of many predictions at a time, in the order given.
#pragma once

#include <cstddef>

#include "twostep/train/loss.hpp"

namespace twostep {

inline constexpr std::size_t loss_chunk = 512;  // what callers cut their rows into

// values[i] = loss.value(y[i], t[i]), and slopes[i] its derivative by y[i], which may be y; not for
// classes.
void loss_values(const LossFunction& loss, const double* y, const double* t, std::size_t n,
                 double* values);
void loss_terms(const LossFunction& loss, const double* y, const double* t, std::size_t n,
                double* values, double* slopes);

// out[i] = (y[i] - t[i]) factors[i % columns].
void scaled_differences(const float* y, const float* t, const double* factors, std::size_t columns,
                        std::size_t n, double* out);

// Of each row of logits z [rows, classes] of which rows classes <= loss_chunk: values[row] =
// class_loss, and probabilities [rows, classes].
void class_terms(const float* z, const float* labels, std::size_t rows, std::size_t classes,
                 double* values, double* probabilities);

// Sum of values[i] weights[i]; weights may be nullptr: all 1.
double sum_of(const double* values, const double* weights, std::size_t n);

}  // namespace twostep
