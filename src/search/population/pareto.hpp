// Sorting by two objectives: what NSGA-II selects by.
#pragma once

#include <cstddef>
#include <vector>

namespace twostep {

struct Cost {
  double first = 0;
  double second = 0;
};

[[nodiscard]] bool dominates(const Cost& a, const Cost& b);
// The front of each: 0 for what nothing dominates, 1 for what only front 0 dominates, ...
[[nodiscard]] std::vector<std::size_t> front_of(const std::vector<Cost>& costs);
// Deb's crowding distance of each within its front: infinite at the ends.
[[nodiscard]] std::vector<double> crowding(const std::vector<Cost>& costs,
                                           const std::vector<std::size_t>& fronts);

}  // namespace twostep
