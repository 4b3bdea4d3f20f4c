#include "twostep/train/reference_engine.hpp"

#include <cmath>
#include <numbers>

#include "twostep/base/check.hpp"
#include "twostep/ports/mlp_layout.hpp"

namespace twostep {
namespace {

double sigmoid(double z) {
  return 1.0 / (1.0 + std::exp(-z));
}
double normal_cdf(double z) {
  return 0.5 * std::erfc(-z / std::numbers::sqrt2);
}

class ReferenceNetwork : public Network {
 public:
  ReferenceNetwork(const NetworkShape& shape, std::uint32_t batch, Pass pass)
      : shape_(shape), layout_(shape), batch_(batch), pass_(pass) {
    for (const LayerLayout& layer : layout_.layers) {
      before_.emplace_back(layer.outputs * batch);
      after_.emplace_back(layer.outputs * batch);
    }
  }

  void forward(std::span<const float> parameters, std::span<float> state, std::span<const float> x,
               std::span<float> y, const BatchContext&) override {
    TWOSTEP_REQUIRE(pass_ == Pass::training);
    run({parameters, state}, x, y);
  }

  void infer(const Weights& weights, std::span<const float> x, std::span<float> y) override {
    TWOSTEP_REQUIRE(pass_ == Pass::inference);
    run(weights, x, y);
  }

  void backward(std::span<const float> parameters, std::span<const float>,
                std::span<const float> dy, std::span<float> gradient, GradientSink* sink) override {
    TWOSTEP_REQUIRE(pass_ == Pass::training);
    TWOSTEP_REQUIRE(dy.size() == after_.back().size() && gradient.size() == layout_.parameters);
    std::vector<double> delta(dy.begin(), dy.end());
    std::size_t end = layout_.parameters;
    for (std::size_t l = layout_.layers.size(); l-- > 0;) {
      delta = backward_layer(l, parameters, std::move(delta), gradient);
      if (sink != nullptr) {
        sink->ready(layout_.layers[l].weights, end);
      }
      end = layout_.layers[l].weights;
    }
  }

 private:
  NetworkShape shape_;
  MlpLayout layout_;
  std::size_t batch_;
  Pass pass_;
  std::vector<double> input_;
  std::vector<std::vector<double>> before_;  // z = x W + b
  std::vector<std::vector<double>> after_;   // act(z)

  [[nodiscard]] Activation activation(std::size_t l) const {
    return l + 1 == layout_.layers.size() ? shape_.output_activation : shape_.activation;
  }

  void run(const Weights& weights, std::span<const float> x, std::span<float> y) {
    TWOSTEP_REQUIRE(weights.parameters.size() == layout_.parameters &&
                    weights.state.size() == layout_.state);
    TWOSTEP_REQUIRE(x.size() == batch_ * shape_.inputs && y.size() == batch_ * shape_.outputs);
    input_.assign(x.begin(), x.end());
    for (std::size_t l = 0; l < layout_.layers.size(); ++l) {
      forward_layer(l, weights.parameters);
    }
    for (std::size_t i = 0; i < y.size(); ++i) {
      y[i] = static_cast<float>(after_.back()[i]);
    }
  }

  void forward_layer(std::size_t l, std::span<const float> p) {
    const LayerLayout& layer = layout_.layers[l];
    const std::vector<double>& in = l == 0 ? input_ : after_[l - 1];
    for (std::size_t b = 0; b < batch_; ++b) {
      for (std::size_t o = 0; o < layer.outputs; ++o) {
        double z = p[layer.biases + o];
        for (std::size_t i = 0; i < layer.inputs; ++i) {
          z += in[b * layer.inputs + i] * p[layer.weights + i * layer.outputs + o];
        }
        before_[l][b * layer.outputs + o] = z;
        after_[l][b * layer.outputs + o] = activate(activation(l), z);
      }
    }
  }

  std::vector<double> backward_layer(std::size_t l, std::span<const float> p,
                                     std::vector<double> delta, std::span<float> gradient) {
    const LayerLayout& layer = layout_.layers[l];
    const std::vector<double>& in = l == 0 ? input_ : after_[l - 1];
    for (std::size_t i = 0; i < delta.size(); ++i) {
      delta[i] *= activation_slope(activation(l), before_[l][i]);
    }
    std::vector<double> below(batch_ * layer.inputs);
    for (std::size_t i = 0; i < layer.inputs; ++i) {
      for (std::size_t o = 0; o < layer.outputs; ++o) {
        const double w = p[layer.weights + i * layer.outputs + o];
        double sum = 0;
        for (std::size_t b = 0; b < batch_; ++b) {
          sum += in[b * layer.inputs + i] * delta[b * layer.outputs + o];
          below[b * layer.inputs + i] += w * delta[b * layer.outputs + o];
        }
        gradient[layer.weights + i * layer.outputs + o] = static_cast<float>(sum);
      }
    }
    for (std::size_t o = 0; o < layer.outputs; ++o) {
      double sum = 0;
      for (std::size_t b = 0; b < batch_; ++b) {
        sum += delta[b * layer.outputs + o];
      }
      gradient[layer.biases + o] = static_cast<float>(sum);
    }
    return below;
  }
};

class ReferenceEngine : public Engine {
 public:
  [[nodiscard]] std::unique_ptr<Network> compile(const NetworkShape& shape, std::uint32_t batch,
                                                 Pass pass) override {
    return std::make_unique<ReferenceNetwork>(shape, batch, pass);
  }
  [[nodiscard]] std::string description() const override { return "reference (plain loops)"; }
};

}  // namespace

double activate(Activation activation, double z) {
  switch (activation) {
    case Activation::identity:
      return z;
    case Activation::relu:
      return z > 0 ? z : 0;
    case Activation::leaky_relu:
      return z > 0 ? z : leaky_slope * z;
    case Activation::elu:
      return z > 0 ? z : std::expm1(z);
    case Activation::gelu:
      return z * normal_cdf(z);
    case Activation::silu:
      return z * sigmoid(z);
    case Activation::tanh:
      return std::tanh(z);
    case Activation::sigmoid:
      return sigmoid(z);
    case Activation::softplus:
      return z > 30 ? z : std::log1p(std::exp(z));
    case Activation::selu:
      return selu_lambda * (z > 0 ? z : selu_alpha * std::expm1(z));
  }
  return z;
}

double activation_slope(Activation activation, double z) {
  switch (activation) {
    case Activation::identity:
      return 1;
    case Activation::relu:
      return z > 0 ? 1 : 0;
    case Activation::leaky_relu:
      return z > 0 ? 1 : leaky_slope;
    case Activation::elu:
      return z > 0 ? 1 : std::exp(z);
    case Activation::gelu:
      return normal_cdf(z) + z * std::exp(-0.5 * z * z) / std::sqrt(2 * std::numbers::pi);
    case Activation::silu:
      return sigmoid(z) * (1 + z * (1 - sigmoid(z)));
    case Activation::tanh:
      return 1 - std::tanh(z) * std::tanh(z);
    case Activation::sigmoid:
      return sigmoid(z) * (1 - sigmoid(z));
    case Activation::softplus:
      return sigmoid(z);
    case Activation::selu:
      return selu_lambda * (z > 0 ? 1 : selu_alpha * std::exp(z));
  }
  return 1;
}

std::unique_ptr<Engine> make_reference_engine() {
  return std::make_unique<ReferenceEngine>();
}

}  // namespace twostep
