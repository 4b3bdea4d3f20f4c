// The problems and the measure of `twostep-search-bench pareto` against closed forms.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "bench/search/pareto_problems.hpp"
#include "search_support.hpp"

namespace twostep {
namespace {

using bench::Objectives;

// n steps along the line from (0, 1) to (1, 0): a staircase of 1 + ... + (n - 1) squares.
TEST(Hypervolume, OfALineOfPointsIsAStaircase) {
  for (const int n : {1, 2, 7, 100}) {
    std::vector<Objectives> points;
    for (int i = n; i >= 0; --i) {
      points.emplace_back(static_cast<double>(i) / n, 1 - static_cast<double>(i) / n);
    }
    EXPECT_NEAR(bench::hypervolume(points, {1, 1}), 0.5 * (n - 1) / n, 1e-12);
    EXPECT_NEAR(bench::hypervolume(points, {2, 3}), 0.5 * (n - 1) / n + 1 * 2 + 1 * 1 + 2 * 1,
                1e-12);
  }
}

TEST(Hypervolume, CountsNothingTwiceAndNothingBeyondTheReference) {
  EXPECT_EQ(bench::hypervolume({}, {1, 1}), 0);
  EXPECT_EQ(bench::hypervolume({{0.5, 0.5}}, {1, 1}), 0.25);
  EXPECT_EQ(bench::hypervolume({{0.5, 0.5}, {0.5, 0.5}, {0.75, 0.5}, {0.9, 0.9}}, {1, 1}), 0.25);
  EXPECT_EQ(bench::hypervolume({{0.5, 0.5}, {1, 0}, {0, 1}, {2, -5}, {-5, 2}}, {1, 1}), 0.25);
}

// Points on a grid, and the cells that any of them dominates.
TEST(Hypervolume, IsTheNumberOfCellsDominated) {
  constexpr std::uint64_t cells = 20;
  for (std::uint64_t seed = 1; seed <= 200; ++seed) {
    Draws draws(Rng(seed, Purpose::simulation));
    std::vector<Objectives> points;
    for (std::uint64_t n = draws.below(8); n > 0; --n) {
      points.emplace_back(draws.below(cells + 3), draws.below(cells + 3));
    }
    int dominated = 0;
    for (std::uint64_t x = 0; x < cells; ++x) {
      for (std::uint64_t y = 0; y < cells; ++y) {
        dominated += std::any_of(points.begin(), points.end(), [&](const Objectives& p) {
          return p.first <= static_cast<double>(x) && p.second <= static_cast<double>(y);
        });
      }
    }
    EXPECT_EQ(bench::hypervolume(points, {cells, cells}), dominated) << seed;
  }
}

// Integrals of the fronts: of sqrt(f), f^2, a quarter of a circle.
TEST(ParetoProblems, FrontsHaveTheAreasOfTheirFormulas) {
  const auto area = [](const std::string& name) {
    return bench::front_hypervolume(bench::make_pareto_problem(name));
  };
  EXPECT_NEAR(area("zdt1"), 1.1 * 6 - 1.0 / 3, 1e-4);
  EXPECT_NEAR(area("zdt2"), 1.1 * 6 - 2.0 / 3, 1e-4);
  EXPECT_NEAR(area("zdt4"), 1.1 * 200 - 1.0 / 3, 1e-4);
  const double least = 0.2807753191;  // of ZDT6's f1, as the literature has it
  EXPECT_NEAR(area("zdt6"), (1.1 - least) * 10 - (1 - least) + (1 - least * least * least) / 3,
              1e-4);
  EXPECT_NEAR(area("dtlz2"), 4 - std::numbers::pi / 4, 1e-4);
}

// The other variables where g is least, x1 over its range: on the curve of the front, or above.
TEST(ParetoProblems, ReachTheirFronts) {
  for (const std::string name : {"zdt1", "zdt2", "zdt3", "zdt4", "zdt6", "dtlz2", "dtlz7"}) {
    const bench::ParetoProblem problem = bench::make_pareto_problem(name);
    std::vector<double> x(problem.space.dimensions.size(), name == "dtlz2" ? 0.5 : 0.0);
    std::vector<Objectives> reached;
    for (int i = 0; i <= 20'000; ++i) {
      x[0] = 5e-5 * i;
      reached.push_back(problem.value(x));
    }
    const double whole = bench::front_hypervolume(problem);
    EXPECT_NEAR(bench::hypervolume(reached, problem.reference) / whole, 1, 2e-4) << name;
    // A step away from it loses.
    x[1] += 0.3;
    const auto [first, second] = problem.value(x);
    x[1] -= 0.3;
    const auto [best_first, best_second] = problem.value(x);
    EXPECT_TRUE(first >= best_first && second > best_second) << name;
  }
}

TEST(ParetoProblems, HaveTheDimensionsOfThePapers) {
  for (const auto& [name, count] : {std::pair{"zdt1", 30U},
                                    {"zdt2", 30U},
                                    {"zdt3", 30U},
                                    {"zdt4", 10U},
                                    {"zdt6", 10U},
                                    {"dtlz2", 11U},
                                    {"dtlz7", 21U}}) {
    EXPECT_EQ(bench::make_pareto_problem(name).space.dimensions.size(), count) << name;
  }
  EXPECT_THROW((void)bench::make_pareto_problem("zdt5"), std::runtime_error);
}

}  // namespace
}  // namespace twostep
