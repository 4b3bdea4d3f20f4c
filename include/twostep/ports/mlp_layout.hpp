// The flat parameter vector of a multilayer perceptron, as engines, optimisers and model files
// agree on it. Layer l of the network x -> act(x W + b) holds its weights [in, out] row-major, then
// its biases [out]; layers follow each other without gaps.
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
};

struct MlpLayout {
  explicit MlpLayout(const NetworkShape& shape) {
    std::size_t from = shape.inputs;
    const auto add = [&](std::size_t to) {
      layers.push_back({from, to, parameters, parameters + from * to});
      parameters += (from + 1) * to;
      from = to;
    };
    for (const std::uint32_t width : shape.widths) {
      add(width);
    }
    add(shape.outputs);
  }
  std::vector<LayerLayout> layers;
  std::size_t parameters = 0;
  std::size_t state = 0;  // size of the state vector
};

}  // namespace twostep
