// One layer with all that may stand around its product: norm, activation, dropout, skip. Networks
// without any of these are OneDnnNetworks and pay for none of it.
#pragma once

#include <vector>

#include "adapters/onednn/buffer.hpp"
#include "adapters/onednn/operand.hpp"
#include "adapters/onednn/product.hpp"
#include "twostep/ports/mlp_layout.hpp"

namespace twostep::onednn {

class Block {
 public:
  Block(Primitives& primitives, const NetworkShape& shape, std::size_t index, std::size_t rows,
        Pass pass);

  // in: [rows, inputs]. moved: the state, whose running statistics move; batch: nullptr in an
  // inference pass.
  void forward(const Weights& weights, std::span<float> moved, const float* in,
               const BatchContext* batch);
  [[nodiscard]] const float* output() const {
    return output_.get() != nullptr ? output_.get() : after_.get();
  }
  // above: dLoss/doutput. Writes the layer's part of the gradient and, but for the first layer,
  // below = dLoss/din. room: [rows, outputs], neither of the others.
  void backward(const float* parameters, const float* in, const float* above, float* room,
                float* below, float* gradient, const BatchContext& batch);

 private:
  const dnnl::stream& stream_;
  LayerLayout at_;
  std::size_t index_;
  std::size_t rows_;
  Activation activation_;
  Norm norm_;
  Product forward_;
  Product weight_gradient_;
  Product data_gradient_;
  Operand x_, weights_, dz_;
  std::shared_ptr<Eltwise> eltwise_;  // activations that are not fused behind the matmul
  Buffer<float> normalised_;
  Buffer<float> before_;  // what the activation is of, where that is not fused
  Buffer<float> after_;   // act(before)
  Buffer<float> mask_;    // 0 or 1 / (1 - p); training with dropout
  Buffer<float> output_;  // with dropout or a skip
  std::vector<double> sums_;
  std::vector<float> mean_;     // batch norm: of the columns
  std::vector<float> inverse_;  // 1 / deviation, of columns or (layer norm) rows
  std::vector<std::uint32_t> words_;

  void normalise(const Weights& weights, std::span<float> moved, const BatchContext* batch);
  void activate();
  void draw_mask(const BatchContext& batch);
  void add_skip_and_drop(const float* in, bool drops);
  [[nodiscard]] const float* slope_of_activation(const float* above, float* room,
                                                 float* bias_gradient);
  void slope_of_norm(const float* parameters, const float* delta, float* dz, float* gain_gradient,
                     const BatchContext& batch);
};

}  // namespace twostep::onednn
