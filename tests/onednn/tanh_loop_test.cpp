#include "adapters/onednn/tanh_loop.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <vector>

namespace twostep::onednn {
namespace {

TEST(TanhLoop, IsTanhToTwoUnitsInTheLastPlace) {
  std::vector<float> x;
  for (double at = 1e-30; at < 50; at *= 1.001) {
    x.push_back(static_cast<float>(at));
    x.push_back(static_cast<float>(-at));
  }
  std::vector<float> y = x;
  apply_tanh(y.data(), 1, y.size(), 0);
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double exact = std::tanh(static_cast<double>(x[i]));
    ASSERT_NEAR(static_cast<double>(y[i]), exact, 2 * 1.2e-7 * std::abs(exact)) << x[i];
    ASSERT_LE(std::abs(y[i]), 1.0F);
  }
}

TEST(TanhLoop, KeepsZerosSignsAndWhatIsNoNumber) {
  constexpr float infinity = std::numeric_limits<float>::infinity();
  std::vector<float> y{0.0F, -0.0F, infinity, -infinity, NAN, 1e-42F};
  apply_tanh(y.data(), 1, y.size(), 0);
  EXPECT_EQ(y[0], 0.0F);
  EXPECT_TRUE(std::signbit(y[1]));
  EXPECT_EQ(y[2], 1.0F);
  EXPECT_EQ(y[3], -1.0F);
  EXPECT_TRUE(std::isnan(y[4]));
  EXPECT_NEAR(y[5], 1e-42F, 3e-45F);
}

TEST(TanhLoop, LeavesWhatLiesBetweenRows) {
  std::vector<float> y(3 * 7, 0.5F);
  apply_tanh(y.data(), 3, 5, 2);
  for (std::size_t i = 0; i < y.size(); ++i) {
    EXPECT_NEAR(y[i], i % 7 < 5 ? std::tanh(0.5F) : 0.5F, 1e-7F) << i;
  }
}

TEST(TanhLoop, ComputesAllOfAMatrixThatThreadsShare) {
  for (const std::size_t pad : {0U, 16U}) {
    const std::size_t columns = 517;
    std::vector<float> y(301 * (columns + pad), 0.5F);
    apply_tanh(y.data(), 301, columns, pad);
    for (std::size_t i = 0; i < y.size(); ++i) {
      ASSERT_NEAR(y[i], i % (columns + pad) < columns ? std::tanh(0.5F) : 0.5F, 1e-7F) << i;
    }
  }
}

}  // namespace
}  // namespace twostep::onednn
