#include "search/neighbour.hpp"

#include <algorithm>
#include <cmath>

namespace twostep {

double step_from(const Axis& axis, double u, double deviation, Draws& draws) {
  if (axis.levels == 1) {
    return u;
  }
  if (axis.categorical) {
    const std::uint64_t other = draws.below(axis.levels - 1);
    return axis.centre(other < axis.category(u) ? other : other + 1);
  }
  double step = deviation * draws.normal();
  if (axis.levels > 0) {
    const double level = 1.0 / static_cast<double>(axis.levels);
    step = std::copysign(std::max(std::abs(step), 0.75 * level), step);
  }
  const double x = std::fmod(std::abs(u + step), 2.0);
  return std::min(x > 1 ? 2 - x : x, std::nextafter(1.0, 0.0));
}

std::vector<double> neighbour(const History& history, std::span<const double> unit,
                              double deviation, double share, Draws& draws) {
  std::vector<double> out(unit.begin(), unit.end());
  std::vector<std::size_t> active;
  for (std::size_t d = 0; d < out.size(); ++d) {
    if (std::isnan(out[d])) {
      out[d] = draws.uniform();
    } else if (history.axes()[d].levels != 1) {
      active.push_back(d);
    }
  }
  if (active.empty()) {
    return out;
  }
  const std::size_t first = active[draws.below(active.size())];
  for (const std::size_t d : active) {
    if (d == first || draws.uniform() < share) {
      out[d] = step_from(history.axes()[d], out[d], deviation, draws);
    }
  }
  return out;
}

}  // namespace twostep
