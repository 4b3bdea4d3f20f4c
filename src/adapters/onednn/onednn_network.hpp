// A compiled network: its layers in order, and the memory between them.
#pragma once

#include <array>
#include <vector>

#include "adapters/onednn/dense_layer.hpp"

namespace twostep::onednn {

class OneDnnNetwork : public Network {
 public:
  OneDnnNetwork(Primitives& primitives, const NetworkShape& shape, std::uint32_t batch, Pass pass);
  void forward(std::span<const float> parameters, std::span<float> state, std::span<const float> x,
               std::span<float> y, const BatchContext& batch) override;
  void backward(std::span<const float> parameters, std::span<const float> x,
                std::span<const float> dy, std::span<float> gradient, GradientSink* sink) override;
  void infer(const Weights& weights, std::span<const float> x, std::span<float> y) override;

 private:
  MlpLayout layout_;
  std::size_t batch_;
  Pass pass_;
  std::vector<DenseLayer> layers_;
  std::vector<Buffer<float>> kept_;        // training: what each layer's slope is computed from
  std::array<Buffer<float>, 2> by_turns_;  // inference: results; training: their gradients
  Buffer<float> last_delta_;               // the caller's dy is not ours to write on

  void run(std::span<const float> parameters, std::span<const float> x, std::span<float> y);
  [[nodiscard]] float* result(std::size_t layer, std::span<float> y);
};

}  // namespace twostep::onednn
