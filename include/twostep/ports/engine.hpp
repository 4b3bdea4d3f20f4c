// Port: the numerical kernels of a multilayer perceptron. A Network is compiled once per (shape,
// batch) and then used on flat spans; it keeps the activations of the last forward pass. Parameters
// are one flat vector, layer by layer: weights [in, out] row-major, then biases [out]
// (ports/mlp_layout.hpp).
#pragma once

#include <cstdint>
#include <memory>
#include <span>
#include <string>
#include <vector>

#include "twostep/study/hyperparameters.hpp"

namespace twostep {

struct NetworkShape {
  std::uint32_t inputs = 0;
  std::vector<std::uint32_t> widths;
  std::uint32_t outputs = 0;
  Activation activation = Activation::relu;
  Activation output_activation = Activation::identity;
  friend bool operator==(const NetworkShape&, const NetworkShape&) = default;
};

class Network {
 public:
  virtual ~Network() = default;
  // x: [batch, inputs]; y: [batch, outputs].
  virtual void forward(std::span<const float> parameters, std::span<const float> x,
                       std::span<float> y) = 0;
  // dy: dLoss/dy [batch, outputs] of the last forward pass, whose x and parameters must be the
  // same. Writes (does not add) dLoss/dparameters.
  virtual void backward(std::span<const float> parameters, std::span<const float> x,
                        std::span<const float> dy, std::span<float> gradient) = 0;
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
                                                         std::uint32_t batch, Pass pass) = 0;
  [[nodiscard]] virtual std::string description() const = 0;  // "oneDNN 2.6.3 (avx512_core_bf16)"
};

}  // namespace twostep
