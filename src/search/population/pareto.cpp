#include "search/population/pareto.hpp"

#include <algorithm>
#include <limits>
#include <numeric>

namespace twostep {

bool dominates(const Cost& a, const Cost& b) {
  return a.first <= b.first && a.second <= b.second && (a.first < b.first || a.second < b.second);
}

// In the order of the first objective, an element belongs to the first front whose least second
// objective so far is above its own (Jensen 2003, for two objectives).
std::vector<std::size_t> front_of(const std::vector<Cost>& costs) {
  std::vector<std::size_t> order(costs.size());
  std::iota(order.begin(), order.end(), std::size_t{0});
  std::sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
    return costs[a].first != costs[b].first     ? costs[a].first < costs[b].first
           : costs[a].second != costs[b].second ? costs[a].second < costs[b].second
                                                : a < b;
  });
  std::vector<std::size_t> out(costs.size());
  std::vector<std::size_t> last;  // of each front: the element with its least second objective
  for (const std::size_t i : order) {
    std::size_t front = 0;
    while (front < last.size() && dominates(costs[last[front]], costs[i])) {
      ++front;
    }
    if (front == last.size()) {
      last.push_back(i);
    } else {
      last[front] = i;
    }
    out[i] = front;
  }
  return out;
}

std::vector<double> crowding(const std::vector<Cost>& costs,
                             const std::vector<std::size_t>& fronts) {
  constexpr double inf = std::numeric_limits<double>::infinity();
  std::vector<double> out(costs.size(), 0);
  const std::size_t count =
      fronts.empty() ? 0 : *std::max_element(fronts.begin(), fronts.end()) + 1;
  for (std::size_t front = 0; front < count; ++front) {
    std::vector<std::size_t> members;
    for (std::size_t i = 0; i < costs.size(); ++i) {
      if (fronts[i] == front) {
        members.push_back(i);
      }
    }
    for (double Cost::*objective : {&Cost::first, &Cost::second}) {
      std::stable_sort(members.begin(), members.end(), [&](std::size_t a, std::size_t b) {
        return costs[a].*objective < costs[b].*objective;
      });
      const double range = costs[members.back()].*objective - costs[members.front()].*objective;
      out[members.front()] = inf;
      out[members.back()] = inf;
      for (std::size_t i = 1; i + 1 < members.size() && range > 0; ++i) {
        out[members[i]] +=
            (costs[members[i + 1]].*objective - costs[members[i - 1]].*objective) / range;
      }
    }
  }
  return out;
}

}  // namespace twostep
