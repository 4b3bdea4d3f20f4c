// Port: the numerical kernels of a multilayer perceptron. A Network is compiled once per (shape,
// rows, pass) and then used on flat spans; it keeps the activations of the last forward pass.
// Parameters are one flat vector, layer by layer (ports/mlp_layout.hpp), and so is the state: what
// a network learns without gradients (running statistics), empty where there is none.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "twostep/ports/group.hpp"
#include "twostep/study/hyperparameters.hpp"

namespace twostep {

// Hidden layer l: h <- skip h + drop(act(norm(h W) + b)), without norm act(h W + b). Details in
// ports/layer_rules.hpp. The output layer is act(h W + b) alone.
struct NetworkShape {
  std::uint32_t inputs = 0;
  std::vector<std::uint32_t> widths;
  std::uint32_t outputs = 0;
  Activation activation = Activation::relu;
  Activation output_activation = Activation::identity;
  Norm norm = Norm::none;
  std::vector<double> dropout = {};  // probability per hidden layer; empty: none
  double input_noise = 0;            // deviation of what is added to every input while training
  bool residual = false;             // skip = 1 where a hidden layer's input is hidden and as wide
  Precision precision = Precision::float32;
  friend bool operator==(const NetworkShape&, const NetworkShape&) = default;
};

// Which batch a training pass works on. Random numbers are keyed by it, so a team of any size drops
// the same units and adds the same noise, and a repeated step repeats them.
struct BatchContext {
  std::uint64_t seed = 0;  // of the study
  std::uint64_t trial = 0;
  std::uint64_t step = 0;       // optimiser step, from 0
  std::uint64_t first_row = 0;  // place of the network's first row in the global batch
  std::uint64_t rows = 0;       // of the global batch
  Group* group = nullptr;       // who shares the global batch; nullptr: nobody
};

// Told about a gradient while it is computed, so that its sum over a team can start early.
class GradientSink {
 public:
  virtual ~GradientSink() = default;
  // gradient[begin, end) is final and will not be touched by the network again. The ranges of one
  // backward pass are disjoint, cover the gradient, and come from its end to its beginning.
  virtual void ready(std::size_t begin, std::size_t end) = 0;
};

// All that a network has learnt.
struct Weights {
  std::span<const float> parameters;
  std::span<const float> state;
};

// x: [rows, inputs]; y: [rows, outputs].
class Network {
 public:
  virtual ~Network() = default;
  // Pass::training only. Also moves the running statistics in `state`. Collective over
  // batch.group where the shape has batch normalisation, as is backward.
  virtual void forward(std::span<const float> parameters, std::span<float> state,
                       std::span<const float> x, std::span<float> y, const BatchContext& batch) = 0;
  // Pass::training only. dy: dLoss/dy [rows, outputs] of the last forward pass, whose x,
  // parameters and batch.group must be the same. Writes (does not add) dLoss/dparameters, of these
  // rows alone. sink may be nullptr.
  virtual void backward(std::span<const float> parameters, std::span<const float> x,
                        std::span<const float> dy, std::span<float> gradient,
                        GradientSink* sink) = 0;
  // Pass::inference only: nothing is dropped, no noise is added, running statistics are used.
  virtual void infer(const Weights& weights, std::span<const float> x, std::span<float> y) = 0;
};

inline constexpr double leaky_slope = 0.01;  // of leaky_relu, below zero
// Klambauer et al. 2017, "Self-normalizing neural networks": lambda (z > 0 ? z : alpha (e^z - 1)).
inline constexpr double selu_lambda = 1.0507009873554804934;
inline constexpr double selu_alpha = 1.6732632423543772848;

enum class Pass {
  training,
  inference
};  // inference networks need no backward and keep less memory

class Engine {
 public:
  virtual ~Engine() = default;
  [[nodiscard]] virtual std::unique_ptr<Network> compile(const NetworkShape& shape,
                                                         std::uint32_t rows, Pass pass) = 0;
  [[nodiscard]] virtual std::string description() const = 0;  // "oneDNN 2.6.3 (avx512_core_bf16)"
};

}  // namespace twostep
