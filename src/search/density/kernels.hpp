// The inner loops of the Parzen mixture, over a block of components.
#pragma once

#include <cstddef>

namespace twostep {

// sum[i] += active[i] * (constant[i] - (x - at[i])^2 * precision / 2); `active` may be null: all.
void add_normal(float* sum, const float* at, const float* constant, const float* active,
                std::size_t n, float x, float half_precision);
// sum[i] += active[i] * (at[i] == category ? same : other)
void add_category(float* sum, const float* at, const float* active, std::size_t n, float category,
                  float same, float other);
[[nodiscard]] float largest(const float* values, std::size_t n);
// Sum of exp(values[i] - offset), where no value exceeds the offset.
[[nodiscard]] double sum_of_exponentials(const float* values, std::size_t n, float offset);

}  // namespace twostep
