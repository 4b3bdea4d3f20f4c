#include "train/empty_network.hpp"

#include "twostep/base/check.hpp"
#include "twostep/ports/layer_rules.hpp"
#include "twostep/ports/mlp_layout.hpp"

namespace twostep {
namespace {

class EmptyNetwork : public Network {
 public:
  explicit EmptyNetwork(const NetworkShape& shape)
      : layout_(shape), batch_norm_(shape.norm == Norm::batch) {}

  void forward(std::span<const float>, std::span<float> state, std::span<const float>,
               std::span<float>, const BatchContext& batch) override {
    batch_ = batch;
    for (std::size_t l = 0; batch_norm_ && l + 1 < layout_.layers.size(); ++l) {
      const std::size_t n = 2 * layout_.layers[l].outputs;
      sums_.assign(n, 0.0);
      finish_moments(sums_, state.subspan(layout_.layers[l].state, n), batch);
    }
  }

  void backward(std::span<const float>, std::span<const float>, std::span<const float>,
                std::span<float> gradient, GradientSink* sink) override {
    for (std::size_t l = layout_.layers.size(); l-- > 0;) {
      const LayerLayout& layer = layout_.layers[l];
      if (batch_norm_ && layer.normalised) {
        sums_.assign(2 * layer.outputs, 0.0);
        finish_slopes(sums_, batch_);
      }
      std::fill_n(gradient.begin() + static_cast<long>(layer.weights), layer.end() - layer.weights,
                  0.0F);
      if (sink != nullptr) {
        sink->ready(layer.weights, layer.end());
      }
    }
  }

  void infer(const Weights&, std::span<const float>, std::span<float>) override {
    TWOSTEP_REQUIRE(false);
  }

 private:
  MlpLayout layout_;
  bool batch_norm_;
  BatchContext batch_;
  std::vector<double> sums_;
};

}  // namespace

std::unique_ptr<Network> make_empty_network(const NetworkShape& shape) {
  return std::make_unique<EmptyNetwork>(shape);
}

}  // namespace twostep
