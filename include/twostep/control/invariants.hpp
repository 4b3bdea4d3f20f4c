// What must hold of every State, whatever happened: the simulation checks it after its steps, tests
// check it of replayed journals.
#pragma once

#include <string>
#include <vector>

#include "twostep/control/state.hpp"

namespace twostep {

// One sentence per violated invariant; empty if all hold. Takes time in the number of trials.
[[nodiscard]] std::vector<std::string> violated_invariants(const State& state);

}  // namespace twostep
