#include "adapters/onednn/block.hpp"

#include "adapters/onednn/block_loops.hpp"
#include "adapters/onednn/norm_loops.hpp"
#include "adapters/onednn/slopes.hpp"
#include "twostep/ports/layer_rules.hpp"

namespace twostep::onednn {

Block::Block(Primitives& primitives, const NetworkShape& shape, std::size_t index, std::size_t rows,
             Pass pass)
    : stream_(primitives.stream()),
      at_(MlpLayout(shape).layers[index]),
      index_(index),
      rows_(rows),
      activation_(index == shape.widths.size() ? shape.output_activation : shape.activation),
      norm_(at_.normalised ? shape.norm : Norm::none),
      x_(shape.precision, rows * at_.inputs),
      weights_(shape.precision, at_.inputs * at_.outputs) {
  const Element element = shape.precision == Precision::bf16 ? Element::bf16 : Element::f32;
  const auto m = static_cast<std::int64_t>(rows);
  const auto in = static_cast<std::int64_t>(at_.inputs);
  const auto out = static_cast<std::int64_t>(at_.outputs);
  const std::size_t size = rows * at_.outputs;
  const bool trains = pass == Pass::training;
  const bool softmaxes = activation_ == Activation::softmax;
  const bool fused = is_fused(activation_) && !at_.normalised && !softmaxes;
  forward_ = Product(primitives, {.m = m,
                                  .k = in,
                                  .n = out,
                                  .bias = !at_.normalised,
                                  .activation = fused ? activation_ : Activation::identity,
                                  .operands = element});
  after_ = Buffer<float>(size);
  if (!fused) {
    before_ = Buffer<float>(size);
  }
  if (!fused && !softmaxes && activation_ != Activation::identity) {
    eltwise_ = primitives.eltwise({activation_, m, out, trains && !is_fused(activation_)});
  }
  if (at_.normalised) {
    normalised_ = Buffer<float>(size);
    sums_.resize(2 * at_.outputs);
    mean_.resize(2 * at_.outputs);
    inverse_.resize(std::max(at_.outputs, rows));
  }
  if (at_.skip || (trains && at_.dropout > 0)) {
    output_ = Buffer<float>(size);
  }
  if (!trains) {
    return;
  }
  if (at_.dropout > 0) {
    mask_ = Buffer<float>(size);
    words_.resize(at_.outputs);
  }
  dz_ = Operand(shape.precision, size);
  weight_gradient_ =
      Product(primitives, {.m = in, .k = m, .n = out, .a_transposed = true, .operands = element});
  if (index > 0) {
    data_gradient_ =
        Product(primitives, {.m = m, .k = out, .n = in, .b_transposed = true, .operands = element});
  }
}

void Block::forward(const Weights& weights, std::span<float> moved, const float* in,
                    const BatchContext* batch) {
  const float* p = weights.parameters.data();
  x_.set(in);
  weights_.set(p + at_.weights);
  if (at_.normalised) {
    forward_.run(stream_, x_.get(), weights_.get(), nullptr, normalised_.get());
    normalise(weights, moved, batch);
    activate();
  } else {
    forward_.run(stream_, x_.get(), weights_.get(), p + at_.biases,
                 before_.get() != nullptr ? before_.get() : after_.get());
    if (before_.get() != nullptr) {
      activate();
    }
  }
  const bool drops = batch != nullptr && at_.dropout > 0;
  if (drops) {
    draw_mask(*batch);
  }
  add_skip_and_drop(in, drops);
}

void Block::normalise(const Weights& weights, std::span<float> moved, const BatchContext* batch) {
  const std::size_t n = at_.outputs;
  const float* gain = weights.parameters.data() + at_.gains();
  const float* shift = weights.parameters.data() + at_.biases;
  if (norm_ == Norm::layer) {
    normalise_rows(normalised_.get(), before_.get(), inverse_.data(), gain, shift, rows_, n);
    return;
  }
  if (batch != nullptr) {
    sum_moments(normalised_.get(), sums_.data(), rows_, n);
    finish_moments(sums_, moved.subspan(at_.state, 2 * n), *batch);
  } else {
    for (std::size_t j = 0; j < n; ++j) {
      sums_[j] = static_cast<double>(weights.state[at_.state + j]);
      sums_[n + j] =
          1 / std::sqrt(static_cast<double>(weights.state[at_.state + n + j]) + norm_epsilon);
    }
  }
  for (std::size_t j = 0; j < n; ++j) {
    mean_[j] = static_cast<float>(sums_[j]);
    inverse_[j] = static_cast<float>(sums_[n + j]);
  }
  onednn::normalise_columns(normalised_.get(), before_.get(), mean_.data(), inverse_.data(), gain,
                            shift, rows_, n);
}

void Block::activate() {
  const std::size_t size = rows_ * at_.outputs;
  if (activation_ == Activation::softmax) {
    softmax(before_.get(), after_.get(), rows_, at_.outputs);
  } else if (eltwise_) {
    eltwise_->forward(stream_, before_.get(), after_.get());
    if (activation_ == Activation::selu) {
      scale(static_cast<float>(selu_lambda), after_.get(), size);
    }
  } else {
    std::copy_n(before_.get(), size, after_.get());
  }
}

void Block::draw_mask(const BatchContext& batch) {
  const Rng rng = dropout_rng(batch);
  const auto kept = static_cast<float>(1 / (1 - at_.dropout));
  for (std::size_t r = 0; r < rows_; ++r) {
    rng.words(batch.first_row + r, dropout_lane(index_), words_);
    make_mask(words_.data(), dropout_threshold(at_.dropout), kept, mask_.get() + r * at_.outputs,
              at_.outputs);
  }
}

void Block::add_skip_and_drop(const float* in, bool drops) {
  const std::size_t size = rows_ * at_.outputs;
  if (drops && at_.skip) {
    multiply_add(after_.get(), mask_.get(), in, output_.get(), size);
  } else if (drops) {
    multiply(after_.get(), mask_.get(), output_.get(), size);
  } else if (at_.skip) {
    add(after_.get(), in, output_.get(), size);
  }
}

void Block::backward(const float* parameters, const float* in, const float* above, float* room,
                     float* below, float* gradient, const BatchContext& batch) {
  const std::size_t size = rows_ * at_.outputs;
  const float* delta = above;
  if (mask_.get() != nullptr) {
    multiply(above, mask_.get(), room, size);
    delta = room;
  }
  delta = slope_of_activation(delta, room, gradient + at_.biases);
  if (at_.normalised) {
    slope_of_norm(parameters, delta, room, gradient + at_.gains(), batch);
    delta = room;
  }
  x_.set_again(in);
  weights_.set_again(parameters + at_.weights);
  dz_.set(delta);
  weight_gradient_.run(stream_, x_.get(), dz_.get(), nullptr, gradient + at_.weights);
  if (data_gradient_) {
    data_gradient_.run(stream_, dz_.get(), weights_.get(), nullptr, below);
    if (at_.skip) {
      add(below, above, below, size);
    }
  }
}

// dLoss/dbefore: in `room`, or where it came from.
const float* Block::slope_of_activation(const float* above, float* room, float* bias_gradient) {
  if (activation_ == Activation::softmax) {
    softmax_slope(after_.get(), above, room, rows_, at_.outputs);
    sum_columns(room, bias_gradient, rows_, at_.outputs);
    return room;
  }
  if (!is_fused(activation_)) {
    eltwise_->backward(stream_, before_.get(), above, room);
    sum_columns(room, bias_gradient, rows_, at_.outputs);
    return room;
  }
  apply_slope(activation_, after_.get(), above, room, bias_gradient, rows_, at_.outputs);
  return activation_ == Activation::identity ? above : room;
}

void Block::slope_of_norm(const float* parameters, const float* delta, float* dz,
                          float* gain_gradient, const BatchContext& batch) {
  const std::size_t n = at_.outputs;
  const float* gain = parameters + at_.gains();
  sum_slopes(delta, normalised_.get(), sums_.data(), rows_, n);
  for (std::size_t j = 0; j < n; ++j) {
    gain_gradient[j] = static_cast<float>(sums_[n + j]);
  }
  if (norm_ == Norm::layer) {
    rows_slope(delta, normalised_.get(), dz, inverse_.data(), gain, rows_, n);
    return;
  }
  finish_slopes(sums_, batch);
  for (std::size_t j = 0; j < n; ++j) {
    inverse_[j] *= gain[j];
    mean_[j] = static_cast<float>(sums_[j]);
    mean_[n + j] = static_cast<float>(sums_[n + j]);
  }
  columns_slope(delta, normalised_.get(), dz, inverse_.data(), mean_.data(), mean_.data() + n,
                rows_, n);
}

}  // namespace twostep::onednn
