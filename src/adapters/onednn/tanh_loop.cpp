#include "adapters/onednn/tanh_loop.hpp"

#include <algorithm>
#include <bit>
#include <cstdint>

#include "twostep/base/vectorise.hpp"

namespace twostep::onednn {
namespace {

constexpr std::uint32_t sign_bit = 0x80000000U;

// e^x - 1 for x in [-87, 88], as 2^n (e^r - 1) + (2^n - 1) with |r| <= ln 2 / 2, which does not
// cancel near 0; e^r - 1 by Taylor's series, whose remainder is below 2e-8 of r there.
[[gnu::always_inline]] inline float expm1_of(float x) {
  constexpr float to_integer = 12582912.0F;  // 1.5 * 2^23: its last place is 1
  constexpr float ln2_high = 0.693359375F;   // few bits, so that n of them is exact
  constexpr float ln2_low = -2.12194440e-4F;
  const float shifted = x * 1.44269504F + to_integer;
  const float n = shifted - to_integer;
  const float r = (x - n * ln2_high) - n * ln2_low;
  float p = 1.0F / 5040;
  p = p * r + 1.0F / 720;
  p = p * r + 1.0F / 120;
  p = p * r + 1.0F / 24;
  p = p * r + 1.0F / 6;
  p = p * r + 0.5F;
  p = p * (r * r) + r;
  const auto scale =
      std::bit_cast<float>((std::bit_cast<std::uint32_t>(shifted) << 23U) + 0x3f800000U);
  return scale * p + (scale - 1.0F);
}

// -m / (2 + m) with m = e^(-2 |x|) - 1, and the sign of x.
[[gnu::always_inline]] inline float tanh_of(float x) {
  constexpr float saturated = 10.0F;  // tanh is 1 there
  const auto bits = std::bit_cast<std::uint32_t>(x);
  const auto size = std::bit_cast<float>(bits & ~sign_bit);
  const float m = expm1_of(-2.0F * (size > saturated ? saturated : size));
  return std::bit_cast<float>(std::bit_cast<std::uint32_t>(-m / (2.0F + m)) | (bits & sign_bit));
}

constexpr std::size_t values_worth_a_thread = 1U << 15U;

TWOSTEP_VECTORISED
void apply(float* y, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) {
    y[i] = tanh_of(y[i]);
  }
}

}  // namespace

void apply_tanh(float* y, std::size_t rows, std::size_t columns, std::size_t pad) {
  const std::size_t values = rows * columns;
  if (pad == 0) {  // one row, cut for the threads
    columns = std::min(values, values_worth_a_thread);
    rows = columns == 0 ? 0 : (values + columns - 1) / columns;
  }
#pragma omp parallel for schedule(static) if (values >= 2 * values_worth_a_thread)
  for (std::size_t i = 0; i < rows; ++i) {
    apply(y + i * (columns + pad), pad == 0 ? std::min(columns, values - i * columns) : columns);
  }
}

}  // namespace twostep::onednn
