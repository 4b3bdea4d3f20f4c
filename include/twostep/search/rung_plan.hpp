// What early stopping will cost, as far as it can be known beforehand.
#pragma once

#include <cstdint>
#include <vector>

#include "twostep/study/spec.hpp"

namespace twostep {

struct RungPlan {
  std::vector<std::uint64_t> levels;  // of the rungs, in epochs, steps or rows; the last: the whole
  // Trials that come to each rung if all finish. Of median and percentile: if trials keep their
  // places from rung to rung.
  std::vector<double> trials;
  // The epochs, steps or rows of all trials, as a share of the same trials without early stopping:
  // with the numbers above, and at most. The latter is above 1 where rungs of rows are trained
  // anew.
  double expected_share = 1;
  double largest_share = 1;
};

// Requires an early-stopping rule.
[[nodiscard]] RungPlan plan_rungs(const StudySpec& spec);

}  // namespace twostep
