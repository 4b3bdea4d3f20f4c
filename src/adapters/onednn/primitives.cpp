#include "adapters/onednn/primitives.hpp"

#include "twostep/ports/engine.hpp"

namespace twostep::onednn {
namespace {

using dnnl::algorithm;
using dnnl::memory;

struct EltwiseKind {
  algorithm kind;
  float alpha;
};

EltwiseKind eltwise_kind(Activation activation) {
  switch (activation) {
    case Activation::relu:
      return {algorithm::eltwise_relu, 0.0F};
    case Activation::leaky_relu:
      return {algorithm::eltwise_relu, static_cast<float>(leaky_slope)};
    case Activation::elu:
      return {algorithm::eltwise_elu, 1.0F};
    case Activation::selu:  // scaled by lambda afterwards
      return {algorithm::eltwise_elu, static_cast<float>(selu_alpha)};
    case Activation::gelu:
      return {algorithm::eltwise_gelu_erf, 0.0F};
    case Activation::silu:
      return {algorithm::eltwise_swish, 1.0F};
    case Activation::tanh:
      return {algorithm::eltwise_tanh, 0.0F};
    case Activation::sigmoid:
      return {algorithm::eltwise_logistic, 0.0F};
    case Activation::softplus:
      return {algorithm::eltwise_soft_relu, 1.0F};
    case Activation::identity:
      break;
  }
  return {algorithm::eltwise_linear, 1.0F};
}

memory::desc matrix(std::int64_t rows, std::int64_t columns, bool transposed = false) {
  const memory::dims strides = transposed ? memory::dims{1, rows} : memory::dims{columns, 1};
  return {{rows, columns}, memory::data_type::f32, strides};
}

memory placeholder(const memory::desc& desc, const dnnl::engine& engine) {
  return {desc, engine, nullptr};
}

void point(memory& m, const float* data) {
  m.set_data_handle(const_cast<float*>(data));
}

dnnl::primitive_attr attributes(Activation activation) {
  dnnl::primitive_attr attr;
  if (activation != Activation::identity) {
    dnnl::post_ops ops;
    const auto append = [&](algorithm kind, float alpha) {
#if DNNL_VERSION_MAJOR >= 3
      ops.append_eltwise(kind, alpha, 0.0F);
#else
      ops.append_eltwise(1.0F, kind, alpha, 0.0F);
#endif
    };
    const EltwiseKind e = eltwise_kind(activation);
    append(e.kind, e.alpha);
    if (activation == Activation::selu) {
      append(algorithm::eltwise_linear, static_cast<float>(selu_lambda));
    }
    attr.set_post_ops(ops);
  }
  return attr;
}

dnnl::matmul make_matmul(const dnnl::engine& engine, const memory::desc& a, const memory::desc& b,
                         const memory::desc* bias, const memory::desc& c, Activation activation) {
  const dnnl::primitive_attr attr = attributes(activation);
#if DNNL_VERSION_MAJOR >= 3
  return dnnl::matmul(bias ? dnnl::matmul::primitive_desc(engine, a, b, *bias, c, attr)
                           : dnnl::matmul::primitive_desc(engine, a, b, c, attr));
#else
  const dnnl::matmul::desc desc =
      bias ? dnnl::matmul::desc(a, b, *bias, c) : dnnl::matmul::desc(a, b, c);
  return dnnl::matmul(dnnl::matmul::primitive_desc(desc, attr, engine));
#endif
}

}  // namespace

bool is_fused(Activation activation) {
  return activation != Activation::gelu && activation != Activation::silu &&
         activation != Activation::softplus;
}

Matmul::Matmul(const dnnl::engine& engine, const MatmulShape& s) {
  const memory::desc a = matrix(s.m, s.k, s.a_transposed);
  const memory::desc b = matrix(s.k, s.n, s.b_transposed);
  const memory::desc c = matrix(s.m, s.n);
  const memory::desc bias({1, s.n}, memory::data_type::f32, memory::dims{s.n, 1});
  primitive_ = make_matmul(engine, a, b, s.bias ? &bias : nullptr, c, s.activation);
  a_ = placeholder(a, engine);
  b_ = placeholder(b, engine);
  c_ = placeholder(c, engine);
  arguments_ = {{DNNL_ARG_SRC, a_}, {DNNL_ARG_WEIGHTS, b_}, {DNNL_ARG_DST, c_}};
  if (s.bias) {
    bias_ = placeholder(bias, engine);
    arguments_.emplace(DNNL_ARG_BIAS, bias_);
  }
}

void Matmul::run(dnnl::stream& stream, const float* a, const float* b, const float* bias,
                 float* c) {
  point(a_, a);
  point(b_, b);
  point(c_, c);
  if (bias) {
    point(bias_, bias);
  }
  primitive_.execute(stream, arguments_);
}

Eltwise::Eltwise(const dnnl::engine& engine, Activation activation, std::int64_t rows,
                 std::int64_t columns, bool backward) {
  const EltwiseKind e = eltwise_kind(activation);
  const memory::desc md = matrix(rows, columns);
  const auto prop =
      backward ? dnnl::prop_kind::forward_training : dnnl::prop_kind::forward_inference;
#if DNNL_VERSION_MAJOR >= 3
  const dnnl::eltwise_forward::primitive_desc forward(engine, prop, e.kind, md, md, e.alpha, 0.0F);
  if (backward) {
    backward_ = dnnl::eltwise_backward(
        dnnl::eltwise_backward::primitive_desc(engine, e.kind, md, md, md, e.alpha, 0.0F, forward));
  }
#else
  const dnnl::eltwise_forward::primitive_desc forward({prop, e.kind, md, e.alpha, 0.0F}, engine);
  if (backward) {
    backward_ = dnnl::eltwise_backward(
        dnnl::eltwise_backward::primitive_desc({e.kind, md, md, e.alpha, 0.0F}, engine, forward));
  }
#endif
  forward_ = dnnl::eltwise_forward(forward);
  for (memory* m : {&z_, &y_, &dy_, &dz_}) {
    *m = placeholder(md, engine);
  }
}

void Eltwise::forward(dnnl::stream& stream, const float* z, float* y) {
  point(z_, z);
  point(y_, y);
  forward_.execute(stream, {{DNNL_ARG_SRC, z_}, {DNNL_ARG_DST, y_}});
}

void Eltwise::backward(dnnl::stream& stream, const float* z, const float* dy, float* dz) {
  point(z_, z);
  point(dy_, dy);
  point(dz_, dz);
  backward_.execute(stream,
                    {{DNNL_ARG_SRC, z_}, {DNNL_ARG_DIFF_DST, dy_}, {DNNL_ARG_DIFF_SRC, dz_}});
}

}  // namespace twostep::onednn
