// What summing over the ranks of this run costs, for the plan of the teams.
#pragma once

#include "twostep/ports/clock.hpp"
#include "twostep/ports/group.hpp"
#include "twostep/search/training_cost.hpp"

namespace twostep {

// Times sums of 8 bytes to 1 MiB, the least of several each, and fits the model of
// training_cost.hpp to them: a few milliseconds. Collective; every member has its own figures.
// Requires two members or more.
[[nodiscard]] AllReduceCost time_all_reduce(Group& group, Clock& clock);

}  // namespace twostep
