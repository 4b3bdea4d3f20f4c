// A search by parallel workers in simulated time: each takes the next proposal as soon as its trial
// has ended.
#pragma once

#include <cstdint>
#include <functional>

#include "twostep/search/proposer.hpp"

namespace twostep::bench {

struct ParallelTrials {
  std::size_t workers = 1;
  std::uint32_t trials = 1;
  std::uint64_t seed = 1;                        // of durations that are drawn
  std::function<double(const Point&)> seconds;   // empty: drawn from [0.5, 1.5)
  std::function<Observation(const Point&)> see;  // in the order in which trials end
};

void run_trials(Proposer& proposer, const ParallelTrials& options);

// Trials after which results are printed.
[[nodiscard]] std::vector<std::uint32_t> budgets_within(std::vector<std::uint32_t> budgets,
                                                        std::uint32_t trials);

}  // namespace twostep::bench
