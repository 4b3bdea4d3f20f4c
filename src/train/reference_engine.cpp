#include "twostep/train/reference_engine.hpp"

#include <cmath>
#include <numbers>

#include "train/reference_layer.hpp"
#include "twostep/base/check.hpp"
#include "twostep/ports/layer_rules.hpp"

namespace twostep {
namespace {

class ReferenceNetwork : public Network {
 public:
  ReferenceNetwork(const NetworkShape& shape, std::uint32_t rows, Pass pass)
      : shape_(shape), layout_(shape), rows_(rows), pass_(pass) {
    for (std::size_t l = 0; l < layout_.layers.size(); ++l) {
      layers_.emplace_back(shape, l, rows);
    }
  }

  void forward(std::span<const float> parameters, std::span<float> state, std::span<const float> x,
               std::span<float> y, const BatchContext& batch) override {
    TWOSTEP_REQUIRE(pass_ == Pass::training);
    batch_ = batch;
    run({parameters, state}, state, x, y, &batch);
  }

  void infer(const Weights& weights, std::span<const float> x, std::span<float> y) override {
    TWOSTEP_REQUIRE(pass_ == Pass::inference);
    run(weights, {}, x, y, nullptr);
  }

  void backward(std::span<const float> parameters, std::span<const float>,
                std::span<const float> dy, std::span<float> gradient, GradientSink* sink) override {
    TWOSTEP_REQUIRE(pass_ == Pass::training);
    TWOSTEP_REQUIRE(dy.size() == rows_ * shape_.outputs && gradient.size() == layout_.parameters);
    std::vector<double> delta(dy.begin(), dy.end());
    for (std::size_t l = layers_.size(); l-- > 0;) {
      const std::vector<double>& in = l == 0 ? input_ : layers_[l - 1].output();
      delta = layers_[l].backward(parameters, in, delta, gradient, batch_);
      if (sink != nullptr) {
        sink->ready(layout_.layers[l].weights, layout_.layers[l].end());
      }
    }
  }

 private:
  NetworkShape shape_;
  MlpLayout layout_;
  std::size_t rows_;
  Pass pass_;
  BatchContext batch_;
  std::vector<double> input_;  // with its noise
  std::vector<ReferenceLayer> layers_;

  void run(const Weights& weights, std::span<float> moved, std::span<const float> x,
           std::span<float> y, const BatchContext* batch) {
    TWOSTEP_REQUIRE(weights.parameters.size() == layout_.parameters &&
                    weights.state.size() == layout_.state);
    TWOSTEP_REQUIRE(x.size() == rows_ * shape_.inputs && y.size() == rows_ * shape_.outputs);
    input_.assign(x.begin(), x.end());
    if (batch != nullptr && shape_.input_noise > 0) {
      add_noise(*batch);
    }
    for (std::size_t l = 0; l < layers_.size(); ++l) {
      const std::vector<double>& in = l == 0 ? input_ : layers_[l - 1].output();
      layers_[l].forward(weights.parameters, weights.state, moved, in, batch);
    }
    const std::vector<double>& out = layers_.back().output();
    for (std::size_t i = 0; i < y.size(); ++i) {
      y[i] = static_cast<float>(out[i]);
    }
  }

  void add_noise(const BatchContext& batch) {
    const Rng rng = noise_rng(batch);
    for (std::size_t i = 0; i < input_.size(); ++i) {
      const auto column = static_cast<std::uint32_t>(i % shape_.inputs);
      const auto words = rng.block(batch.first_row + i / shape_.inputs, column / 4);
      const std::uint64_t pair = words[column % 4 / 2];
      const double u = (static_cast<double>(pair & 0xffffffffU) + 0.5) * 0x1p-32;
      const double angle = 2 * std::numbers::pi * static_cast<double>(pair >> 32) * 0x1p-32;
      const double radius = std::sqrt(-2 * std::log(u));
      input_[i] +=
          shape_.input_noise * radius * (column % 2 == 0 ? std::cos(angle) : std::sin(angle));
    }
  }
};

class ReferenceEngine : public Engine {
 public:
  [[nodiscard]] std::unique_ptr<Network> compile(const NetworkShape& shape, std::uint32_t rows,
                                                 Pass pass) override {
    return std::make_unique<ReferenceNetwork>(shape, rows, pass);
  }
  [[nodiscard]] std::string description() const override { return "reference (plain loops)"; }
};

}  // namespace

std::unique_ptr<Engine> make_reference_engine() {
  return std::make_unique<ReferenceEngine>();
}

}  // namespace twostep
