// Small steps in a search space: mutation, and the local search of surrogates.
#pragma once

#include "search/draws.hpp"
#include "search/history.hpp"

namespace twostep {

// A step of one number, in the unit interval: normal with this deviation, reflected at the ends; at
// least to the next value where values are discrete. Categories: another one. Constants stay.
[[nodiscard]] double step_from(const Axis& axis, double u, double deviation, Draws& draws);

// `unit` changed in one of its active dimensions and, with probability `share` each, in the others.
// Inactive ones (NaN) are drawn, for the case that they become active.
[[nodiscard]] std::vector<double> neighbour(const History& history, std::span<const double> unit,
                                            double deviation, double share, Draws& draws);

}  // namespace twostep
