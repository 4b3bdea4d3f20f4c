// One fully connected layer y = act(x W + b) of a compiled network: which kernels compute it, and
// the memory it keeps between the passes.
#pragma once

#include "adapters/onednn/buffer.hpp"
#include "adapters/onednn/operand.hpp"
#include "adapters/onednn/product.hpp"
#include "twostep/ports/mlp_layout.hpp"

namespace twostep::onednn {

class DenseLayer {
 public:
  // needs_dx: whether backward is asked for the gradient of the layer's input. x_pad, y_pad:
  // numbers between the rows of x and y; only activations whose slope follows from y allow y_pad.
  DenseLayer(Primitives& primitives, const LayerLayout& at, Activation activation,
             Precision precision, std::size_t batch, Pass pass, bool needs_dx,
             std::size_t x_pad = 0, std::size_t y_pad = 0);

  // x [batch, in] -> y [batch, out]; parameters: the network's flat vector.
  void forward(const float* parameters, const float* x, float* y);
  // dy [batch, out] -> this layer's part of the flat gradient, and dx [batch, in]. parameters, x,
  // y: those of the forward pass. delta: room for dLoss/dz, may be dy; unused with identity.
  void backward(const float* parameters, const float* x, const float* y, const float* dy,
                float* delta, float* gradient, float* dx);

 private:
  const dnnl::stream& stream_;
  LayerLayout at_;
  Activation activation_;
  std::size_t batch_, y_pad_;
  Product forward_;
  Product weight_gradient_;
  Product data_gradient_;
  Operand x_, weights_, dz_;
  std::shared_ptr<Eltwise> eltwise_;  // activations that are not fused
  Buffer<float> before_;              // z, for those
};

}  // namespace twostep::onednn
