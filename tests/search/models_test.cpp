// The parts of the samplers against independent truths: integrals, brute force, finite differences.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>

#include "search/density/kernels.hpp"
#include "search/density/parzen.hpp"
#include "search/population/cma_state.hpp"
#include "search/population/pareto.hpp"
#include "search/surrogate/forest.hpp"
#include "search/surrogate/growing_cholesky.hpp"
#include "search/surrogate/matern.hpp"
#include "search/surrogate/targets.hpp"
#include "search_support.hpp"

namespace twostep {
namespace {

// One real dimension, one choice of three, one integer of five that exists for the first choice.
Space small_space() {
  Space space = test::unit_cube(1);
  space.dimensions.push_back(
      test::choice_dimension("c", {Value(true), Value(false), Value(std::int64_t{3})}));
  space.dimensions.push_back(test::integer_dimension("i", 0, 4));
  space.dimensions.back().condition = Condition{1, {Value(true)}, 0};
  return space;
}

History filled(const Space& space, std::uint32_t n, double (*objective)(std::span<const double>)) {
  History history(space);
  for (std::uint32_t i = 1; i <= n; ++i) {
    const Point point = space.point_at(random_unit(5, TrialId(i), 0, space.dimensions.size()));
    history.created(TrialId(i), point);
    history.finished(TrialId(i), test::observation(objective(history.unit(i - 1))));
  }
  return history;
}

double first_coordinate(std::span<const double> u) {
  return u[0];
}

TEST(Kernels, ExponentialsAddUp) {
  std::vector<float> values;
  double sum = 0;
  for (int i = 0; i < 1000; ++i) {
    values.push_back(static_cast<float>(-0.1 * i));
    sum += std::exp(static_cast<double>(values.back()) - 1.5);
  }
  EXPECT_NEAR(sum_of_exponentials(values.data(), values.size(), 1.5F), sum, 1e-6 * sum);
  EXPECT_EQ(largest(values.data(), values.size()), 0.0F);
}

// Over all categories and, where the integer exists, its grid, the density has mass 1: a discrete
// value's share of the cube times the density at its middle.
TEST(Parzen, HasMassOne) {
  const Space space = small_space();
  const History history = filled(space, 7, first_coordinate);
  ParzenMixture mixture(history, {});
  mixture.fit({0, 1, 2, 4, 5}, {1, 2, 3, 4, 5});
  const double none = std::numeric_limits<double>::quiet_NaN();
  double mass = 0;
  const int steps = 2000;
  for (int category = 0; category < 3; ++category) {
    std::vector<std::vector<double>> points;
    for (int i = 0; i < steps; ++i) {
      points.push_back({(i + 0.5) / steps, (category + 0.5) / 3, none});
    }
    for (const double log_density : mixture.log_density(points)) {
      mass += std::exp(log_density) / steps / 3;
    }
  }
  EXPECT_NEAR(mass, 1, 1e-4);
}

// Samples fall where the density says.
TEST(Parzen, SamplesFollowTheDensity) {
  const Space space = test::unit_cube(1);
  const History history = filled(space, 6, first_coordinate);
  ParzenMixture mixture(history, {});
  mixture.fit({0, 1, 2, 3, 4, 5}, {});
  std::vector<double> counts(10);
  Draws draws(Rng(3, Purpose::simulation));
  const int n = 20000;
  for (int i = 0; i < n; ++i) {
    ++counts[static_cast<std::size_t>(10 * mixture.sample(draws)[0])];
  }
  for (std::size_t bin = 0; bin < 10; ++bin) {
    std::vector<std::vector<double>> points;
    for (int i = 0; i < 100; ++i) {
      points.push_back({(static_cast<double>(bin) + (i + 0.5) / 100) / 10});
    }
    double mass = 0;
    for (const double log_density : mixture.log_density(points)) {
      mass += std::exp(log_density) / 1000;
    }
    EXPECT_NEAR(counts[bin] / n, mass, 0.012) << bin;
  }
}

TEST(ExpectedImprovement, IsTheIntegral) {
  for (const double z : {1.5, 0.0, -2.0, -4.9, -5.1, -7.0}) {
    const double deviation = 0.7;
    double sum = 0;  // of z Phi-shaped improvement, by the midpoint rule over its tail
    const double step = 1e-4;
    for (double t = -12; t < z; t += step) {
      const double m = t + step / 2;
      sum += step * (z - m) * std::exp(-0.5 * m * m) / std::sqrt(2 * std::numbers::pi);
    }
    EXPECT_NEAR(log_expected_improvement(1 - z * deviation, deviation, 1),
                std::log(deviation * sum), 2e-3)
        << z;
  }
  // It goes over into its expansion without a step.
  const double above = log_expected_improvement(24.999, 1, 0);
  EXPECT_NEAR(above - log_expected_improvement(25.001, 1, 0), 0.002 * (25 + 2.0 / 25), 1e-5);
  EXPECT_TRUE(std::isfinite(log_expected_improvement(1e3, 1e-2, 0)));
}

TEST(SurrogateTargets, SurviveOutliersAndFailures) {
  const Space space = test::unit_cube(1);
  History history(space);
  const double values[] = {1e-3, 1e-2, 1e-1, 1e30, std::numeric_limits<double>::quiet_NaN(), 0.5};
  std::vector<History::Row> rows;
  for (std::uint32_t i = 0; i < 6; ++i) {
    history.created(TrialId(i + 1), space.point_at({i / 6.0}));
    history.finished(TrialId(i + 1), test::observation(values[i]));
    rows.push_back(i);
  }
  const auto y = surrogate_targets(history, rows);
  EXPECT_LT(y[0], y[1]);
  EXPECT_LT(y[1], y[2]);
  EXPECT_EQ(y[3], y[4]);
  EXPECT_LT(y[3], 3);
  EXPECT_EQ(surrogate_targets(history, {4, 4}), (std::vector<double>{0, 0}));
}

TEST(Pareto, FrontsAgreeWithBruteForce) {
  Draws draws(Rng(2, Purpose::simulation));
  for (int repeat = 0; repeat < 50; ++repeat) {
    std::vector<Cost> costs;
    for (int i = 0; i < 40; ++i) {  // from a coarse grid: ties and equal ones too
      costs.push_back({static_cast<double>(draws.below(8)), static_cast<double>(draws.below(8))});
    }
    const auto fronts = front_of(costs);
    for (std::size_t i = 0; i < costs.size(); ++i) {
      std::size_t expected = 0;  // one more than the deepest that dominates it
      for (std::size_t j = 0; j < costs.size(); ++j) {
        if (dominates(costs[j], costs[i])) {
          expected = std::max(expected, fronts[j] + 1);
        }
      }
      EXPECT_EQ(fronts[i], expected);
    }
  }
}

TEST(Pareto, CrowdingIsInfiniteAtTheEnds) {
  const std::vector<Cost> costs{{0, 4}, {1, 2}, {3, 1}, {4, 0}};
  const auto distance = crowding(costs, front_of(costs));
  EXPECT_TRUE(std::isinf(distance[0]) && std::isinf(distance[3]));
  EXPECT_DOUBLE_EQ(distance[1], 3.0 / 4 + 3.0 / 4);
  EXPECT_DOUBLE_EQ(distance[2], 3.0 / 4 + 2.0 / 4);
}

TEST(Cholesky, SolvesAndGrowsWithTheSameBits) {
  constexpr std::size_t n = 37;
  Draws draws(Rng(4, Purpose::simulation));
  std::vector<double> b(n * n);
  for (double& v : b) {
    v = draws.normal();
  }
  const auto a = [&](std::size_t i, std::size_t j) {
    double sum = i == j ? 1 : 0;
    for (std::size_t k = 0; k < n; ++k) {
      sum += b[i * n + k] * b[j * n + k];
    }
    return sum;
  };
  const auto grow = [&](GrowingCholesky& factor, std::size_t to) {
    for (std::size_t i = factor.size(); i < to; ++i) {
      std::vector<double> row;
      for (std::size_t j = 0; j < i; ++j) {
        row.push_back(a(i, j));
      }
      factor.append(row, a(i, i), 1e-9);
    }
  };
  GrowingCholesky once;
  grow(once, n);
  GrowingCholesky again;
  grow(again, n);
  again.truncate(11);
  grow(again, n);
  std::vector<double> x(n, 1);
  once.solve_lower(x);
  std::vector<double> same(n, 1);
  again.solve_lower(same);
  EXPECT_EQ(x, same);
  std::vector<double> columns(n * 3, 1);
  once.solve_lower(columns, 3);
  for (std::size_t i = 0; i < n; ++i) {
    EXPECT_NEAR(columns[3 * i + 1], x[i], 1e-10);
  }
  once.solve_upper(x);
  for (std::size_t i = 0; i < n; ++i) {
    double sum = 0;
    for (std::size_t j = 0; j < n; ++j) {
      sum += a(i, j) * x[j];
    }
    EXPECT_NEAR(sum, 1, 1e-8);
  }
}

TEST(Matern, SlopeIsTheDerivative) {
  EXPECT_DOUBLE_EQ(matern(0), 1);
  for (const double s : {0.01, 0.3, 1.0, 4.0}) {
    const double h = 1e-6;
    EXPECT_NEAR(matern_slope(s), (matern(s + h) - matern(s - h)) / (2 * h), 1e-7);
  }
}

// A function of the first of three coordinates: its length scale must come out much the shortest.
TEST(GaussianProcess, FindsWhatMatters) {
  const Space space = test::unit_cube(3);
  const History history =
      filled(space, 60, [](std::span<const double> u) { return std::sin(9 * u[0]); });
  std::vector<std::span<const double>> points;
  for (const History::Row row : history.ended()) {
    points.push_back(history.unit(row));
  }
  const GpSettings s = fit_gp(history.axes(), points, surrogate_targets(history, history.ended()));
  EXPECT_GT(s.inverse_squares[0], 30 * s.inverse_squares[1]);
  EXPECT_GT(s.inverse_squares[0], 30 * s.inverse_squares[2]);
  EXPECT_LT(s.noise, 1e-2);
}

TEST(Forest, PredictsAStepAndACategory) {
  const Space space = small_space();
  const auto truth = [](std::span<const double> u) {
    return (u[0] < 0.4 ? 0.0 : 1.0) + (u[1] < 1.0 / 3 ? 2.0 : 0.0);
  };
  const History history = filled(space, 300, truth);
  std::vector<double> targets;
  for (const History::Row row : history.ended()) {
    targets.push_back(truth(history.unit(row)));
  }
  const Forest forest(history, history.ended(), targets, Rng(1, Purpose::search));
  const double none = std::numeric_limits<double>::quiet_NaN();
  // On average over a side of the step: a single tree may hold one row of another category there.
  const auto mean_over = [&](double from, double to, double category, double integer) {
    double sum = 0;
    int points = 0;
    for (double x = from; x < to; x += 0.01, ++points) {
      sum += forest.predict(std::vector<double>{x, category, integer}).mean;
    }
    return sum / points;
  };
  EXPECT_NEAR(mean_over(0.02, 0.36, 0.5, none), 0, 0.15);
  EXPECT_NEAR(mean_over(0.44, 0.98, 0.5, none), 1, 0.15);
  EXPECT_NEAR(mean_over(0.44, 0.98, 1.0 / 6, 0.5), 3, 0.3);
  // Somewhere at the step it is less certain than it is on average far from it, where single small
  // leaves may still hold rows of both sides.
  double most = 0;
  for (double x = 0.37; x < 0.43; x += 0.002) {
    most = std::max(most, forest.predict(std::vector<double>{x, 0.5, none}).deviation);
  }
  double far = 0;
  int points = 0;
  for (double x = 0.6; x < 0.95; x += 0.01, ++points) {
    far += forest.predict(std::vector<double>{x, 0.5, none}).deviation;
  }
  EXPECT_GT(most, 5 * far / points);
}

// Ten generations towards a corner: the mean gets there, in the number and in the category.
TEST(CmaState, MovesTowardsTheBest) {
  const Space space = small_space();
  History history(space);
  CmaState state(history, {0.5, 0.5, 0.5}, 0.3, 12);
  Draws draws(Rng(1, Purpose::simulation));
  std::uint32_t trial = 0;
  for (int generation = 0; generation < 25; ++generation) {
    std::vector<History::Row> rows;
    for (int i = 0; i < 12; ++i) {
      history.created(TrialId(++trial), space.point_at(state.sample(draws)));
      const auto unit = history.unit(trial - 1);
      const double value = std::abs(unit[0] - 0.85) + (unit[1] > 0.7 ? 0 : 1);
      history.finished(TrialId(trial), test::observation(value));
      rows.push_back(trial - 1);
    }
    std::sort(rows.begin(), rows.end(), [&](History::Row a, History::Row b) {
      return history.objective(a) < history.objective(b);
    });
    state.update(rows);
  }
  double mean = 0;
  int right = 0;
  for (int i = 0; i < 100; ++i) {
    const auto unit = state.sample(draws);
    mean += unit[0] / 100;
    right += unit[1] > 0.7 ? 1 : 0;
  }
  EXPECT_NEAR(mean, 0.85, 0.02);
  EXPECT_GT(right, 75);
}

}  // namespace
}  // namespace twostep
