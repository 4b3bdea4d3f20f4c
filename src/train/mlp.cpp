#include "twostep/train/mlp.hpp"

#include <cmath>

#include "twostep/base/check.hpp"

namespace twostep {
namespace {

bool relu_like(Activation a) {
  return a == Activation::relu || a == Activation::leaky_relu || a == Activation::elu ||
         a == Activation::gelu || a == Activation::silu || a == Activation::softplus;
}

Initialisation resolve_kind(Initialisation kind, Activation activation) {
  if (kind != Initialisation::automatic) {
    return kind;
  }
  return relu_like(activation) ? Initialisation::he_uniform : Initialisation::glorot_uniform;
}

}  // namespace

void initialise(const NetworkShape& shape, Initialisation kind, const Rng& rng,
                std::span<float> parameters) {
  const MlpLayout layout(shape);
  TWOSTEP_REQUIRE(parameters.size() == layout.parameters);
  for (std::size_t l = 0; l < layout.layers.size(); ++l) {
    const LayerLayout& layer = layout.layers[l];
    const bool last = l + 1 == layout.layers.size();
    const Initialisation k = resolve_kind(kind, last ? shape.output_activation : shape.activation);
    const bool he = k == Initialisation::he_normal || k == Initialisation::he_uniform;
    const bool normal = k == Initialisation::he_normal || k == Initialisation::glorot_normal;
    const auto fan_in = static_cast<double>(layer.inputs);
    const auto fan_out = static_cast<double>(layer.outputs);
    const double deviation = he ? std::sqrt(2.0 / fan_in) : std::sqrt(2.0 / (fan_in + fan_out));
    for (std::size_t i = layer.weights; i < layer.biases; ++i) {
      const double draw = normal ? rng.normal(i) : (2.0 * rng.uniform(i) - 1.0) * std::sqrt(3.0);
      parameters[i] = static_cast<float>(deviation * draw);
    }
    for (std::size_t i = layer.biases; i < layer.biases + layer.outputs; ++i) {
      parameters[i] = 0.0F;
    }
  }
}

}  // namespace twostep
