// The rows of the generated data set: row i depends on (seed, i) alone.
#pragma once

#include <array>
#include <cstdint>

namespace twostep::aerosol {

inline constexpr std::size_t mode_count = 4;  // accumulation, Aitken, coarse, primary carbon

struct Row {
  float tair = 0;                           // K
  float pressure = 0;                       // Pa
  float rh = 0;                             // 1; carries no signal
  float wbar = 0;                           // m/s
  std::array<float, mode_count> num_aer{};  // cm-3
  std::array<float, mode_count> r_aer{};    // um
  std::array<float, mode_count> kappa{};    // 1
  std::array<float, mode_count> fn{};       // activated number fraction
};

[[nodiscard]] Row make_row(std::uint64_t seed, std::uint64_t index);

}  // namespace twostep::aerosol
