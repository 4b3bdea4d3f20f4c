#include "twostep/train/reference_engine.hpp"

#include <gtest/gtest.h>

#include "support/feature_suite.hpp"

namespace twostep {
namespace {

TEST(Activations, HaveTheirClosedForms) {
  const double z = 0.7;
  EXPECT_DOUBLE_EQ(activate(Activation::relu, -1), 0);
  EXPECT_DOUBLE_EQ(activate(Activation::leaky_relu, -2), -0.02);
  EXPECT_DOUBLE_EQ(activate(Activation::elu, -1), std::exp(-1.0) - 1);
  EXPECT_DOUBLE_EQ(activate(Activation::gelu, z), 0.5 * z * (1 + std::erf(z / std::sqrt(2.0))));
  EXPECT_DOUBLE_EQ(activate(Activation::silu, z), z / (1 + std::exp(-z)));
  EXPECT_DOUBLE_EQ(activate(Activation::tanh, z), std::tanh(z));
  EXPECT_DOUBLE_EQ(activate(Activation::sigmoid, z), 1 / (1 + std::exp(-z)));
  EXPECT_NEAR(activate(Activation::softplus, z), std::log1p(std::exp(z)), 1e-15);
  EXPECT_NEAR(activate(Activation::selu, -1), -1.1113307378125625,
              1e-15);  // lambda alpha (1/e - 1)
  EXPECT_TRUE(std::isfinite(activate(Activation::softplus, 800)));
}

TEST(Activations, SlopesAreDerivatives) {
  for (const Activation a : test::all_activations()) {
    for (const double z : {-3.0, -0.5, 0.3, 2.0}) {
      const double h = 1e-6;
      const double slope = (activate(a, z + h) - activate(a, z - h)) / (2 * h);
      EXPECT_NEAR(activation_slope(a, z), slope, 1e-8) << name(a) << " at " << z;
    }
  }
}

// dLoss/dparameter, Loss = sum(dy * y), by central differences of two widths, extrapolated to
// width 0 (Richardson 1911), so that the error is of the fourth order. The forward pass returns
// float32, so a difference is good to some 1e-7 / h.
void expect_finite_differences(const NetworkShape& shape, std::vector<float> parameters,
                               const std::string& label) {
  const auto engine = make_reference_engine();
  const std::uint32_t rows = 6;
  const auto x = test::normals(rows * shape.inputs, 10);
  const auto dy = test::normals(rows * shape.outputs, 11);
  const BatchContext batch{3, 1, 4, 0, rows, nullptr};
  std::vector<float> state = initial_state(shape);
  std::vector<float> y(rows * shape.outputs);
  std::vector<float> gradient(parameters.size());
  const auto network = engine->compile(shape, rows, Pass::training);
  network->forward(parameters, state, x, y, batch);
  network->backward(parameters, x, dy, gradient, nullptr);
  const auto loss = [&] {
    network->forward(parameters, state, x, y, batch);
    double sum = 0;
    for (std::size_t i = 0; i < y.size(); ++i) {
      sum += static_cast<double>(dy[i]) * static_cast<double>(y[i]);
    }
    return sum;
  };
  const auto difference = [&](std::size_t p, float h) {
    const float kept = parameters[p];
    parameters[p] = kept + h;
    const double up = parameters[p];
    const double high = loss();
    parameters[p] = kept - h;
    const double down = parameters[p];
    const double low = loss();
    parameters[p] = kept;
    return (high - low) / (up - down);
  };
  for (std::size_t p = 0; p < parameters.size(); ++p) {
    const double slope = (4 * difference(p, 4e-3F) - difference(p, 8e-3F)) / 3;
    EXPECT_NEAR(static_cast<double>(gradient[p]), slope, 1e-3) << label << " parameter " << p;
  }
}

TEST(ReferenceEngine, GradientsAreFiniteDifferences) {
  for (const Activation activation : test::all_activations()) {
    const NetworkShape shape{3, {4, 5}, 2, activation, Activation::tanh};
    expect_finite_differences(shape, test::normals(MlpLayout(shape).parameters, 9, 0.6),
                              name(activation));
  }
}

TEST(ReferenceEngine, GradientsOfEveryFeatureAreFiniteDifferences) {
  for (const test::Feature& f : test::features()) {
    if (f.smooth) {
      expect_finite_differences(f.shape, test::some_parameters(f.shape), f.label);
    }
  }
}

TEST(ReferenceEngine, ATeamFindsWhatOneFinds) {
  test::expect_team_like_one(make_reference_engine);
}

TEST(ReferenceEngine, DropsTheSameUnitsInTeamsOfAnySize) {
  test::expect_same_units_dropped(make_reference_engine);
}

// The first batch of a training is all that the running statistics know, so an inference pass over
// it differs from the training pass by the unbiased variance alone.
TEST(ReferenceEngine, InferenceUsesTheRunningStatistics) {
  NetworkShape shape{2, {3}, 1, Activation::identity, Activation::identity};
  shape.norm = Norm::batch;
  const auto parameters = test::some_parameters(shape);
  const std::uint32_t rows = 50;
  const auto x = test::normals(rows * 2, 4);
  std::vector<float> state = initial_state(shape);
  std::vector<float> y(rows);
  std::vector<float> inferred(rows);
  const auto engine = make_reference_engine();
  const auto training = engine->compile(shape, rows, Pass::training);
  const auto inference = engine->compile(shape, rows, Pass::inference);
  training->forward(parameters, state, x, y, {0, 0, 0, 0, rows, nullptr});
  inference->infer({parameters, state}, x, inferred);
  const MlpLayout layout(shape);
  double offset = parameters[layout.layers[1].biases];
  for (std::size_t u = 0; u < 3; ++u) {
    offset += static_cast<double>(parameters[layout.layers[0].biases + u] *
                                  parameters[layout.layers[1].weights + u]);
  }
  for (std::size_t i = 0; i < rows; ++i) {
    EXPECT_NEAR((inferred[i] - offset) / (y[i] - offset), std::sqrt(49.0 / 50.0), 1e-4);
  }
  // Later batches count a tenth; the second one half.
  const std::vector<float> first = state;
  std::vector<float> other(x.begin(), x.end());
  for (float& v : other) {
    v += 1.0F;
  }
  std::vector<float> fresh = initial_state(shape);
  training->forward(parameters, fresh, other, y, {0, 0, 0, 0, rows, nullptr});
  training->forward(parameters, state, other, y, {0, 0, 1, 0, rows, nullptr});
  EXPECT_NEAR(state[0], 0.5F * (first[0] + fresh[0]), 1e-5F);
  std::vector<float> late = first;
  training->forward(parameters, late, other, y, {0, 0, 40, 0, rows, nullptr});
  EXPECT_NEAR(late[0], 0.9F * first[0] + 0.1F * fresh[0], 1e-5F);
}

TEST(ReferenceEngine, NoiseHasItsDeviation) {
  NetworkShape shape{1, {}, 1, Activation::identity, Activation::identity};
  shape.input_noise = 0.5;
  const std::uint32_t rows = 4000;
  const std::vector<float> x(rows, 2.0F);
  std::vector<float> y(rows);
  const std::vector<float> parameters{1.0F, 0.0F};
  const auto engine = make_reference_engine();
  engine->compile(shape, rows, Pass::training)
      ->forward(parameters, {}, x, y, {1, 1, 1, 0, rows, nullptr});
  double mean = 0;
  double square = 0;
  for (const float v : y) {
    mean += static_cast<double>(v - 2.0F) / rows;
    square += std::pow(static_cast<double>(v - 2.0F), 2) / rows;
  }
  EXPECT_NEAR(mean, 0, 0.04);  // five of its deviations
  EXPECT_NEAR(std::sqrt(square), 0.5, 0.03);
  engine->compile(shape, rows, Pass::inference)->infer({parameters, {}}, x, y);
  EXPECT_EQ(y, x);
}

}  // namespace
}  // namespace twostep
