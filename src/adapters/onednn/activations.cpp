#include "adapters/onednn/activations.hpp"

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
    case Activation::softmax:  // of no single value: block_loops.hpp
      break;
  }
  return {algorithm::eltwise_linear, 1.0F};
}

}  // namespace

bool is_fused(Activation activation) {
  return activation != Activation::gelu && activation != Activation::silu &&
         activation != Activation::softplus;
}

dnnl::primitive_attr followed_by(Activation activation) {
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

Eltwise::Eltwise(const dnnl::engine& engine, Activation activation, std::int64_t rows,
                 std::int64_t columns, bool backward) {
  const EltwiseKind e = eltwise_kind(activation);
  const memory::desc md = matrix(rows, columns);
  const auto prop =
      backward ? dnnl::prop_kind::forward_training : dnnl::prop_kind::forward_inference;
#if DNNL_VERSION_MAJOR >= 3
  using Backward = dnnl::eltwise_backward::primitive_desc;
  const dnnl::eltwise_forward::primitive_desc forward(engine, prop, e.kind, md, md, e.alpha, 0.0F);
  const auto describe_backward = [&] {
    return Backward(engine, e.kind, md, md, md, e.alpha, 0.0F, forward);
  };
#else
  using Backward = dnnl::eltwise_backward::primitive_desc;
  const dnnl::eltwise_forward::primitive_desc forward({prop, e.kind, md, e.alpha, 0.0F}, engine);
  const auto describe_backward = [&] {
    return Backward({e.kind, md, md, e.alpha, 0.0F}, engine, forward);
  };
#endif
  forward_ = PreparedCall(dnnl::eltwise_forward(forward), engine,
                          {{DNNL_ARG_SRC, md}, {DNNL_ARG_DST, md}});
  if (backward) {
    backward_ =
        PreparedCall(dnnl::eltwise_backward(describe_backward()), engine,
                     {{DNNL_ARG_SRC, md}, {DNNL_ARG_DIFF_DST, md}, {DNNL_ARG_DIFF_SRC, md}});
  }
}

void Eltwise::forward(const dnnl::stream& stream, const float* z, float* y) {
  forward_.run(stream, {z, y});
}

void Eltwise::backward(const dnnl::stream& stream, const float* z, const float* dy, float* dz) {
  backward_.run(stream, {z, dy, dz});
}

}  // namespace twostep::onednn
