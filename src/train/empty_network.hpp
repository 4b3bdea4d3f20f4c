// The network of a team's member that has no row of a global batch (the last batch of an epoch may
// have fewer rows than the team has members): it computes nothing, but takes part in the sums of
// the batch norms, and keeps the same running statistics as the others.
#pragma once

#include <memory>

#include "twostep/ports/engine.hpp"

namespace twostep {

[[nodiscard]] std::unique_ptr<Network> make_empty_network(const NetworkShape& shape);

}  // namespace twostep
