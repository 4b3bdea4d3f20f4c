// oneDNN's primitives as this engine uses them, behind one form for the 2.x and 3.x interfaces.
#pragma once

#include <cstddef>
#include <oneapi/dnnl/dnnl.hpp>
#include <unordered_map>

#include "twostep/study/hyperparameters.hpp"

namespace twostep::onednn {

// c[m, n] = a[m, k] b[k, n] (+ bias[n]) (then activation), row-major; a and b may be read
// transposed.
struct MatmulShape {
  std::int64_t m = 0;
  std::int64_t k = 0;
  std::int64_t n = 0;
  bool a_transposed = false;
  bool b_transposed = false;
  bool bias = false;
  Activation activation = Activation::identity;
};

// Whether the activation is fused behind the matmul, its slope being computed from its result
// alone.
[[nodiscard]] bool is_fused(Activation activation);

class Matmul {
 public:
  Matmul(const dnnl::engine& engine, const MatmulShape& shape);
  void run(dnnl::stream& stream, const float* a, const float* b, const float* bias, float* c);

 private:
  dnnl::matmul primitive_;
  dnnl::memory a_, b_, bias_, c_;
  std::unordered_map<int, dnnl::memory> arguments_;
};

// An activation that is not fused, forward and backward: y = act(z), dz = dy act'(z).
class Eltwise {
 public:
  Eltwise(const dnnl::engine& engine, Activation activation, std::int64_t rows,
          std::int64_t columns, bool backward);
  void forward(dnnl::stream& stream, const float* z, float* y);
  void backward(dnnl::stream& stream, const float* z, const float* dy, float* dz);

 private:
  dnnl::eltwise_forward forward_;
  dnnl::eltwise_backward backward_;
  dnnl::memory z_, y_, dy_, dz_;
};

}  // namespace twostep::onednn
