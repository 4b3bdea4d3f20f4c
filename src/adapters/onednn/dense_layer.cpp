#include "adapters/onednn/dense_layer.hpp"

#include "adapters/onednn/slopes.hpp"

namespace twostep::onednn {

DenseLayer::DenseLayer(Primitives& primitives, const LayerLayout& at, Activation activation,
                       Precision precision, std::size_t batch, Pass pass, bool needs_dx,
                       std::size_t x_pad, std::size_t y_pad)
    : stream_(primitives.stream()),
      at_(at),
      activation_(activation),
      batch_(batch),
      y_pad_(y_pad),
      x_(precision, batch * (at.inputs + x_pad)),
      weights_(precision, at.inputs * at.outputs) {
  const Element element = precision == Precision::bf16 ? Element::bf16 : Element::f32;
  const auto rows = static_cast<std::int64_t>(batch);
  const auto in = static_cast<std::int64_t>(at.inputs);
  const auto out = static_cast<std::int64_t>(at.outputs);
  const bool trains = pass == Pass::training;
  const bool fused = is_fused(activation);
  forward_ = Product(primitives, {.m = rows,
                                  .k = in,
                                  .n = out,
                                  .bias = true,
                                  .activation = fused ? activation : Activation::identity,
                                  .operands = element,
                                  .a_pad = static_cast<std::int64_t>(x_pad),
                                  .c_pad = static_cast<std::int64_t>(y_pad)});
  if (!fused) {
    before_ = Buffer<float>(batch * at.outputs);
    eltwise_ = primitives.eltwise({activation, rows, out, trains});
  }
  if (!trains) {
    return;
  }
  dz_ = Operand(precision, batch * at.outputs);
  weight_gradient_ = Product(primitives, {.m = in,
                                          .k = rows,
                                          .n = out,
                                          .a_transposed = true,
                                          .operands = element,
                                          .a_pad = static_cast<std::int64_t>(x_pad)});
  if (needs_dx) {
    data_gradient_ = Product(
        primitives, {.m = rows, .k = out, .n = in, .b_transposed = true, .operands = element});
  }
}

void DenseLayer::forward(const float* parameters, const float* x, float* y) {
  float* z = eltwise_ ? before_.get() : y;
  x_.set(x);
  weights_.set(parameters + at_.weights);
  forward_.run(stream_, x_.get(), weights_.get(), parameters + at_.biases, z);
  if (eltwise_) {
    eltwise_->forward(stream_, z, y);
  }
}

void DenseLayer::backward(const float* parameters, const float* x, const float* y, const float* dy,
                          float* delta, float* gradient, float* dx) {
  float* bias_gradient = gradient + at_.biases;
  if (eltwise_) {
    eltwise_->backward(stream_, before_.get(), dy, delta);
    sum_columns(delta, bias_gradient, batch_, at_.outputs);
  } else {
    apply_slope(activation_, y, dy, delta, bias_gradient, batch_, at_.outputs, y_pad_);
  }
  x_.set_again(x);
  weights_.set_again(parameters + at_.weights);
  dz_.set(activation_ == Activation::identity ? dy : delta);
  weight_gradient_.run(stream_, x_.get(), dz_.get(), nullptr, gradient + at_.weights);
  if (data_gradient_) {
    data_gradient_.run(stream_, dz_.get(), weights_.get(), nullptr, dx);
  }
}

}  // namespace twostep::onednn
