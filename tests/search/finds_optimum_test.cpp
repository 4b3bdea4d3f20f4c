// Every algorithm that learns must find more than random search does, alone and with many workers.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <deque>

#include "search_support.hpp"

namespace twostep {
namespace {

struct Study {
  std::uint32_t trials = 120;
  std::size_t workers = 1;
};

double value_of(const Point& point, std::size_t i) {
  return std::get<double>(point.values[i]);
}

double bowl(const Point& p) {
  double out = 0;
  for (std::size_t i = 0; i < p.values.size(); ++i) {
    const double x = value_of(p, i) - 0.2 - 0.15 * static_cast<double>(i);
    out += x * x;
  }
  return out;
}

// The best value that a study finds, with `workers` trials pending at any time.
double best_found(Algorithm algorithm, const Space& space, double (*f)(const Point&),
                  std::uint64_t seed, const Study& study) {
  Proposer proposer(test::make_sampler(algorithm, space, seed, study.trials), space);
  std::deque<std::pair<TrialId, Point>> pending;
  double best = std::numeric_limits<double>::infinity();
  for (std::uint32_t n = 1; n <= study.trials; ++n) {
    const Point point = *proposer.next(TrialId(n));
    proposer.created(TrialId(n), point);
    pending.emplace_back(TrialId(n), point);
    if (pending.size() >= study.workers) {
      const double value = f(pending.front().second);
      best = std::min(best, value);
      proposer.finished(pending.front().first, test::observation(value));
      pending.pop_front();
    }
  }
  return best;
}

// The geometric mean over seeds.
double typical(Algorithm algorithm, const Space& space, double (*f)(const Point&),
               const Study& study) {
  double sum = 0;
  for (std::uint64_t seed = 1; seed <= 5; ++seed) {
    sum += std::log(best_found(algorithm, space, f, seed, study));
  }
  return std::exp(sum / 5);
}

struct Expectation {
  Algorithm algorithm;
  double alone;     // at most this share of what random search leaves
  double parallel;  // with 16 workers
};

class Learns : public testing::TestWithParam<Expectation> {};

TEST_P(Learns, MoreThanRandom) {
  const Space space = test::unit_cube(4);
  const Expectation e = GetParam();
  for (const std::size_t workers : {1U, 16U}) {
    const Study study{120, workers};
    const double random = typical(Algorithm::random, space, bowl, study);
    const double found = typical(e.algorithm, space, bowl, study);
    EXPECT_LT(found, random * (workers == 1 ? e.alone : e.parallel)) << workers << " workers";
  }
}

INSTANTIATE_TEST_SUITE_P(Algorithms, Learns,
                         testing::Values(Expectation{Algorithm::tpe, 0.3, 0.4},
                                         Expectation{Algorithm::cma_es, 0.3, 0.6},
                                         Expectation{Algorithm::evolution, 0.5, 0.7},
                                         Expectation{Algorithm::forest, 0.3, 0.4},
                                         Expectation{Algorithm::gp, 0.03, 0.1}),
                         [](const auto& each) { return std::string(name(each.param.algorithm)); });

struct Seen {
  double x;
  double value;
  double fidelity;
  bool pending = false;
};

// Where the proposals of a model with this history lie, on average.
double mean_proposal(const std::vector<Seen>& history) {
  const Space space = test::unit_cube(1);
  const auto sampler = test::make_sampler(Algorithm::tpe, space, 3, 100);
  std::uint32_t n = 0;
  for (const Seen& s : history) {
    const TrialId trial(++n);
    sampler->created(trial, space.point_at({s.x}));
    Observation seen = test::observation(s.value);
    seen.fidelity = s.fidelity;
    sampler->observed(trial, seen);
    if (!s.pending) {
      sampler->finished(trial, seen);
    }
  }
  double sum = 0;
  constexpr std::uint32_t proposals = 50;
  for (std::uint32_t i = 1; i <= proposals; ++i) {
    sum += value_of(*sampler->propose(TrialId(n + i), 0), 0);
  }
  return sum / proposals;
}

// Early results, which are far better at the right end, say nothing once there are whole ones.
TEST(Tpe, ComparesResultsOfOneShareOfTheBudgetAlone) {
  std::vector<Seen> history;
  for (int i = 0; i < 40; ++i) {
    const double x = (i + 0.5) / 40;
    history.push_back({x, -100 * x, 1.0 / 9});
  }
  EXPECT_GT(mean_proposal(history), 0.7);
  for (int i = 0; i < 20; ++i) {
    const double x = (i + 0.25) / 20;
    history.push_back({x, x, 1});
  }
  EXPECT_LT(mean_proposal(history), 0.3);
}

// Trials at rungs teach before any has ended.
TEST(Tpe, LearnsFromRungsOfTrialsThatHaveNotEnded) {
  std::vector<Seen> history;
  for (int i = 0; i < 40; ++i) {
    const double x = (i + 0.5) / 40;
    history.push_back({x, x, 1.0 / 9, true});
  }
  EXPECT_LT(mean_proposal(history), 0.3);
}

// To machine precision, which nothing but a working covariance and step size does.
TEST(CmaEs, ConvergesOnAnIllConditionedBowl) {
  const Space space = test::unit_cube(4);
  const auto ellipse = [](const Point& p) {
    double out = 0;
    for (std::size_t i = 0; i < 4; ++i) {
      const double x = value_of(p, i) - 0.4;
      out += std::pow(1000, static_cast<double>(i) / 3) * x * x;
    }
    return out;
  };
  EXPECT_LT(best_found(Algorithm::cma_es, space, ellipse, 1, {1500, 1}), 1e-9);
  EXPECT_LT(best_found(Algorithm::cma_es, space, ellipse, 1, {4000, 32}), 1e-6);
}

// Many wells: restarts are needed, and the history must not be lost with them.
TEST(CmaEs, RestartsOutOfWells) {
  const Space space = test::unit_cube(3);
  const auto wells = [](const Point& p) {
    double out = 0;
    for (std::size_t i = 0; i < 3; ++i) {
      const double x = 10 * (value_of(p, i) - 0.35);
      out += x * x + 8 * (1 - std::cos(6.283185307179586 * x));
    }
    return out;
  };
  EXPECT_LT(best_found(Algorithm::cma_es, space, wells, 2, {4000, 1}), 1e-6);
}

// Two objectives that pull in opposite directions: the front is x0 in [0, 1], all others 0.5.
TEST(Nsga2, SpreadsOverTheFront) {
  const Space space = test::unit_cube(4);
  SearchSpec search;
  search.algorithm = Algorithm::nsga2;
  search.second_objective = SecondObjective::parameters;
  Proposer proposer(make_sampler(search, space, 3), space);
  std::vector<std::pair<double, double>> last;
  for (std::uint32_t n = 1; n <= 1600; ++n) {
    const Point p = *proposer.next(TrialId(n));
    double away = 0;
    for (std::size_t i = 1; i < 4; ++i) {
      away += std::pow(value_of(p, i) - 0.5, 2);
    }
    const double x = value_of(p, 0);
    proposer.created(TrialId(n), p);
    proposer.finished(TrialId(n), test::observation(x + away, 1 - std::sqrt(x) + away));
    if (n > 1440) {
      last.emplace_back(x, away);
    }
  }
  std::vector<int> cells(5);
  double away = 0;
  for (const auto& [x, distance] : last) {
    ++cells[std::min<std::size_t>(4, static_cast<std::size_t>(5 * x))];
    away += distance / static_cast<double>(last.size());
  }
  EXPECT_LT(away, 0.01);  // random points: 0.25
  EXPECT_GT(*std::min_element(cells.begin(), cells.end()), 5);
}

// The second objective is the one that the study file names, and a trial without it is no parent:
// the search goes on as if it had failed.
TEST(Nsga2, WeighsTheLossAgainstWhatItIsTold) {
  const Space space = test::unit_cube(2);
  const auto proposals = [&](SecondObjective second, double Observation::*known,
                             bool third_fails = false) {
    SearchSpec search;
    search.algorithm = Algorithm::nsga2;
    search.second_objective = second;
    const auto sampler = make_sampler(search, space, 3);
    std::vector<std::optional<Point>> out;
    for (std::uint32_t n = 1; n <= 60; ++n) {
      out.push_back(sampler->propose(TrialId(n), 0));
      const double x = value_of(*out.back(), 0);
      Observation seen;
      seen.objective = x;
      if (n % 3 > 0) {
        seen.*known = 1 - x;
      } else if (third_fails) {
        seen.*known = 0;
        seen.outcome = Outcome::failed;
      }
      sampler->created(TrialId(n), *out.back());
      sampler->finished(TrialId(n), seen);
    }
    return out;
  };
  const auto parameters = proposals(SecondObjective::parameters, &Observation::parameters);
  EXPECT_EQ(proposals(SecondObjective::seconds, &Observation::seconds), parameters);
  EXPECT_EQ(proposals(SecondObjective::inference_seconds, &Observation::inference_seconds_per_row),
            parameters);
  EXPECT_NE(proposals(SecondObjective::inference_seconds, &Observation::parameters), parameters);
  EXPECT_EQ(proposals(SecondObjective::parameters, &Observation::parameters, true), parameters);
}

TEST(Observation, IsWhatAResultOrAnEarlierTrialSays) {
  Result result;
  result.objective = 0.5;
  result.parameters = 12;
  result.seconds = 3;
  result.inference_seconds_per_row = 2e-6;
  const PriorTrial prior{{}, Outcome::finished, 0.5, 12, 3, 0.25, 2e-6};
  for (const Observation& seen : {observe(result), observe(prior)}) {
    EXPECT_EQ(seen.objective, 0.5);
    EXPECT_EQ(second_of(seen, SecondObjective::parameters), 12);
    EXPECT_EQ(second_of(seen, SecondObjective::seconds), 3);
    EXPECT_EQ(second_of(seen, SecondObjective::inference_seconds), 2e-6);
    EXPECT_TRUE(std::isnan(second_of(seen, SecondObjective::none)));
  }
  EXPECT_EQ(observe(prior).fidelity, 0.25);
  result.parameters = 0;  // a command told none
  EXPECT_TRUE(std::isnan(observe(result).parameters));
  EXPECT_TRUE(std::isnan(second_of(observe(Result()), SecondObjective::inference_seconds)));
}

}  // namespace
}  // namespace twostep
