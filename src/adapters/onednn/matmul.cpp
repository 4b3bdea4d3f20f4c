#include "adapters/onednn/matmul.hpp"

#include "adapters/onednn/activations.hpp"

namespace twostep::onednn {
namespace {

using dnnl::memory;

dnnl::matmul::primitive_desc describe(const dnnl::engine& engine, const memory::desc& a,
                                      const memory::desc& b, const memory::desc* bias,
                                      const memory::desc& c, Activation activation) {
  const dnnl::primitive_attr attr = followed_by(activation);
#if DNNL_VERSION_MAJOR >= 3
  return bias ? dnnl::matmul::primitive_desc(engine, a, b, *bias, c, attr)
              : dnnl::matmul::primitive_desc(engine, a, b, c, attr);
#else
  const dnnl::matmul::desc desc =
      bias ? dnnl::matmul::desc(a, b, *bias, c) : dnnl::matmul::desc(a, b, c);
  return {desc, attr, engine};
#endif
}

memory::data_type type_of(Element element) {
  return element == Element::bf16 ? memory::data_type::bf16 : memory::data_type::f32;
}

}  // namespace

Matmul::Matmul(const dnnl::engine& engine, const MatmulShape& s) {
  const memory::data_type type = type_of(s.operands);
  const memory::desc a = matrix(s.m, s.k, s.a_transposed, type, s.a_pad);
  const memory::desc b = s.preferred_b ? memory::desc({s.k, s.n}, type, memory::format_tag::any)
                                       : matrix(s.k, s.n, s.b_transposed, type);
  const memory::desc c = matrix(s.m, s.n, false, type_of(s.result), s.c_pad);
  const memory::desc bias = matrix(1, s.n);
  const auto pd = describe(engine, a, b, s.bias ? &bias : nullptr, c, s.activation);
  b_desc_ = pd.weights_desc();
  const dnnl::matmul primitive(pd);
  if (s.bias) {
    call_ = PreparedCall(
        primitive, engine,
        {{DNNL_ARG_SRC, a}, {DNNL_ARG_WEIGHTS, b_desc_}, {DNNL_ARG_DST, c}, {DNNL_ARG_BIAS, bias}});
  } else {
    call_ = PreparedCall(primitive, engine,
                         {{DNNL_ARG_SRC, a}, {DNNL_ARG_WEIGHTS, b_desc_}, {DNNL_ARG_DST, c}});
  }
}

void Matmul::run(const dnnl::stream& stream, const void* a, const void* b, const float* bias,
                 void* c) {
  if (bias) {
    call_.run(stream, {a, b, c, bias});
  } else {
    call_.run(stream, {a, b, c});
  }
}

}  // namespace twostep::onednn
