// Looking for NaN and infinity in a gradient: one pass that only reads, every step; a search for
// the place, once.
#pragma once

#include <optional>
#include <span>
#include <string>

#include "twostep/ports/mlp_layout.hpp"

namespace twostep {

[[nodiscard]] bool all_finite(std::span<const float> values);
// "layer 2's weights" (the output layer is the last) of the first value that is not finite.
[[nodiscard]] std::string place_of_defect(const MlpLayout& layout, std::span<const float> gradient);

}  // namespace twostep
