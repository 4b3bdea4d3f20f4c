#include "make_aerosol/rows.hpp"

#include <cmath>

#include "make_aerosol/activation.hpp"
#include "twostep/base/rng.hpp"

namespace twostep::aerosol {
namespace {

struct Range {
  double low;
  double high;
};

// Modes after MAM4: accumulation, Aitken, coarse, primary carbon.
constexpr std::array<double, mode_count> sigmas{1.8, 1.6, 1.8, 1.6};
constexpr std::array<Range, mode_count> numbers{{{10, 1e4}, {10, 1e4}, {0.01, 10}, {10, 1e4}}};
constexpr std::array<Range, mode_count> radii{
    {{0.027, 0.22}, {0.0044, 0.026}, {0.5, 2}, {0.005, 0.05}}};
constexpr Range updrafts{0.01, 10};
constexpr double uniform_scale = 0x1p-53;

double linear(Range range, double u) {
  return range.low + (range.high - range.low) * u;
}

double logarithmic(Range range, double u) {
  return range.low * std::exp(u * std::log(range.high / range.low));
}

}  // namespace

Row make_row(std::uint64_t seed, std::uint64_t index) {
  const Rng rng(seed, Purpose::generate);
  std::array<double, 16> u{};
  for (std::uint32_t lane = 0; lane < 8; ++lane) {
    const auto words = rng.block(index, lane);
    u[2 * lane] = static_cast<double>(words[0] >> 11) * uniform_scale;
    u[2 * lane + 1] = static_cast<double>(words[1] >> 11) * uniform_scale;
  }
  Row row;
  row.tair = static_cast<float>(linear({248, 310}, u[0]));
  row.pressure = static_cast<float>(linear({5e4, 1.05e5}, u[1]));
  row.rh = static_cast<float>(linear({0.9, 1}, u[2]));
  row.wbar = static_cast<float>(logarithmic(updrafts, u[3]));
  std::array<Mode, mode_count> modes;
  for (std::size_t m = 0; m < mode_count; ++m) {
    row.num_aer[m] = static_cast<float>(logarithmic(numbers[m], u[4 + m]));
    row.r_aer[m] = static_cast<float>(logarithmic(radii[m], u[8 + m]));
    row.kappa[m] = static_cast<float>(linear({0.001, 1.2}, u[12 + m]));
    // From the stored values, so that the targets follow from the inputs exactly as they are read.
    modes[m] = {1e6 * static_cast<double>(row.num_aer[m]), 1e-6 * static_cast<double>(row.r_aer[m]),
                sigmas[m], static_cast<double>(row.kappa[m])};
  }
  std::array<double, mode_count> fractions{};
  activate_modes({row.tair, row.pressure, row.wbar}, modes, fractions);
  for (std::size_t m = 0; m < mode_count; ++m) {
    row.fn[m] = static_cast<float>(fractions[m]);
  }
  return row;
}

}  // namespace twostep::aerosol
