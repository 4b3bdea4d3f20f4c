#include "train/hadamard.hpp"

#include <algorithm>
#include <bit>
#include <cmath>
#include <numbers>

#include "twostep/base/check.hpp"
#include "twostep/base/vectorise.hpp"

namespace twostep {
namespace {

constexpr std::size_t transforms = 3;
constexpr std::size_t eight = 8;

using Eight
    [[gnu::vector_size(eight * sizeof(float)), gnu::aligned(sizeof(float)), gnu::may_alias]] =
        float;

[[gnu::always_inline]] inline Eight& eight_at(float* p) {
  return *reinterpret_cast<Eight*>(p);
}

[[gnu::always_inline]] inline const Eight& eight_at(const float* p) {
  return *reinterpret_cast<const Eight*>(p);
}

// x <- H (factors * x), n a power of two and at least `eight`; unnormalised. The butterflies of
// strides 1, 2 and 4 stay within a vector, those of longer ones are taken two at a time.
TWOSTEP_VECTORISED
void transform(float* x, const float* factors, std::size_t n) {
  const Eight by1 = {1, -1, 1, -1, 1, -1, 1, -1};
  const Eight by2 = {1, 1, -1, -1, 1, 1, -1, -1};
  const Eight by4 = {1, 1, 1, 1, -1, -1, -1, -1};
  for (std::size_t i = 0; i < n; i += eight) {
    Eight v = eight_at(x + i) * eight_at(factors + i);
    v = __builtin_shufflevector(v, v, 1, 0, 3, 2, 5, 4, 7, 6) + v * by1;
    v = __builtin_shufflevector(v, v, 2, 3, 0, 1, 6, 7, 4, 5) + v * by2;
    eight_at(x + i) = __builtin_shufflevector(v, v, 4, 5, 6, 7, 0, 1, 2, 3) + v * by4;
  }
  std::size_t stride = eight;
  if (std::countr_zero(n / eight) % 2 == 1) {
    for (std::size_t i = 0; i < n; i += 2 * eight) {
      const Eight a = eight_at(x + i);
      const Eight b = eight_at(x + i + eight);
      eight_at(x + i) = a + b;
      eight_at(x + i + eight) = a - b;
    }
    stride = 2 * eight;
  }
  for (; stride < n; stride *= 4) {
    for (std::size_t first = 0; first < n; first += 4 * stride) {
      for (float* p = x + first; p < x + first + stride; p += eight) {
        const Eight a = eight_at(p) + eight_at(p + stride);
        const Eight b = eight_at(p) - eight_at(p + stride);
        const Eight c = eight_at(p + 2 * stride) + eight_at(p + 3 * stride);
        const Eight d = eight_at(p + 2 * stride) - eight_at(p + 3 * stride);
        eight_at(p) = a + c;
        eight_at(p + stride) = b + d;
        eight_at(p + 2 * stride) = a - c;
        eight_at(p + 3 * stride) = b - d;
      }
    }
  }
}

// Element i and the one half of the length behind it: their sum and difference, normalised.
TWOSTEP_VECTORISED
void mix_halves(float* __restrict first, float* __restrict second, std::size_t n) {
  const float factor = std::numbers::sqrt2_v<float> / 2;
  for (std::size_t i = 0; i < n; ++i) {
    const float a = first[i];
    const float b = second[i];
    first[i] = (a + b) * factor;
    second[i] = (a - b) * factor;
  }
}

}  // namespace

HadamardRotation::HadamardRotation(std::size_t length, const Rng& rng, std::uint64_t index)
    : length_(length), part_(std::bit_floor(length)) {
  TWOSTEP_REQUIRE(length >= eight);
  factors_.resize(transforms * (part_ < length_ ? 2 : 1) * part_);
  std::vector<std::uint32_t> words((factors_.size() + 31) / 32);
  rng.words(index, 0, words);
  const float factor = 1.0F / std::sqrt(static_cast<float>(part_));
  for (std::size_t i = 0; i < factors_.size(); ++i) {
    factors_[i] = (words[i / 32] >> (i % 32) & 1U) != 0 ? -factor : factor;
  }
}

void HadamardRotation::column(std::size_t i, std::span<float> out) const {
  TWOSTEP_REQUIRE(i < length_ && out.size() == length_);
  std::fill(out.begin(), out.end(), 0.0F);
  out[i] = 1.0F;
  const float* factors = factors_.data();
  for (std::size_t round = 0; round < transforms; ++round, factors += part_) {
    transform(out.data(), factors, part_);
    if (part_ < length_) {
      factors += part_;
      transform(out.data() + (length_ - part_), factors, part_);
      mix_halves(out.data(), out.data() + (length_ + 1) / 2, length_ / 2);
    }
  }
}

}  // namespace twostep
