#include "twostep/train/optimizer.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>

#include "support/engine_suite.hpp"

namespace twostep {
namespace {

// One weight and one bias: inputs 1, outputs 1.
const MlpLayout tiny(NetworkShape{1, {}, 1, Activation::relu, Activation::identity});

struct Truth {
  double p, m = 0, v = 0;
};

TEST(Optimizer, SgdWithMomentumByHand) {
  for (const bool nesterov : {false, true}) {
    TrainingSettings s;
    s.optimizer = OptimizerKind::sgd;
    s.momentum = 0.9;
    s.nesterov = nesterov;
    s.weight_decay = 0.1;
    Optimizer optimizer(s, tiny);
    std::vector<float> p{1.0F, 1.0F};
    Truth weight{1};
    Truth bias{1};
    for (int i = 0; i < 20; ++i) {
      const double g = std::sin(i);
      optimizer.step(p, std::vector<float>{static_cast<float>(g), static_cast<float>(g)}, 0.05);
      const auto step = [&](Truth& t, double decay) {
        const double d = g + decay * t.p;
        t.v = 0.9 * t.v + d;
        t.p -= 0.05 * (nesterov ? d + 0.9 * t.v : t.v);
      };
      step(weight, 0.1);
      step(bias, 0);  // biases are not decayed
      ASSERT_NEAR(p[0], weight.p, 1e-6);
      ASSERT_NEAR(p[1], bias.p, 1e-6);
    }
  }
}

TEST(Optimizer, AdamAndAdamWByHand) {
  for (const OptimizerKind kind : {OptimizerKind::adam, OptimizerKind::adamw}) {
    TrainingSettings s;
    s.optimizer = kind;
    s.weight_decay = 0.1;
    Optimizer optimizer(s, tiny);
    std::vector<float> p{1.0F, 1.0F};
    Truth weight{1};
    for (int i = 1; i <= 50; ++i) {
      const double g = std::cos(i);
      optimizer.step(p, std::vector<float>{static_cast<float>(g), 0.0F}, 0.01);
      const double d = g + (kind == OptimizerKind::adam ? 0.1 * weight.p : 0);
      weight.m = 0.9 * weight.m + 0.1 * d;
      weight.v = 0.999 * weight.v + 0.001 * d * d;
      if (kind == OptimizerKind::adamw) {
        weight.p -= 0.01 * 0.1 * weight.p;
      }
      weight.p -= 0.01 * (weight.m / (1 - std::pow(0.9, i))) /
                  (std::sqrt(weight.v / (1 - std::pow(0.999, i))) + 1e-8);
      ASSERT_NEAR(p[0], weight.p, 3e-6) << i;
    }
  }
}

TEST(Optimizer, ALoadedStateGoesOnWithTheSameBits) {
  TrainingSettings s;
  const NetworkShape shape{3, {5}, 2, Activation::relu, Activation::identity};
  const MlpLayout layout(shape);
  auto p = test::normals(layout.parameters, 1);
  Optimizer optimizer(s, layout);
  for (std::uint64_t i = 0; i < 5; ++i) {
    optimizer.step(p, test::normals(layout.parameters, 100 + i), 0.01);
  }
  ByteWriter writer;
  optimizer.save(writer);
  const Bytes bytes = writer.take();
  Optimizer other(s, layout);
  ByteReader reader(bytes);
  other.load(reader);
  auto q = p;
  optimizer.step(p, test::normals(layout.parameters, 7), 0.01);
  other.step(q, test::normals(layout.parameters, 7), 0.01);
  EXPECT_EQ(p, q);
}

TEST(Schedule, ConstantCosineAndWarmup) {
  TrainingSettings s;
  s.learning_rate = 2;
  EXPECT_EQ(learning_rate_at(s, 0, 100), 2);
  EXPECT_EQ(learning_rate_at(s, 99, 100), 2);
  s.schedule = ScheduleKind::cosine;
  EXPECT_NEAR(learning_rate_at(s, 0, 100), 2, 1e-3);
  EXPECT_NEAR(learning_rate_at(s, 50, 100), 1, 0.05);
  EXPECT_LT(learning_rate_at(s, 99, 100), 0.01);
  s.warmup = 0.1;
  EXPECT_LT(learning_rate_at(s, 0, 100), 0.25);
  EXPECT_LT(learning_rate_at(s, 4, 100), learning_rate_at(s, 9, 100));
}

}  // namespace
}  // namespace twostep
