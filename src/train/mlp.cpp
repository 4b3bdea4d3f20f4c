#include "twostep/train/mlp.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

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
  if (activation == Activation::selu) {
    return Initialisation::lecun_normal;
  }
  return relu_like(activation) ? Initialisation::he_uniform : Initialisation::glorot_uniform;
}

double deviation_of(Initialisation kind, double fan_in, double fan_out) {
  switch (kind) {
    case Initialisation::he_normal:
    case Initialisation::he_uniform:
      return std::sqrt(2.0 / fan_in);
    case Initialisation::lecun_normal:
    case Initialisation::lecun_uniform:
      return std::sqrt(1.0 / fan_in);
    default:
      return std::sqrt(2.0 / (fan_in + fan_out));
  }
}

bool is_normal(Initialisation kind) {
  return kind == Initialisation::he_normal || kind == Initialisation::glorot_normal ||
         kind == Initialisation::lecun_normal;
}

// Saxe et al. 2014: the orthonormal factor of a matrix of normal numbers. The shorter side's
// vectors are made orthonormal, each twice (modified Gram and Schmidt, "twice is enough").
void fill_orthogonal(const LayerLayout& layer, const Rng& rng, std::span<float> weights) {
  const bool tall = layer.inputs >= layer.outputs;
  const std::size_t vectors = tall ? layer.outputs : layer.inputs;
  const std::size_t length = tall ? layer.inputs : layer.outputs;
  std::vector<double> q(vectors * length);
  for (std::size_t i = 0; i < q.size(); ++i) {
    q[i] = rng.normal(layer.weights + i);
  }
  for (std::size_t v = 0; v < vectors; ++v) {
    double* vector = &q[v * length];
    for (int pass = 0; pass < 2; ++pass) {
      for (std::size_t u = 0; u < v; ++u) {
        const double* other = &q[u * length];
        double dot = 0;
        for (std::size_t i = 0; i < length; ++i) {
          dot += vector[i] * other[i];
        }
        for (std::size_t i = 0; i < length; ++i) {
          vector[i] -= dot * other[i];
        }
      }
      double norm = 0;
      for (std::size_t i = 0; i < length; ++i) {
        norm += vector[i] * vector[i];
      }
      for (std::size_t i = 0; i < length; ++i) {
        vector[i] /= std::sqrt(norm);
      }
    }
  }
  for (std::size_t i = 0; i < layer.inputs; ++i) {
    for (std::size_t j = 0; j < layer.outputs; ++j) {
      weights[i * layer.outputs + j] =
          static_cast<float>(tall ? q[j * length + i] : q[i * length + j]);
    }
  }
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
    const double deviation =
        deviation_of(k, static_cast<double>(layer.inputs), static_cast<double>(layer.outputs));
    if (k == Initialisation::orthogonal) {
      fill_orthogonal(layer, rng, parameters.subspan(layer.weights, layer.inputs * layer.outputs));
    }
    for (std::size_t i = layer.weights; i < layer.biases && k != Initialisation::orthogonal; ++i) {
      const double draw =
          is_normal(k) ? rng.normal(i) : (2.0 * rng.uniform(i) - 1.0) * std::sqrt(3.0);
      parameters[i] = static_cast<float>(deviation * draw);
    }
    for (std::size_t i = layer.biases; i < layer.end(); ++i) {
      parameters[i] = i < layer.gains() ? 0.0F : 1.0F;
    }
  }
}

std::vector<float> initial_state(const NetworkShape& shape) {
  const MlpLayout layout(shape);
  std::vector<float> out(layout.state, 0.0F);
  for (std::size_t l = 0; l < shape.widths.size() && layout.state > 0; ++l) {
    const LayerLayout& layer = layout.layers[l];
    std::fill_n(out.begin() + static_cast<long>(layer.state + layer.outputs), layer.outputs, 1.0F);
  }
  return out;
}

}  // namespace twostep
