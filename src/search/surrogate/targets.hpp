// What surrogates are fitted to, and what they are asked for.
#pragma once

#include <cstdint>
#include <vector>

#include "search/draws.hpp"
#include "search/history.hpp"

namespace twostep {

// The objectives of rows that have ended, smaller is better: as logarithms where all are positive
// (losses span orders of magnitude), clipped where they are far above the median (diverging trials
// would otherwise decide the scale), failures as the worst, then with mean 0 and deviation 1. All 0
// if they are equal.
[[nodiscard]] std::vector<double> surrogate_targets(const History& history,
                                                    const std::vector<History::Row>& rows);

// Log of the expected improvement below `best` of a normal prediction, exact where the improvement
// is too small for a floating-point number (Ament et al., "Unexpected improvements to expected
// improvement", NeurIPS 2023).
[[nodiscard]] double log_expected_improvement(double mean, double deviation, double best);

// Points for an acquisition function: at random, and small steps from the best trials.
[[nodiscard]] std::vector<std::vector<double>> acquisition_candidates(const History& history,
                                                                      std::size_t random,
                                                                      std::size_t steps,
                                                                      Draws& draws);

}  // namespace twostep
