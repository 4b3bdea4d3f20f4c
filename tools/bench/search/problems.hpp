// Problems with known optima, for measuring how good search algorithms are. Each has a counterpart
// of the same name in tools/bench/peers/optuna_search.py.
#pragma once

#include <functional>
#include <string>

#include "twostep/study/space.hpp"

namespace twostep::bench {

struct Problem {
  Space space;
  double optimum = 0;
  std::function<double(const Point&)> value;
  std::function<double(const Point&)> seconds;  // simulated; empty: drawn
};

// x0, x1, ... with these bounds each.
[[nodiscard]] Space box(std::size_t dimensions, double low, double high);
// branin, hartmann6, rosenbrock4, levy8, ackley16, mixed (conditional, categories, integers); or
// the path of a table written by tools/bench/peers/fcnet_table.py. Throws std::runtime_error.
[[nodiscard]] Problem make_problem(const std::string& name);

}  // namespace twostep::bench
