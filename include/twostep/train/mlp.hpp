// Initial weights and state of a multilayer perceptron.
#pragma once

#include <span>
#include <vector>

#include "twostep/base/rng.hpp"
#include "twostep/ports/mlp_layout.hpp"

namespace twostep {

// Initial weights: He et al. 2015 (variance 2 / fan-in), Glorot and Bengio 2010 (2 / (fan-in +
// fan-out)) or LeCun et al. 1998 (1 / fan-in), normal or uniform; or orthogonal (Saxe et al. 2014).
// Biases 0, gains 1. A function of the stream and the shape alone.
void initialise(const NetworkShape& shape, Initialisation kind, const Rng& rng,
                std::span<float> parameters);
// Running means 0 and variances 1.
[[nodiscard]] std::vector<float> initial_state(const NetworkShape& shape);

}  // namespace twostep
