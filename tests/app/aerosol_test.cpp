#include <gtest/gtest.h>

#include <cmath>

#include "make_aerosol/activation.hpp"
#include "make_aerosol/rows.hpp"

namespace twostep::aerosol {
namespace {

constexpr double reference_pressure = 1.01325e-5;  // the conversion that the vectors were made with

// Published vectors of the parameterisation's reference implementation.
TEST(Activation, ReproducesItsVectors) {
  std::array<double, 1> one{};
  const Mode first{1e6 * std::pow(10, 1.4), 1e-6 * std::pow(10, -1.3010299956639813), 1.8, 0.54};
  EXPECT_NEAR(activate_modes({283, 85000, std::pow(10, -0.3010299956639812)}, std::span(&first, 1),
                             one, 0.95, reference_pressure),
              0.0058549364570186675, 1e-13);
  EXPECT_NEAR(one[0], 0.90893743760404, 1e-12);
  const Mode second{1e6 * std::pow(10, 1.2475), 1e-6 * std::pow(10, -0.854), 1.6, 0.3042};
  EXPECT_NEAR(activate_modes({312.318, 71312.5, std::pow(10, -1.5755)}, std::span(&second, 1), one,
                             0.11215, reference_pressure),
              0.0006735116058734851, 1e-14);
  EXPECT_NEAR(one[0], 0.766611067902551, 1e-12);
  const std::array<Mode, 4> modes{{{1e9, 0.055e-6, 1.8, 0.5},
                                   {1e9, 0.013e-6, 1.6, 0.3},
                                   {1e6, 1e-6, 1.8, 1.0},
                                   {1e8, 0.025e-6, 1.6, 0.1}}};
  std::array<double, 4> four{};
  EXPECT_NEAR(activate_modes({283, 85000, 0.5}, modes, four, 1, reference_pressure),
              0.0012856337953014976, 1e-14);
  EXPECT_NEAR(four[0], 0.3948362971475893, 1e-12);
  EXPECT_NEAR(four[1], 8.336030175894054e-05, 1e-15);
  EXPECT_NEAR(four[2], 0.9999997912805406, 1e-12);
  EXPECT_NEAR(four[3], 0.0008091937892123541, 1e-14);
}

// Means and deviations expected of 20,000 rows; five standard errors of each.
TEST(Rows, HaveTheExpectedMoments) {
  constexpr std::array<double, 4> means{0.436, 0.029, 0.958, 0.077};
  constexpr std::array<double, 4> deviations{0.371, 0.101, 0.142, 0.191};
  std::array<double, 4> sums{};
  std::array<double, 4> squares{};
  constexpr int n = 20000;
  for (std::uint64_t i = 0; i < n; ++i) {
    const Row row = make_row(1, i);
    for (std::size_t m = 0; m < 4; ++m) {
      sums[m] += static_cast<double>(row.fn[m]) / n;
      squares[m] += static_cast<double>(row.fn[m]) * static_cast<double>(row.fn[m]) / n;
    }
  }
  for (std::size_t m = 0; m < 4; ++m) {
    const double error = 5 * deviations[m] / std::sqrt(n);
    EXPECT_NEAR(sums[m], means[m], error) << m;
    EXPECT_NEAR(std::sqrt(squares[m] - sums[m] * sums[m]), deviations[m], 2 * error) << m;
  }
}

TEST(Rows, FollowFromSeedAndIndex) {
  EXPECT_EQ(make_row(1, 77).tair, make_row(1, 77).tair);
  EXPECT_NE(make_row(1, 77).tair, make_row(2, 77).tair);
  EXPECT_NE(make_row(1, 77).tair, make_row(1, 78).tair);
}

}  // namespace
}  // namespace twostep::aerosol
