// oneDNN's matmul as this engine uses it, behind one form for the 2.x and 3.x interfaces.
#pragma once

#include "adapters/onednn/prepared_call.hpp"
#include "twostep/study/hyperparameters.hpp"

namespace twostep::onednn {

enum class Element { f32, bf16 };

// c[m, n] = a[m, k] b[k, n] (+ bias[n]) (then activation), row-major; a and b may be read
// transposed. The bias is float32.
struct MatmulShape {
  std::int64_t m = 0;
  std::int64_t k = 0;
  std::int64_t n = 0;
  bool a_transposed = false;
  bool b_transposed = false;
  bool bias = false;
  Activation activation = Activation::identity;
  Element operands = Element::f32;
  Element result = Element::f32;
  std::int64_t a_pad = 0;  // numbers between the rows of a, as they lie in memory
  std::int64_t c_pad = 0;
  bool preferred_b = false;  // b in the layout that oneDNN prefers: b_desc()
  friend auto operator<=>(const MatmulShape&, const MatmulShape&) = default;
};

class Matmul {
 public:
  Matmul(const dnnl::engine& engine, const MatmulShape& shape);
  // bias: nullptr if the shape has none.
  void run(const dnnl::stream& stream, const void* a, const void* b, const float* bias, void* c);
  [[nodiscard]] const dnnl::memory::desc& b_desc() const { return b_desc_; }

 private:
  dnnl::memory::desc b_desc_;
  PreparedCall call_;
};

}  // namespace twostep::onednn
