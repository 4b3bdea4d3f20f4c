#include "twostep/train/mlp.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

#include "train/hadamard.hpp"
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

// The random numbers of layer l have this index plus l.
constexpr std::uint64_t numbers_of_layers = std::uint64_t{1} << 63;
// The longest vectors that are drawn uniformly of all orthonormal ones. With twice the length, 20
// layers would take 9 % of an epoch over 5,000 rows (docs/performance.md).
constexpr std::size_t longest_uniform = 64;

TWOSTEP_VECTORISED
void scale(float* values, std::size_t n, float factor) {
  for (std::size_t i = 0; i < n; ++i) {
    values[i] *= factor;
  }
}

// Uniform in (-1, 1) times `width`: the middles of 2^24 equal parts.
TWOSTEP_VECTORISED
void to_uniform(const std::uint32_t* __restrict words, float* __restrict out, std::size_t n,
                float width) {
  for (std::size_t i = 0; i < n; ++i) {
    const auto part = static_cast<std::int32_t>(words[i] >> 8) - (1 << 23);
    out[i] = (static_cast<float>(part) + 0.5F) * (0x1p-23F * width);
  }
}

void fill_uniform(const Rng& rng, std::size_t l, double deviation, std::span<float> weights) {
  std::array<std::uint32_t, 512> words;
  constexpr std::uint32_t lanes = words.size() / 4;
  std::uint32_t lane = 0;
  for (std::size_t at = 0; at < weights.size(); at += words.size(), lane += lanes) {
    const std::size_t n = std::min(words.size(), weights.size() - at);
    rng.words(numbers_of_layers + l, lane, std::span(words).first(n));
    to_uniform(words.data(), &weights[at], n, static_cast<float>(deviation * std::sqrt(3.0)));
  }
}

// Saxe et al. 2014: the orthonormal factor of a matrix of normal numbers. The shorter side's
// vectors are made orthonormal; long ones are those of a HadamardRotation.
void fill_orthogonal(const Rng& rng, std::size_t l, const LayerLayout& layer,
                     std::span<float> weights) {
  const bool tall = layer.inputs > layer.outputs;
  const std::size_t vectors = tall ? layer.outputs : layer.inputs;
  const std::size_t length = tall ? layer.inputs : layer.outputs;
  std::vector<float> room(tall ? weights.size() : 0);
  const std::span<float> q = tall ? std::span(room) : weights;
  if (length > longest_uniform) {
    const HadamardRotation rotation(length, rng, numbers_of_layers + l);
    for (std::size_t i = 0; i < vectors; ++i) {
      rotation.column(i, q.subspan(i * length, length));
    }
  } else {
    rng.normals(numbers_of_layers + l, 0, q);
    std::vector<double> exact(q.begin(), q.end());
    make_orthonormal(exact, vectors, length);
    std::transform(exact.begin(), exact.end(), q.begin(),
                   [](double v) { return static_cast<float>(v); });
  }
  if (!tall) {
    return;
  }
  constexpr std::size_t columns = 16;  // a cache line of weights
  for (std::size_t first = 0; first < vectors; first += columns) {
    const std::size_t end = std::min(first + columns, vectors);
    for (std::size_t i = 0; i < length; ++i) {
      for (std::size_t j = first; j < end; ++j) {
        weights[i * vectors + j] = q[j * length + i];
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
      rng.normals(numbers_of_layers + l, 0, weights);
      scale(weights.data(), weights.size(), static_cast<float>(deviation));
    } else {
      fill_uniform(rng, l, deviation, weights);
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
