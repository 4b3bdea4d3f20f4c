// How many ranks train each finalist, and in which order they begin, so that all of them together
// are done earliest: a schedule of moldable tasks. Allotments are tried as by Turek, Wolf and Yu
// ("Approximate algorithms for scheduling parallelizable tasks", SPAA 1992): for each duration that
// some finalist could have, every finalist gets the fewest ranks that keep it below; each allotment
// is list-scheduled, longest first, and the best is improved by a bounded local search. Pure: the
// same arguments give the same plan.
#pragma once

#include <cstdint>
#include <vector>

namespace twostep {

// seconds[i][k - 1]: of finalist i with k ranks; infinity where k is not allowed. All of one
// length, the number of ranks; seconds[i][0] is finite.
using TeamTimes = std::vector<std::vector<double>>;

struct TeamPlan {
  std::vector<std::uint32_t> sizes;  // ranks per finalist
  std::vector<std::uint32_t> order;  // finalists in the order of their beginning
  double seconds = 0;                // until the last is done
};

// When ranks are free, the first finalist in `order` that fits begins. The time until all are done.
[[nodiscard]] double list_schedule(const TeamTimes& times, const std::vector<std::uint32_t>& sizes,
                                   const std::vector<std::uint32_t>& order);
[[nodiscard]] TeamPlan plan_earliest(const TeamTimes& times);

}  // namespace twostep
