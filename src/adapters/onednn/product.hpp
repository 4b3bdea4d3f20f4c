// A matrix product of a layer, by whichever kernel suits its shape. The choice is a function of the
// shape, never of a timing: it decides the bits.
#pragma once

#include <optional>

#include "adapters/onednn/narrow_matmul.hpp"
#include "adapters/onednn/primitives.hpp"
#include "adapters/onednn/small_matmul.hpp"
#include "adapters/onednn/tanh_loop.hpp"

namespace twostep::onednn {

class Product {
 public:
  Product() = default;
  Product(Primitives& primitives, MatmulShape shape) {
    if (shape.activation == Activation::tanh && shape.result == Element::f32) {
      tanh_of_ = shape;
      shape.activation = Activation::identity;
    }
    if (NarrowMatmul::fits(shape)) {
      narrow_.emplace(shape);
    } else if (SmallMatmul::fits(shape)) {
      small_.emplace(shape);
    } else {
      matmul_ = primitives.matmul(shape);
    }
  }
  [[nodiscard]] explicit operator bool() const { return narrow_ || small_ || matmul_; }
  void run(const dnnl::stream& stream, const void* a, const void* b, const float* bias, float* c) {
    if (narrow_) {
      narrow_->run(static_cast<const float*>(a), static_cast<const float*>(b), bias, c);
    } else if (small_) {
      small_->run(static_cast<const float*>(a), static_cast<const float*>(b), bias, c);
    } else {
      matmul_->run(stream, a, b, bias, c);
    }
    if (tanh_of_) {
      apply_tanh(c, static_cast<std::size_t>(tanh_of_->m), static_cast<std::size_t>(tanh_of_->n),
                 static_cast<std::size_t>(tanh_of_->c_pad));
    }
  }

 private:
  std::optional<NarrowMatmul> narrow_;
  std::optional<SmallMatmul> small_;
  std::shared_ptr<Matmul> matmul_;
  std::optional<MatmulShape> tanh_of_;
};

}  // namespace twostep::onednn
