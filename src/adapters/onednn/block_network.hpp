// A network whose layers have norms, dropout, skips, noise on its inputs or a softmax.
#pragma once

#include <array>
#include <vector>

#include "adapters/onednn/block.hpp"

namespace twostep::onednn {

// Whether OneDnnNetwork does.
[[nodiscard]] bool is_plain(const NetworkShape& shape);

class BlockNetwork : public Network {
 public:
  BlockNetwork(Primitives& primitives, const NetworkShape& shape, std::uint32_t rows, Pass pass);
  void forward(std::span<const float> parameters, std::span<float> state, std::span<const float> x,
               std::span<float> y, const BatchContext& batch) override;
  void backward(std::span<const float> parameters, std::span<const float> x,
                std::span<const float> dy, std::span<float> gradient, GradientSink* sink) override;
  void infer(const Weights& weights, std::span<const float> x, std::span<float> y) override;

 private:
  MlpLayout layout_;
  std::size_t rows_;
  Pass pass_;
  float noise_;
  BatchContext batch_;
  std::vector<Block> blocks_;
  Buffer<float> noisy_;                    // inputs with their noise
  std::array<Buffer<float>, 2> by_turns_;  // gradients of the layers' outputs
  Buffer<float> room_;
  std::vector<float> drawn_;

  void run(const Weights& weights, std::span<float> moved, const float* in, std::span<float> y,
           const BatchContext* batch);
};

}  // namespace twostep::onednn
