#include "train/finite.hpp"

#include <bit>
#include <cmath>
#include <cstdint>

#include "twostep/base/vectorise.hpp"

namespace twostep {
namespace {

// The largest exponent field; all ones only in NaN and infinity.
TWOSTEP_VECTORISED
std::uint32_t largest_exponent(const float* values, std::size_t n) {
  constexpr std::uint32_t field = 0x7f800000;
  std::uint32_t largest = 0;
  for (std::size_t i = 0; i < n; ++i) {
    const std::uint32_t e = std::bit_cast<std::uint32_t>(values[i]) & field;
    largest = e > largest ? e : largest;
  }
  return largest;
}

}  // namespace

bool all_finite(std::span<const float> values) {
  return largest_exponent(values.data(), values.size()) != 0x7f800000;
}

std::string place_of_defect(const MlpLayout& layout, std::span<const float> gradient) {
  std::size_t at = 0;
  while (at + 1 < gradient.size() && std::isfinite(gradient[at])) {
    ++at;
  }
  std::size_t l = 0;
  while (l + 1 < layout.layers.size() && layout.layers[l + 1].weights <= at) {
    ++l;
  }
  const LayerLayout& layer = layout.layers[l];
  const char* block = at < layer.biases ? "weights" : at < layer.gains() ? "biases" : "gains";
  return "layer " + std::to_string(l + 1) + "'s " + block;
}

}  // namespace twostep
