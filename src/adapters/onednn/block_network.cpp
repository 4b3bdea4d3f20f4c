#include "adapters/onednn/block_network.hpp"

#include <algorithm>

#include "adapters/onednn/block_loops.hpp"
#include "twostep/base/check.hpp"
#include "twostep/ports/layer_rules.hpp"

namespace twostep::onednn {

bool is_plain(const NetworkShape& shape) {
  return shape.norm == Norm::none && shape.dropout.empty() && shape.input_noise == 0 &&
         !shape.residual && shape.output_activation != Activation::softmax;
}

BlockNetwork::BlockNetwork(Primitives& primitives, const NetworkShape& shape, std::uint32_t rows,
                           Pass pass)
    : layout_(shape), rows_(rows), pass_(pass), noise_(static_cast<float>(shape.input_noise)) {
  std::size_t widest = 0;
  for (std::size_t l = 0; l < layout_.layers.size(); ++l) {
    blocks_.emplace_back(primitives, shape, l, rows, pass);
    widest = std::max(widest, layout_.layers[l].outputs);
  }
  if (pass == Pass::inference) {
    return;
  }
  for (Buffer<float>& buffer : by_turns_) {
    buffer = Buffer<float>(rows * widest);
  }
  room_ = Buffer<float>(rows * widest);
  if (noise_ > 0) {
    noisy_ = Buffer<float>(std::size_t{rows} * shape.inputs);
    drawn_.resize(shape.inputs);
  }
}

void BlockNetwork::forward(std::span<const float> parameters, std::span<float> state,
                           std::span<const float> x, std::span<float> y,
                           const BatchContext& batch) {
  const std::size_t inputs = layout_.layers.front().inputs;
  TWOSTEP_REQUIRE(pass_ == Pass::training && x.size() == rows_ * inputs);
  batch_ = batch;
  if (noise_ > 0) {
    const Rng rng = noise_rng(batch);
    for (std::size_t r = 0; r < rows_; ++r) {
      rng.normals(batch.first_row + r, 0, drawn_);
      add_scaled(&x[r * inputs], noise_, drawn_.data(), noisy_.get() + r * inputs, inputs);
    }
  }
  run({parameters, state}, state, noise_ > 0 ? noisy_.get() : x.data(), y, &batch);
}

void BlockNetwork::infer(const Weights& weights, std::span<const float> x, std::span<float> y) {
  TWOSTEP_REQUIRE(pass_ == Pass::inference && x.size() == rows_ * layout_.layers.front().inputs);
  run(weights, {}, x.data(), y, nullptr);
}

void BlockNetwork::run(const Weights& weights, std::span<float> moved, const float* in,
                       std::span<float> y, const BatchContext* batch) {
  TWOSTEP_REQUIRE(weights.parameters.size() >= layout_.parameters &&
                  weights.state.size() == layout_.state &&
                  y.size() == rows_ * layout_.layers.back().outputs);
  for (Block& block : blocks_) {
    block.forward(weights, moved, in, batch);
    in = block.output();
  }
  std::copy_n(in, y.size(), y.data());
}

void BlockNetwork::backward(std::span<const float> parameters, std::span<const float> x,
                            std::span<const float> dy, std::span<float> gradient,
                            GradientSink* sink) {
  TWOSTEP_REQUIRE(pass_ == Pass::training && gradient.size() >= layout_.parameters);
  TWOSTEP_REQUIRE(dy.size() == rows_ * layout_.layers.back().outputs);
  const float* above = dy.data();
  for (std::size_t l = blocks_.size(); l-- > 0;) {
    const float* first = noise_ > 0 ? noisy_.get() : x.data();
    const float* in = l == 0 ? first : blocks_[l - 1].output();
    float* below = by_turns_[l % 2].get();
    blocks_[l].backward(parameters.data(), in, above, room_.get(), below, gradient.data(), batch_);
    if (sink != nullptr) {
      sink->ready(layout_.layers[l].weights, layout_.layers[l].end());
    }
    above = below;
  }
}

}  // namespace twostep::onednn
