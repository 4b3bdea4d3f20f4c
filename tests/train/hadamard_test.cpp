#include "train/hadamard.hpp"

#include <gtest/gtest.h>

#include <bit>
#include <cmath>
#include <cstdlib>
#include <vector>

namespace twostep {
namespace {

// The same by the definition: H[i][j] = (-1)^popcount(i & j), in double precision.
void transform(std::vector<double>& x, std::size_t first, std::size_t n,
               const std::vector<std::uint32_t>& signs, std::size_t& drawn) {
  std::vector<double> in(n);
  for (std::size_t j = 0; j < n; ++j, ++drawn) {
    in[j] = (signs[drawn / 32] >> (drawn % 32) & 1U) != 0 ? -x[first + j] : x[first + j];
  }
  for (std::size_t i = 0; i < n; ++i) {
    double sum = 0;
    for (std::size_t j = 0; j < n; ++j) {
      sum += std::popcount(i & j) % 2 == 0 ? in[j] : -in[j];
    }
    x[first + i] = sum / std::sqrt(static_cast<double>(n));
  }
}

TEST(HadamardRotation, IsThreeTimesSignsAndAHadamardMatrix) {
  for (const std::size_t length : {8U, 16U, 32U, 33U, 64U, 129U, 191U, 256U}) {
    const Rng rng(length, Purpose::initialise);
    const HadamardRotation rotation(length, rng, 7);
    const std::size_t part = std::bit_floor(length);
    std::vector<std::uint32_t> signs(6 * part / 32 + 2);
    rng.words(7, 0, signs);
    for (std::size_t i = 0; i < length; i += 5) {
      std::vector<double> expected(length, 0.0);
      expected[i] = 1;
      std::size_t drawn = 0;
      for (int round = 0; round < 3; ++round) {
        transform(expected, 0, part, signs, drawn);
        if (part < length) {
          transform(expected, length - part, part, signs, drawn);
          for (std::size_t j = 0, other = (length + 1) / 2; other < length; ++j, ++other) {
            const double a = expected[j];
            const double b = expected[other];
            expected[j] = (a + b) / std::sqrt(2.0);
            expected[other] = (a - b) / std::sqrt(2.0);
          }
        }
      }
      std::vector<float> found(length);
      rotation.column(i, found);
      for (std::size_t j = 0; j < length; ++j) {
        ASSERT_NEAR(static_cast<double>(found[j]), expected[j], 2e-6)
            << length << ": " << i << ", " << j;
      }
    }
  }
}

}  // namespace
}  // namespace twostep
