#include "twostep/train/optimizer.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <functional>
#include <numbers>

#include "support/engine_suite.hpp"
#include "twostep/train/schedule.hpp"

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
      EXPECT_TRUE(optimizer.step(
          p, std::vector<float>{static_cast<float>(g), static_cast<float>(g)}, 0.05));
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
      EXPECT_TRUE(optimizer.step(p, std::vector<float>{static_cast<float>(g), 0.0F}, 0.01));
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
    EXPECT_TRUE(optimizer.step(p, test::normals(layout.parameters, 100 + i), 0.01));
  }
  ByteWriter writer;
  optimizer.save(writer);
  const Bytes bytes = writer.take();
  Optimizer other(s, layout);
  ByteReader reader(bytes);
  other.load(reader);
  auto q = p;
  EXPECT_TRUE(optimizer.step(p, test::normals(layout.parameters, 7), 0.01));
  EXPECT_TRUE(other.step(q, test::normals(layout.parameters, 7), 0.01));
  EXPECT_EQ(p, q);
}

// Runs 60 steps of a weight (index 0) and a bias with these gradients; `truth` is the update by its
// definition, called with (step from 1, gradient).
void follow(const TrainingSettings& settings, double rate,
            const std::function<void(Truth&, int, double)>& truth) {
  Optimizer optimizer(settings, tiny);
  std::vector<float> p{1.0F, 0.5F};
  Truth weight{1};
  for (int i = 1; i <= 60; ++i) {
    const double g = std::cos(i) + 0.3;
    EXPECT_TRUE(optimizer.step(p, std::vector<float>{static_cast<float>(g), 0.1F}, rate));
    truth(weight, i, g);
    ASSERT_NEAR(p[0], weight.p, 1e-5) << "step " << i;
  }
}

TEST(Optimizer, NAdamByHand) {
  TrainingSettings s;
  s.optimizer = OptimizerKind::nadam;
  s.weight_decay = 0.1;
  double product = 1;
  follow(s, 0.01, [&](Truth& w, int i, double g) {
    const auto mu = [](double t) { return 0.9 * (1 - 0.5 * std::pow(0.96, 0.004 * t)); };
    const double d = g + 0.1 * w.p;
    product *= mu(i);
    w.m = 0.9 * w.m + 0.1 * d;
    w.v = 0.999 * w.v + 0.001 * d * d;
    const double m_hat =
        mu(i + 1) * w.m / (1 - product * mu(i + 1)) + (1 - mu(i)) * d / (1 - product);
    w.p -= 0.01 * m_hat / (std::sqrt(w.v / (1 - std::pow(0.999, i))) + 1e-8);
  });
}

TEST(Optimizer, RAdamByHand) {
  TrainingSettings s;
  s.optimizer = OptimizerKind::radam;
  s.beta2 = 0.9;  // becomes tractable within the test
  follow(s, 0.01, [&](Truth& w, int i, double g) {
    w.m = 0.9 * w.m + 0.1 * g;
    w.v = 0.9 * w.v + 0.1 * g * g;
    const double limit = 2 / (1 - 0.9) - 1;
    const double rho = limit - 2.0 * i * std::pow(0.9, i) / (1 - std::pow(0.9, i));
    const double m_hat = w.m / (1 - std::pow(0.9, i));
    if (rho > 5) {
      const double r = std::sqrt((rho - 4) * (rho - 2) * limit / ((limit - 4) * (limit - 2) * rho));
      w.p -= 0.01 * r * m_hat / (std::sqrt(w.v / (1 - std::pow(0.9, i))) + 1e-8);
    } else {
      w.p -= 0.01 * m_hat;
    }
  });
}

TEST(Optimizer, RmsPropByHand) {
  TrainingSettings s;
  s.optimizer = OptimizerKind::rmsprop;
  s.rho = 0.9;
  s.weight_decay = 0.05;
  follow(s, 0.01, [&](Truth& w, int, double g) {
    const double d = g + 0.05 * w.p;
    w.v = 0.9 * w.v + 0.1 * d * d;
    w.p -= 0.01 * d / (std::sqrt(w.v) + 1e-8);
  });
}

TEST(Optimizer, LionByHand) {
  TrainingSettings s;
  s.optimizer = OptimizerKind::lion;
  s.beta2 = 0.99;
  s.weight_decay = 0.1;
  follow(s, 0.01, [&](Truth& w, int, double g) {
    const double u = 0.9 * w.m + 0.1 * g;
    w.p -= 0.01 * ((u > 0 ? 1 : u < 0 ? -1 : 0) + 0.1 * w.p);
    w.m = 0.99 * w.m + 0.01 * g;
  });
}

TEST(Optimizer, ClippingShortensTheWholeGradient) {
  TrainingSettings s;
  s.optimizer = OptimizerKind::sgd;
  s.momentum = 0;
  s.clip_norm = 1;
  Optimizer optimizer(s, tiny);
  std::vector<float> p{0.0F, 0.0F};
  EXPECT_TRUE(optimizer.step(p, std::vector<float>{3.0F, -4.0F}, 1));
  EXPECT_NEAR(p[0], -0.6, 1e-7);
  EXPECT_NEAR(p[1], 0.8, 1e-7);
  p = {0.0F, 0.0F};
  EXPECT_TRUE(optimizer.step(p, std::vector<float>{0.3F, -0.4F}, 1));  // short enough
  EXPECT_NEAR(p[0], -0.3, 1e-7);
  EXPECT_NEAR(p[1], 0.4, 1e-7);
}

TEST(Optimizer, L1PullsWeightsToZeroAndLeavesBiases) {
  TrainingSettings s;
  s.optimizer = OptimizerKind::sgd;
  s.momentum = 0;
  s.l1 = 0.25;
  Optimizer optimizer(s, tiny);
  std::vector<float> p{1.0F, 1.0F};
  EXPECT_TRUE(optimizer.step(p, std::vector<float>{0.0F, 0.0F}, 1));
  EXPECT_EQ(p, (std::vector<float>{0.75F, 1.0F}));
  p = {-1.0F, -1.0F};
  EXPECT_TRUE(optimizer.step(p, std::vector<float>{0.0F, 0.0F}, 1));
  EXPECT_EQ(p, (std::vector<float>{-0.75F, -1.0F}));
}

TEST(Optimizer, FindsWhatIsNotFiniteAnywhereInTheGradient) {
  const MlpLayout layout(NetworkShape{7, {700, 9}, 1, Activation::relu, Activation::identity});
  const std::size_t last = layout.parameters - 1;
  for (const double weight_decay : {0.0, 0.1}) {
    for (const double clip_norm : {0.0, 1.0}) {
      TrainingSettings s;
      s.weight_decay = weight_decay;
      s.clip_norm = clip_norm;
      for (const std::size_t at : {std::size_t{0}, std::size_t{4095}, std::size_t{4096}, last}) {
        for (const float bad : {std::nanf(""), HUGE_VALF, -HUGE_VALF}) {
          Optimizer optimizer(s, layout);
          std::vector<float> p(layout.parameters, 1.0F);
          std::vector<float> gradient(layout.parameters, 0.5F);
          EXPECT_TRUE(optimizer.step(p, gradient, 0.1));
          gradient[at] = bad;
          EXPECT_FALSE(optimizer.step(p, gradient, 0.1)) << at << " " << bad;
        }
      }
    }
  }
}

TEST(Optimizer, LeavesBiasesAndGainsUndecayed) {
  NetworkShape shape{1, {1}, 1, Activation::relu, Activation::identity};
  shape.norm = Norm::layer;
  const MlpLayout layout(shape);
  ASSERT_EQ(layout.parameters, 5U);  // weight, bias, gain; weight, bias
  for (const bool l1 : {false, true}) {
    TrainingSettings s;
    s.optimizer = OptimizerKind::sgd;
    (l1 ? s.l1 : s.weight_decay) = 0.5;
    Optimizer optimizer(s, layout);
    std::vector<float> p(5, 1.0F);
    EXPECT_TRUE(optimizer.step(p, std::vector<float>(5, 0.0F), 0.1));
    EXPECT_EQ(p, (std::vector<float>{0.95F, 1.0F, 1.0F, 0.95F, 1.0F}));
  }
}

TEST(Optimizer, EveryKindMinimisesAQuadratic) {
  for (const std::string& kind : optimizer_names()) {
    TrainingSettings s;
    ASSERT_TRUE(parse_name(kind, s.optimizer));
    Optimizer optimizer(s, tiny);
    std::vector<float> p{2.0F, -1.0F};
    for (int i = 0; i < 3000; ++i) {
      const double rate = 0.02 * (1 - i / 3000.0);
      EXPECT_TRUE(optimizer.step(p, std::vector<float>{p[0] - 0.5F, 4 * (p[1] - 0.25F)}, rate));
    }
    EXPECT_NEAR(p[0], 0.5, 2e-3) << kind;
    EXPECT_NEAR(p[1], 0.25, 2e-3) << kind;
  }
}

double rate(ScheduleKind kind, std::uint64_t step, double factor = 0.1, std::uint32_t count = 3,
            double warmup = 0) {
  TrainingSettings s;
  s.learning_rate = 2;
  s.schedule = kind;
  s.schedule_factor = factor;
  s.schedule_count = count;
  s.warmup = warmup;
  return learning_rate_at(s, step, 1000);
}

TEST(Schedule, FollowsItsClosedForm) {
  EXPECT_EQ(rate(ScheduleKind::constant, 999), 2);
  EXPECT_EQ(rate(ScheduleKind::reduce_on_plateau, 999), 2);
  EXPECT_NEAR(rate(ScheduleKind::cosine, 250), 1 + std::cos(std::numbers::pi / 4), 1e-12);
  EXPECT_NEAR(rate(ScheduleKind::linear, 250), 1.5, 1e-12);
  EXPECT_NEAR(rate(ScheduleKind::step, 249), 2, 1e-12);
  EXPECT_NEAR(rate(ScheduleKind::step, 250), 0.2, 1e-12);
  EXPECT_NEAR(rate(ScheduleKind::step, 999), 0.002, 1e-12);
  EXPECT_NEAR(rate(ScheduleKind::exponential, 500), 2 * std::sqrt(0.1), 1e-12);
  EXPECT_NEAR(rate(ScheduleKind::one_cycle, 0), 2.0 / 25, 1e-12);
  EXPECT_NEAR(rate(ScheduleKind::one_cycle, 300), 2, 1e-12);
  EXPECT_LT(rate(ScheduleKind::one_cycle, 999), 1e-4);
  EXPECT_NEAR(rate(ScheduleKind::cyclic, 0, 0.5, 2), 1, 1e-12);
  EXPECT_NEAR(rate(ScheduleKind::cyclic, 250, 0.5, 2), 2, 1e-12);
  EXPECT_NEAR(rate(ScheduleKind::cyclic, 500, 0.5, 2), 1, 1e-12);
  EXPECT_NEAR(rate(ScheduleKind::cyclic, 625, 0.5, 2), 1.5, 1e-12);
}

TEST(Schedule, WarmsUpFirst) {
  for (const std::string& name : schedule_names()) {
    ScheduleKind kind{};
    ASSERT_TRUE(parse_name(name, kind));
    EXPECT_NEAR(rate(kind, 0, 0.1, 3, 0.1), 0.02, 1e-12) << name;
    EXPECT_NEAR(rate(kind, 49, 0.1, 3, 0.1), 1, 1e-12) << name;
    EXPECT_LE(rate(kind, 999, 0.1, 3, 0.1), 2) << name;
  }
}

// Of 20,000 weights: their variance, and the kurtosis, by which 1.8 is uniform and 3 normal.
struct Moments {
  double variance, kurtosis;
};

Moments moments_of_weights(Activation activation, Initialisation kind) {
  const NetworkShape shape{200, {100}, 1, activation, Activation::identity};
  std::vector<float> p(MlpLayout(shape).parameters);
  initialise(shape, kind, Rng(1, Purpose::initialise), p);
  double second = 0;
  double fourth = 0;
  for (std::size_t i = 0; i < 20000; ++i) {
    const double square = static_cast<double>(p[i]) * static_cast<double>(p[i]);
    second += square / 20000;
    fourth += square * square / 20000;
  }
  return {second, fourth / (second * second)};
}

TEST(Initialise, HasItsVarianceAndForm) {
  for (const auto& [kind, expected] : {std::pair(Initialisation::he_normal, 2.0 / 200),
                                       {Initialisation::he_uniform, 2.0 / 200},
                                       {Initialisation::glorot_normal, 2.0 / 300},
                                       {Initialisation::glorot_uniform, 2.0 / 300},
                                       {Initialisation::lecun_normal, 1.0 / 200},
                                       {Initialisation::lecun_uniform, 1.0 / 200},
                                       {Initialisation::automatic, 1.0 / 200}}) {
    const Moments found = moments_of_weights(Activation::relu, kind);
    EXPECT_NEAR(found.variance, expected, 5 * expected * std::sqrt(2.0 / 20000)) << name(kind);
    const bool uniform = std::string(name(kind)).ends_with("_uniform");
    if (kind != Initialisation::automatic) {
      EXPECT_NEAR(found.kurtosis, uniform ? 1.8 : 3.0, 0.2) << name(kind);
    }
  }
}

TEST(Initialise, SuitsTheActivationByDefault) {
  for (const auto& [activation, expected] : {std::pair(Activation::relu, 1.0 / 200),
                                             {Activation::leaky_relu, 1.0 / 200},
                                             {Activation::gelu, 1.0 / 200},
                                             {Activation::selu, 1.0 / 200},
                                             {Activation::tanh, 2.0 / 300},
                                             {Activation::sigmoid, 2.0 / 300}}) {
    EXPECT_NEAR(moments_of_weights(activation, Initialisation::automatic).variance, expected,
                5 * expected * std::sqrt(2.0 / 20000))
        << name(activation);
  }
}

// Of an orthogonal layer of n x n: entries as of a vector drawn uniformly from the sphere, whose
// second and fourth moments are 1 / n and 3 / (n (n + 2)), in every row and column, and no row
// or column close to another's.
TEST(Initialise, LongOrthogonalVectorsAreSpreadLikeUniformOnes) {
  for (const std::uint32_t n : {65U, 128U, 129U, 256U, 300U, 383U, 385U, 511U}) {
    const NetworkShape shape{n, {n}, 1, Activation::relu, Activation::identity};
    std::vector<float> p(MlpLayout(shape).parameters);
    initialise(shape, Initialisation::orthogonal, Rng(n, Purpose::initialise), p);
    double fourth = 0;
    double largest = 0;
    std::vector<double> sums(2 * n, 0.0);
    for (std::size_t i = 0; i < n; ++i) {
      for (std::size_t j = 0; j < n; ++j) {
        const auto v = static_cast<double>(p[i * n + j]);
        fourth += v * v * v * v * (n + 2) / n;
        largest = std::max(largest, std::abs(v));
        sums[i] += v;
        sums[n + j] += v;
      }
    }
    // n * n normal numbers' fourth powers have variance 96, their squares 2: three deviations.
    EXPECT_NEAR(fourth, 3, 3 * std::sqrt(96.0) / n) << n;
    EXPECT_LT(largest, 6.5 / std::sqrt(n)) << n;
    double square = 0;  // of the sums of rows and columns, each with variance 1
    for (const double sum : sums) {
      square += sum * sum / (2 * n);
      EXPECT_LT(std::abs(sum), 5) << n;
    }
    EXPECT_NEAR(square, 1, 3 * std::sqrt(2.0 / (2 * n))) << n;
  }
}

TEST(Initialise, LayersOfOneShapeDiffer) {
  for (const Initialisation kind :
       {Initialisation::lecun_uniform, Initialisation::he_normal, Initialisation::orthogonal}) {
    const NetworkShape shape{160, {160, 160}, 1, Activation::relu, Activation::identity};
    const MlpLayout layout(shape);
    std::vector<float> p(layout.parameters);
    initialise(shape, kind, Rng(1, Purpose::initialise), p);
    const std::size_t n = 160 * 160;
    double both = 0;
    double squares = 0;
    for (std::size_t i = 0; i < n; ++i) {
      const auto a = static_cast<double>(p[layout.layers[0].weights + i]);
      const auto b = static_cast<double>(p[layout.layers[1].weights + i]);
      both += a * b;
      squares += (a * a + b * b) / 2;
    }
    EXPECT_LT(std::abs(both / squares), 5 / std::sqrt(static_cast<double>(n))) << name(kind);
  }
}

// The shorter side's vectors are orthonormal: columns of a tall matrix, rows of a wide one.
TEST(Initialise, IsOrthogonal) {
  for (const auto& [in, out] : {std::pair<std::uint32_t, std::uint32_t>{200, 100},
                                {100, 100},
                                {37, 101},
                                {101, 37},
                                {129, 129},
                                {256, 256},
                                {20, 300},
                                {257, 31}}) {
    const NetworkShape shape{in, {out}, 1, Activation::relu, Activation::identity};
    std::vector<float> p(MlpLayout(shape).parameters);
    initialise(shape, Initialisation::orthogonal, Rng(1, Purpose::initialise), p);
    const bool tall = in >= out;
    const std::size_t count = std::min(in, out);
    const auto element = [&](std::size_t vector, std::size_t i) {
      return static_cast<double>(tall ? p[i * out + vector] : p[vector * out + i]);
    };
    for (std::size_t a = 0; a < count; ++a) {
      for (std::size_t b = 0; b < count; ++b) {
        double dot = 0;
        for (std::size_t i = 0; i < std::max(in, out); ++i) {
          dot += element(a, i) * element(b, i);
        }
        ASSERT_NEAR(dot, a == b ? 1 : 0, 1e-6) << in << " x " << out << ": " << a << ", " << b;
      }
    }
  }
}

}  // namespace
}  // namespace twostep
