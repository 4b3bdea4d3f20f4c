// What an algorithm finds with an early-stopping rule, on problems whose values are approached
// along a loss curve.
#pragma once

#include <cstdint>
#include <vector>

#include "bench/search/problems.hpp"
#include "twostep/study/spec.hpp"

namespace twostep::bench {

struct RungSearch {
  Problem problem;
  SearchSpec search;  // its algorithm and rule
  std::size_t workers = 1;
  std::uint64_t seed = 1;
  std::uint64_t epochs = 27;                                // of a whole training
  std::vector<std::uint32_t> budgets = {20, 50, 100, 200};  // in whole trainings
};

// The regret of the best trial that was trained to its end, when each budget was spent.
//
// After epoch e of E a trial has lost all but its value and D (e^-p - E^-p), D being the median
// distance of random points from the optimum and p from 0.5 to 3 along the first dimension: early
// losses favour trials that learn fast, and have the order of the last ones where that dimension
// matters little.
[[nodiscard]] std::vector<double> regrets(const RungSearch& options);

}  // namespace twostep::bench
