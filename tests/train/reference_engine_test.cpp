#include "twostep/train/reference_engine.hpp"

#include <gtest/gtest.h>

#include "support/engine_suite.hpp"

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

// dLoss/dparameter by central differences, Loss = sum(dy * y). The forward pass returns float32, so
// a difference is good to some 1e-7 / h.
TEST(ReferenceEngine, GradientsAreFiniteDifferences) {
  const auto engine = make_reference_engine();
  for (const Activation activation : test::all_activations()) {
    const NetworkShape shape{3, {4, 5}, 2, activation, Activation::tanh};
    const MlpLayout layout(shape);
    const std::uint32_t batch = 6;
    auto parameters = test::normals(layout.parameters, 9, 0.6);
    const auto x = test::normals(batch * 3, 10);
    const auto dy = test::normals(batch * 2, 11);
    std::vector<float> y(batch * 2);
    std::vector<float> gradient(layout.parameters);
    const auto network = engine->compile(shape, batch, Pass::training);
    network->forward(parameters, {}, x, y, {});
    network->backward(parameters, x, dy, gradient, nullptr);
    const auto loss = [&] {
      network->forward(parameters, {}, x, y, {});
      double sum = 0;
      for (std::size_t i = 0; i < y.size(); ++i) {
        sum += static_cast<double>(dy[i]) * static_cast<double>(y[i]);
      }
      return sum;
    };
    for (std::size_t p = 0; p < layout.parameters; ++p) {
      const float kept = parameters[p];
      parameters[p] = kept + 4e-3F;
      const double up = parameters[p];
      const double high = loss();
      parameters[p] = kept - 4e-3F;
      const double down = parameters[p];
      const double low = loss();
      parameters[p] = kept;
      EXPECT_NEAR(static_cast<double>(gradient[p]), (high - low) / (up - down), 2e-3)
          << name(activation) << " parameter " << p;
    }
  }
}

}  // namespace
}  // namespace twostep
