#include "twostep/train/loss.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace twostep {
namespace {

LossFunction loss_named(const std::string& name) {
  LossFunction loss;
  EXPECT_TRUE(parse_name(name, loss.kind));
  loss.huber_delta = 0.7;
  loss.quantile = 0.9;
  return loss;
}

TEST(Loss, ClosedForms) {
  EXPECT_DOUBLE_EQ(loss_named("mse").value(-3), 9);
  EXPECT_DOUBLE_EQ(loss_named("mae").value(-3), 3);
  EXPECT_DOUBLE_EQ(loss_named("huber").value(0.5), 0.125);
  EXPECT_DOUBLE_EQ(loss_named("huber").value(-2), 0.7 * (2 - 0.35));
  EXPECT_NEAR(loss_named("log_cosh").value(1.3), std::log(std::cosh(1.3)), 1e-15);
  EXPECT_TRUE(std::isfinite(loss_named("log_cosh").value(1e4)));
  EXPECT_DOUBLE_EQ(loss_named("quantile").value(2), 0.2);   // predicted too much
  EXPECT_DOUBLE_EQ(loss_named("quantile").value(-2), 1.8);  // too little costs nine times that
}

TEST(Loss, SlopesAreDerivatives) {
  for (const std::string& name : loss_names()) {
    const LossFunction loss = loss_named(name);
    for (const double r : {-2.0, -0.69, -0.1, 0.2, 0.71, 3.0}) {
      const double h = 1e-6;
      EXPECT_NEAR(loss.slope(r), (loss.value(r + h) - loss.value(r - h)) / (2 * h), 1e-8)
          << name << " at " << r;
    }
  }
}

TEST(Loss, ABatchIsTheSumOfItsRows) {
  for (const std::string& name : loss_names()) {
    const LossFunction loss = loss_named(name);
    std::vector<float> y;
    std::vector<float> t;
    for (int i = 0; i < 37; ++i) {
      y.push_back(std::sin(static_cast<float>(i)));
      t.push_back(std::cos(2.0F * static_cast<float>(i)));
    }
    std::vector<float> slopes = y;
    const double sum = replace_by_slope(loss, slopes.data(), t.data(), y.size(), 0.5);
    double expected = 0;
    for (std::size_t i = 0; i < y.size(); ++i) {
      const double r = static_cast<double>(y[i]) - static_cast<double>(t[i]);
      expected += loss.value(r);
      EXPECT_NEAR(slopes[i], 0.5 * loss.slope(r), 1e-6) << name;
    }
    EXPECT_NEAR(sum, expected, 1e-5) << name;
  }
}

TEST(Loss, NaNIsNotSwallowed) {
  for (const std::string& name : loss_names()) {
    const LossFunction loss = loss_named(name);
    std::vector<float> y{NAN};
    const float t = 0;
    EXPECT_TRUE(std::isnan(replace_by_slope(loss, y.data(), &t, 1, 1.0))) << name;
    EXPECT_TRUE(std::isnan(y[0])) << name;
  }
}

// The quantile loss is minimal at its quantile, the absolute error at the median.
TEST(Loss, QuantilesAreFound) {
  for (const auto& [name, expected] : {std::pair("quantile", 89.5), {"mae", 49.5}}) {
    const LossFunction loss = loss_named(name);
    double at = 0;
    for (int i = 0; i < 20000; ++i) {
      double slope = 0;
      for (int truth = 0; truth < 100; ++truth) {
        slope += loss.slope(at - truth) / 100;
      }
      at -= 0.05 * slope;
    }
    EXPECT_NEAR(at, expected, 1) << name;
  }
}

}  // namespace
}  // namespace twostep
