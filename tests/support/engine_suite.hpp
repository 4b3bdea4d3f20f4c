// What every engine must do. Finite differences check the reference engine; the others are checked
// against the reference engine.
#pragma once

#include <gtest/gtest.h>

#include <cmath>

#include "twostep/base/rng.hpp"
#include "twostep/ports/mlp_layout.hpp"
#include "twostep/train/mlp.hpp"
#include "twostep/train/reference_engine.hpp"

namespace twostep::test {

inline std::vector<float> normals(std::size_t n, std::uint64_t stream, double scale = 1) {
  const Rng rng(77, Purpose::noise, stream);
  std::vector<float> out(n);
  for (std::size_t i = 0; i < n; ++i) {
    out[i] = static_cast<float>(scale * rng.normal(i));
  }
  return out;
}

inline std::vector<Activation> all_activations() {
  return {Activation::identity, Activation::relu, Activation::leaky_relu, Activation::elu,
          Activation::gelu,     Activation::silu, Activation::tanh,       Activation::sigmoid,
          Activation::softplus, Activation::selu};
}

// The ranges of a backward pass must run without gaps from the end to the beginning.
class RangeSink : public GradientSink {
 public:
  explicit RangeSink(std::span<const float> gradient)
      : gradient_(gradient), left_(gradient.size()) {}
  void ready(std::size_t begin, std::size_t end) override {
    EXPECT_EQ(end, left_);
    EXPECT_LT(begin, end);
    left_ = begin;
    for (std::size_t i = begin; i < end; ++i) {
      seen_.push_back(gradient_[i]);
    }
    sizes_.push_back(end - begin);
  }
  void expect_whole_and_final() const {
    EXPECT_EQ(left_, 0U);
    std::size_t at = 0;
    std::size_t end = gradient_.size();
    for (const std::size_t n : sizes_) {
      end -= n;
      for (std::size_t i = 0; i < n; ++i) {
        EXPECT_EQ(seen_[at++], gradient_[end + i]);
      }
    }
  }

 private:
  std::span<const float> gradient_;
  std::size_t left_;
  std::vector<float> seen_;  // in order of the calls
  std::vector<std::size_t> sizes_;
};

struct Passes {
  std::vector<float> y;
  std::vector<float> gradient;
};

inline Passes run(Engine& engine, const NetworkShape& shape, std::uint32_t batch) {
  const MlpLayout layout(shape);
  std::vector<float> parameters(layout.parameters);
  initialise(shape, Initialisation::automatic, Rng(5, Purpose::initialise), parameters);
  const auto biases = normals(layout.parameters, 3, 0.1);
  for (const LayerLayout& l : layout.layers) {
    for (std::size_t i = 0; i < l.outputs; ++i) {
      parameters[l.biases + i] = biases[l.biases + i];
    }
  }
  const auto x = normals(batch * shape.inputs, 1);
  const auto dy = normals(batch * shape.outputs, 2, 1.0 / batch);
  Passes out{std::vector<float>(batch * shape.outputs), std::vector<float>(layout.parameters)};
  const auto network = engine.compile(shape, batch, Pass::training);
  network->forward(parameters, {}, x, out.y, {});
  RangeSink sink(out.gradient);
  network->backward(parameters, x, dy, out.gradient, &sink);
  sink.expect_whole_and_final();
  const auto inference = engine.compile(shape, batch, Pass::inference);
  std::vector<float> again(out.y.size());
  inference->infer({parameters, {}}, x, again);
  EXPECT_EQ(again, out.y) << "inference and training passes differ";
  return out;
}

inline double relative_distance(const std::vector<float>& a, const std::vector<float>& b) {
  double difference = 0;
  double norm = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    difference += std::pow(static_cast<double>(a[i]) - static_cast<double>(b[i]), 2);
    norm += std::pow(static_cast<double>(b[i]), 2);
  }
  return std::sqrt(difference / std::max(norm, 1e-30));
}

// Float32 rounding accumulates over layers and batch: some 1e-7 per operation, well below 1e-5.
inline void expect_like_reference(Engine& engine) {
  const auto reference = make_reference_engine();
  for (const Activation activation : all_activations()) {
    for (const std::vector<std::uint32_t>& widths :
         {std::vector<std::uint32_t>{}, {1}, {7}, {16, 33, 5}, {64, 64, 64, 64}}) {
      for (const std::uint32_t batch : {1U, 3U, 64U}) {
        const NetworkShape shape{5, widths, 3, activation, Activation::sigmoid};
        const Passes got = run(engine, shape, batch);
        const Passes truth = run(*reference, shape, batch);
        EXPECT_LT(relative_distance(got.y, truth.y), 1e-5)
            << name(activation) << " layers " << widths.size() << " batch " << batch;
        EXPECT_LT(relative_distance(got.gradient, truth.gradient), 1e-5)
            << name(activation) << " layers " << widths.size() << " batch " << batch;
      }
    }
    const NetworkShape output{4, {8}, 2, Activation::tanh, activation};
    EXPECT_LT(
        relative_distance(run(engine, output, 9).gradient, run(*reference, output, 9).gradient),
        1e-5)
        << "output " << name(activation);
  }
}

}  // namespace twostep::test
