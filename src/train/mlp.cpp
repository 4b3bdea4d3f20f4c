#include "twostep/train/mlp.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "train/orthogonal.hpp"
#include "twostep/base/check.hpp"
#include "twostep/base/vectorise.hpp"

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
  // He's would keep the size of what goes through, and trains worse: decisions/0018.
  return relu_like(activation) ? Initialisation::lecun_uniform : Initialisation::glorot_uniform;
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

// The normal numbers of layer l have this index plus l, out of the way of the uniform numbers,
// whose index is the parameter's.
constexpr std::uint64_t normals_of_layers = std::uint64_t{1} << 63;

TWOSTEP_VECTORISED
void scale(float* values, std::size_t n, float factor) {
  for (std::size_t i = 0; i < n; ++i) {
    values[i] *= factor;
  }
}

// Uniform with this deviation about 0, from 53 of each word's bits.
TWOSTEP_VECTORISED
void to_uniform(const std::uint64_t* __restrict words, float* __restrict out, std::size_t n,
                double deviation, double root3) {
  for (std::size_t i = 0; i < n; ++i) {
    const double u = static_cast<double>(static_cast<std::int64_t>(words[i] >> 11)) * 0x1p-53;
    out[i] = static_cast<float>(deviation * ((2.0 * u - 1.0) * root3));
  }
}

void fill_uniform(const Rng& rng, std::size_t first, double deviation, std::span<float> weights) {
  std::array<std::uint64_t, 512> words;
  for (std::size_t at = 0; at < weights.size(); at += words.size()) {
    const std::size_t n = std::min(words.size(), weights.size() - at);
    rng.bits(first + at, std::span(words).first(n));
    to_uniform(words.data(), &weights[at], n, deviation, std::sqrt(3.0));
  }
}

// Saxe et al. 2014: the orthonormal factor of a matrix of normal numbers. The shorter side's
// vectors are made orthonormal.
void fill_orthogonal(const Rng& rng, std::size_t l, const LayerLayout& layer,
                     std::span<float> weights) {
  const bool tall = layer.inputs >= layer.outputs;
  const std::size_t vectors = tall ? layer.outputs : layer.inputs;
  const std::size_t length = tall ? layer.inputs : layer.outputs;
  rng.normals(normals_of_layers + l, 0, weights);
  std::vector<double> q(weights.begin(), weights.end());
  make_orthonormal(q, vectors, length);
  if (!tall) {
    std::transform(q.begin(), q.end(), weights.begin(),
                   [](double v) { return static_cast<float>(v); });
    return;
  }
  constexpr std::size_t columns = 16;  // a cache line of weights
  for (std::size_t first = 0; first < vectors; first += columns) {
    const std::size_t end = std::min(first + columns, vectors);
    for (std::size_t i = 0; i < length; ++i) {
      for (std::size_t j = first; j < end; ++j) {
        weights[i * vectors + j] = static_cast<float>(q[j * length + i]);
      }
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
    const std::span<float> weights =
        parameters.subspan(layer.weights, layer.inputs * layer.outputs);
    if (k == Initialisation::orthogonal) {
      fill_orthogonal(rng, l, layer, weights);
    } else if (is_normal(k)) {
      rng.normals(normals_of_layers + l, 0, weights);
      scale(weights.data(), weights.size(), static_cast<float>(deviation));
    } else {
      fill_uniform(rng, layer.weights, deviation, weights);
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
