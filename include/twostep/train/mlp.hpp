// Initial weights of a multilayer perceptron.
#pragma once

#include <span>

#include "twostep/base/rng.hpp"
#include "twostep/ports/mlp_layout.hpp"

namespace twostep {

// Initial weights: He et al. 2015 (fan-in, gain 2) or Glorot and Bengio 2010 (fan-in and fan-out),
// normal or uniform; biases 0. Parameter i depends on the stream and on i alone.
void initialise(const NetworkShape& shape, Initialisation kind, const Rng& rng,
                std::span<float> parameters);

}  // namespace twostep
