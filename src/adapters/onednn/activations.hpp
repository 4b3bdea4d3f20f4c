// Activations as oneDNN computes them: as post-operations of a matmul, and on their own.
#pragma once

#include "adapters/onednn/prepared_call.hpp"
#include "twostep/study/hyperparameters.hpp"

namespace twostep::onednn {

// Whether the activation is fused behind the matmul, its slope being computed from its result
// alone.
[[nodiscard]] bool is_fused(Activation activation);

// The attributes of a primitive that is followed by this activation.
[[nodiscard]] dnnl::primitive_attr followed_by(Activation activation);

// An activation that is not fused, forward and backward: y = act(z), dz = dy act'(z).
class Eltwise {
 public:
  Eltwise(const dnnl::engine& engine, Activation activation, std::int64_t rows,
          std::int64_t columns, bool backward);
  void forward(const dnnl::stream& stream, const float* z, float* y);
  void backward(const dnnl::stream& stream, const float* z, const float* dy, float* dz);

 private:
  PreparedCall forward_;
  PreparedCall backward_;
};

}  // namespace twostep::onednn
