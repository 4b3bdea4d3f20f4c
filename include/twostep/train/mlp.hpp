// The flat parameter vector of a multilayer perceptron. Layer l of the network x -> act(x W + b)
// holds its weights [in, out] row-major, then its biases [out]; layers follow each other without
// gaps, so optimisers, reductions and files see one array.
#pragma once

#include <cstddef>
#include <span>
#include <vector>

#include "twostep/base/rng.hpp"
#include "twostep/ports/engine.hpp"

namespace twostep {

struct LayerLayout {
  std::size_t inputs = 0;
  std::size_t outputs = 0;
  std::size_t weights = 0;  // offset of the first weight
  std::size_t biases = 0;   // offset of the first bias
};

struct MlpLayout {
  explicit MlpLayout(const NetworkShape& shape);
  std::vector<LayerLayout> layers;
  std::size_t parameters = 0;
};

// Initial weights: He et al. 2015 (fan-in, gain 2) or Glorot and Bengio 2010 (fan-in and fan-out),
// normal or uniform; biases 0. Parameter i depends on the stream and on i alone.
void initialise(const NetworkShape& shape, Initialisation kind, const Rng& rng,
                std::span<float> parameters);

}  // namespace twostep
