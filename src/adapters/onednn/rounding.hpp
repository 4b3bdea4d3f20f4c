// float32 to bfloat16 and to its precision: round to nearest, ties to even; not-a-number stays one.
#pragma once

#include <cstddef>
#include <cstdint>

namespace twostep::onednn {

void to_bf16(const float* from, std::uint16_t* to, std::size_t n);
// The same rounding, kept in float32.
void round_to_bf16(const float* from, float* to, std::size_t n);

}  // namespace twostep::onednn
