// The flat vectors of a multilayer perceptron, as engines, optimisers and model files agree on
// them. Parameters: each layer holds its weights [in, out] row-major, then its biases [out], then,
// if it is normalised, the gains [out] of its norm (the biases are then the norm's shifts); layers
// follow each other without gaps. State: each batch-normalised layer holds its running means [out],
// then its running variances [out].
#pragma once

#include <cstddef>
#include <vector>

#include "twostep/ports/engine.hpp"

namespace twostep {

struct LayerLayout {
  std::size_t inputs = 0;
  std::size_t outputs = 0;
  std::size_t weights = 0;  // offset of the first weight
  std::size_t biases = 0;   // offset of the first bias
  bool normalised = false;
  bool skip = false;      // the layer's input is added to its output
  double dropout = 0;     // probability
  std::size_t state = 0;  // offset of the first running mean, with batch normalisation
  [[nodiscard]] std::size_t gains() const { return biases + outputs; }  // if normalised
  [[nodiscard]] std::size_t end() const { return biases + (normalised ? 2 : 1) * outputs; }
};

struct MlpLayout {
  explicit MlpLayout(const NetworkShape& shape) {
    std::size_t from = shape.inputs;
    const auto add = [&](std::size_t to, bool hidden) {
      LayerLayout layer{from, to, parameters, parameters + from * to};
      if (hidden) {
        layer.normalised = shape.norm != Norm::none;
        layer.skip = shape.residual && !layers.empty() && from == to;
        layer.dropout = shape.dropout.empty() ? 0 : shape.dropout[layers.size()];
        layer.state = state;
        state += shape.norm == Norm::batch ? 2 * to : 0;
      }
      layers.push_back(layer);
      parameters = layer.end();
      from = to;
    };
    for (const std::uint32_t width : shape.widths) {
      add(width, true);
    }
    add(shape.outputs, false);
  }
  std::vector<LayerLayout> layers;
  std::size_t parameters = 0;
  std::size_t state = 0;  // size of the state vector
};

}  // namespace twostep
