#include "twostep/train/loss.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <string>
#include <vector>

#include "train/loss_loops.hpp"
#include "twostep/study/metric.hpp"

namespace twostep {
namespace {

LossFunction loss_named(const std::string& name) {
  LossFunction loss;
  EXPECT_TRUE(parse_name(name, loss.kind));
  loss.huber_delta = 0.7;
  loss.quantile = 0.9;
  return loss;
}

// Those that are functions of prediction - truth.
std::vector<std::string> difference_losses() {
  std::vector<std::string> out;
  for (const std::string& name : loss_names()) {
    if (task_of(loss_named(name).kind) == Task::regression) {
      out.push_back(name);
    }
  }
  EXPECT_EQ(out.size() + 2, loss_names().size());
  return out;
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
  for (const std::string& name : difference_losses()) {
    const LossFunction loss = loss_named(name);
    for (const double r : {-2.0, -0.69, -0.1, 0.2, 0.71, 3.0}) {
      const double h = 1e-6;
      EXPECT_NEAR(loss.slope(r), (loss.value(r + h) - loss.value(r - h)) / (2 * h), 1e-8)
          << name << " at " << r;
    }
  }
}

TEST(Loss, ABatchIsTheSumOfItsRows) {
  for (const std::string& name : difference_losses()) {
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

// The loops over many predictions against the functions of one, near and far from every kink.
TEST(Loss, LoopsComputeWhatTheFunctionsDo) {
  std::vector<double> y;
  for (const double far : {1e-9, 1e-4, 0.02, 0.0999, 0.1001, 0.7, 3.0, 40.0, 800.0, 1e30}) {
    y.push_back(far);
    y.push_back(-far);
  }
  y.push_back(0);
  for (const std::string& name : loss_names()) {
    const LossFunction loss = loss_named(name);
    if (task_of(loss.kind) == Task::classes) {
      continue;
    }
    for (const double truth : {0.0, 1.0}) {
      const std::vector<double> t(y.size(), truth);
      std::vector<double> values(y.size());
      std::vector<double> slopes(y.size());
      loss_terms(loss, y.data(), t.data(), y.size(), values.data(), slopes.data());
      for (std::size_t i = 0; i < y.size(); ++i) {
        const double value = loss.value(y[i], truth);
        const double slope = loss.slope(y[i], truth);
        EXPECT_NEAR(values[i], value, 1e-15 * (1 + std::abs(value))) << name << " at " << y[i];
        EXPECT_NEAR(slopes[i], slope, 1e-15 + 1e-12 * std::abs(slope)) << name << " at " << y[i];
      }
    }
  }
}

TEST(Loss, RowsOfClassesComputeWhatOneDoes) {
  for (const std::size_t classes : {2U, 3U, 10U, 100U}) {
    const std::size_t rows = loss_chunk / classes;
    std::vector<float> z;
    std::vector<float> labels;
    for (std::size_t i = 0; i < rows * classes; ++i) {
      z.push_back(40 * std::sin(static_cast<float>(i)));
    }
    for (std::size_t i = 0; i < rows; ++i) {
      labels.push_back(static_cast<float>(i % classes));
    }
    std::vector<double> values(rows);
    std::vector<double> p(rows * classes);
    class_terms(z.data(), labels.data(), rows, classes, values.data(), p.data());
    for (std::size_t i = 0; i < rows; ++i) {
      const double value = class_loss(&z[i * classes], classes, i % classes);
      EXPECT_NEAR(values[i], value, 1e-13 * (1 + value));
      double largest = 0;
      const double sum = softmax_sum(&z[i * classes], classes, largest);
      for (std::size_t k = 0; k < classes; ++k) {
        const double truth = std::exp(static_cast<double>(z[i * classes + k]) - largest) / sum;
        EXPECT_NEAR(p[i * classes + k], truth, 1e-15 + 1e-13 * truth);
      }
    }
  }
}

TEST(Loss, NaNIsNotSwallowed) {
  for (const std::string& name : difference_losses()) {
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

TEST(Loss, BinaryCrossEntropyIsThatOfTheProbability) {
  const LossFunction loss = loss_named("binary_cross_entropy");
  for (const double z : {-7.0, -0.3, 0.0, 1.1, 5.0}) {
    for (const double t : {0.0, 0.25, 1.0}) {
      const double p = 1 / (1 + std::exp(-z));
      EXPECT_NEAR(loss.value(z, t), -t * std::log(p) - (1 - t) * std::log(1 - p), 1e-12);
      const double h = 1e-6;
      EXPECT_NEAR(loss.slope(z, t), (loss.value(z + h, t) - loss.value(z - h, t)) / (2 * h), 1e-8);
    }
  }
  // Far out, where the probability is 0 or 1 in any precision.
  EXPECT_DOUBLE_EQ(loss.value(1000, 0), 1000);
  EXPECT_DOUBLE_EQ(loss.value(-1000, 1), 1000);
  EXPECT_EQ(loss.value(1000, 1), 0);
  EXPECT_EQ(loss.slope(-1000, 0), 0);
}

TEST(Loss, CategoricalCrossEntropyIsThatOfTheSoftmax) {
  const float z[] = {0.5F, -1.25F, 2.0F};
  const double sum = std::exp(0.5) + std::exp(-1.25) + std::exp(2.0);
  EXPECT_NEAR(class_loss(z, 3, 0), -std::log(std::exp(0.5) / sum), 1e-12);
  EXPECT_NEAR(class_loss(z, 3, 2), -std::log(std::exp(2.0) / sum), 1e-12);
  const float far[] = {-3000.0F, 3000.0F};
  EXPECT_DOUBLE_EQ(class_loss(far, 2, 0), 6000);
  EXPECT_EQ(class_loss(far, 2, 1), 0);
  // Two classes are one logit, their difference.
  const float two[] = {0.3F, 1.7F};
  EXPECT_NEAR(class_loss(two, 2, 1), loss_named("binary_cross_entropy").value(1.7F - 0.3F, 1),
              1e-7);
}

// The slopes of a weighted batch against finite differences of its sum, for every loss, with and
// without each kind of weight.
TEST(Loss, WeightedSlopesAreDerivatives) {
  constexpr std::size_t rows = 5;
  constexpr std::size_t outputs = 3;
  const std::vector<float> row_weights{0.5F, 2.0F, 0.0F, 1.0F, 1.5F};
  const std::vector<double> output_weights{1.5, 0.25, 1.25};
  for (const std::string& name : loss_names()) {
    const LossFunction loss = loss_named(name);
    const bool classes = task_of(loss.kind) == Task::classes;
    std::vector<float> y;
    std::vector<float> t;
    for (std::size_t i = 0; i < rows * outputs; ++i) {
      y.push_back(std::sin(static_cast<float>(3 * i)));
      t.push_back(classes ? static_cast<float>(i % outputs)
                          : 0.5F + 0.5F * std::cos(2.0F * static_cast<float>(i)));
    }
    for (const int weights : {0, 1, 2, 3}) {
      LossBatch batch{rows, outputs};
      batch.row_weights = (weights & 1) != 0 ? row_weights.data() : nullptr;
      batch.output_weights = (weights & 2) != 0 && !classes ? output_weights.data() : nullptr;
      std::vector<float> slopes = y;
      replace_by_slope(loss, slopes.data(), t.data(), batch, 0.25);
      for (std::size_t i = 0; i < y.size(); ++i) {
        const float h = 1.0F / 256;
        std::vector<float> up = y;
        std::vector<float> down = y;
        up[i] += h;
        down[i] -= h;
        const double difference = replace_by_slope(loss, up.data(), t.data(), batch, 1) -
                                  replace_by_slope(loss, down.data(), t.data(), batch, 1);
        EXPECT_NEAR(slopes[i], 0.25 * difference / (2 * static_cast<double>(h)), 2e-5)
            << name << " " << weights << " " << i;
      }
    }
  }
}

TEST(Loss, NaNLogitsAreNotSwallowed) {
  for (const char* name : {"binary_cross_entropy", "categorical_cross_entropy"}) {
    std::vector<float> y{0.5F, NAN};
    const std::vector<float> t{0, 0};
    EXPECT_TRUE(std::isnan(replace_by_slope(loss_named(name), y.data(), t.data(), {1, 2}, 1.0)))
        << name;
    EXPECT_TRUE(std::isnan(y[1])) << name;
  }
}

}  // namespace
}  // namespace twostep
