// Problems of two objectives with known fronts: ZDT (Zitzler, Deb and Thiele, "Comparison of
// multiobjective evolutionary algorithms: empirical results", Evol. Comput. 8, 2000) and, for two
// objectives, DTLZ (Deb, Thiele, Laumanns and Zitzler, "Scalable test problems for evolutionary
// multiobjective optimization", 2005). Each has a counterpart of the same name in
// tools/bench/peers/optuna_pareto.py.
#pragma once

#include <functional>
#include <string>
#include <utility>
#include <vector>

#include "twostep/study/space.hpp"

namespace twostep::bench {

using Objectives = std::pair<double, double>;  // both to be made small

struct ParetoProblem {
  Space space;
  Objectives reference;  // about what random points have, and beyond every point of the front
  std::function<Objectives(const std::vector<double>& x)> value;
  // A curve that holds the front, t in [0, 1]; its first objective grows.
  std::function<Objectives(double t)> front;
};

// zdt1, zdt2, zdt3, zdt4, zdt6, dtlz2, dtlz7. Throws std::runtime_error.
[[nodiscard]] ParetoProblem make_pareto_problem(const std::string& name);
// The area that the points dominate, up to the reference; those beyond it count nothing.
[[nodiscard]] double hypervolume(std::vector<Objectives> points, const Objectives& reference);
// That of the whole front, to about five digits.
[[nodiscard]] double front_hypervolume(const ParetoProblem& problem);

}  // namespace twostep::bench
