#include "adapters/onednn/rounding.hpp"

#include <bit>

#include "twostep/base/vectorise.hpp"

namespace twostep::onednn {
namespace {

// The upper half of the result is the bfloat16.
[[gnu::always_inline]] inline std::uint32_t rounded(float value) {
  const auto bits = std::bit_cast<std::uint32_t>(value);
  const std::uint32_t up = bits + 0x7FFF + ((bits >> 16) & 1);
  const std::uint32_t quiet = bits | 0x400000;
  return (bits & 0x7FFFFFFF) > 0x7F800000 ? quiet : up;
}

}  // namespace

TWOSTEP_VECTORISED
void to_bf16(const float* __restrict from, std::uint16_t* __restrict to, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) {
    to[i] = static_cast<std::uint16_t>(rounded(from[i]) >> 16);
  }
}

TWOSTEP_VECTORISED
void round_to_bf16(const float* __restrict from, float* __restrict to, std::size_t n) {
  for (std::size_t i = 0; i < n; ++i) {
    to[i] = std::bit_cast<float>(rounded(from[i]) & 0xFFFF0000);
  }
}

}  // namespace twostep::onednn
