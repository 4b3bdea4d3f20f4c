#include "twostep/search/team_plan.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

#include "twostep/base/rng.hpp"
#include "twostep/search/training_cost.hpp"

namespace twostep {
namespace {

using Sizes = std::vector<std::uint32_t>;

// Amdahl's law, with a cost per member.
TeamTimes amdahl(const std::vector<double>& parallel, double serial, double per_rank,
                 std::uint32_t ranks) {
  TeamTimes out;
  for (const double work : parallel) {
    out.emplace_back();
    for (std::uint32_t k = 1; k <= ranks; ++k) {
      out.back().push_back(serial + work / k + per_rank * (k - 1));
    }
  }
  return out;
}

// The truth: every allotment in every order.
double exhaustive(const TeamTimes& times) {
  const std::size_t n = times.size();
  const auto ranks = static_cast<std::uint32_t>(times.front().size());
  double best = std::numeric_limits<double>::infinity();
  Sizes sizes(n, 1);
  for (;;) {
    Sizes order(n);
    std::iota(order.begin(), order.end(), 0U);
    do {
      best = std::min(best, list_schedule(times, sizes, order));
    } while (std::next_permutation(order.begin(), order.end()));
    std::size_t i = 0;
    while (i < n && sizes[i] == ranks) {
      sizes[i++] = 1;
    }
    if (i == n) {
      return best;
    }
    ++sizes[i];
  }
}

TEST(TeamPlan, PerfectScalingUsesEveryRankAllTheTime) {
  // No serial part: the work of all over the ranks is the least possible, and is reached.
  const TeamTimes times = amdahl({30, 20, 10}, 0, 0, 6);
  EXPECT_NEAR(plan_earliest(times).seconds, 60.0 / 6, 1e-9);
}

TEST(TeamPlan, WithoutScalingEachGetsOneRank) {
  const TeamTimes times(4, std::vector<double>(3, 5.0));
  const TeamPlan plan = plan_earliest(times);
  EXPECT_EQ(plan.sizes, Sizes(4, 1));
  EXPECT_EQ(plan.seconds, 10);  // three at once, then the fourth
}

TEST(TeamPlan, OneFinalistTakesWhatHelpsItAndNoMore) {
  TeamTimes times{{8, 5, 4, 4.5}};  // the fourth rank does harm
  EXPECT_EQ(plan_earliest(times).sizes, Sizes{3});
  times = {{8, std::numeric_limits<double>::infinity(), 4, 3}};  // a size that is not allowed
  EXPECT_EQ(plan_earliest(times).sizes, Sizes{4});
}

TEST(TeamPlan, TheLongestBeginsFirst) {
  const TeamTimes times{{1}, {1}, {4}};
  const TeamPlan plan = plan_earliest(times);
  EXPECT_EQ(plan.order.front(), 2U);
  EXPECT_EQ(plan.seconds, 6);
}

TEST(TeamPlan, ComesCloseToTheExhaustiveSearch) {
  const Rng rng(5, Purpose::simulation);
  double worst = 1;
  double sum = 0;
  constexpr int cases = 150;
  for (std::uint64_t c = 0; c < cases; ++c) {
    const auto ranks = static_cast<std::uint32_t>(1 + rng.below(4, c, 0));
    const std::size_t finalists = 1 + rng.below(4, c, 1);
    std::vector<double> work;
    for (std::size_t i = 0; i < finalists; ++i) {
      work.push_back(std::exp(3 * rng.uniform(c, static_cast<std::uint32_t>(2 + i))));
    }
    const TeamTimes times = amdahl(work, rng.uniform(c, 20), 0.3 * rng.uniform(c, 21), ranks);
    const TeamPlan plan = plan_earliest(times);
    ASSERT_DOUBLE_EQ(plan.seconds, list_schedule(times, plan.sizes, plan.order));
    const double ratio = plan.seconds / exhaustive(times);
    ASSERT_GE(ratio, 1 - 1e-12);
    worst = std::max(worst, ratio);
    sum += ratio;
  }
  EXPECT_LT(worst, 1.05);
  EXPECT_LT(sum / cases, 1.002);
}

TEST(TeamPlan, ManyFinalistsOnManyRanksStayNearTheLowerBound) {
  const Rng rng(6, Purpose::simulation);
  std::vector<double> work;
  for (std::uint64_t i = 0; i < 60; ++i) {
    work.push_back(std::exp(5 * rng.uniform(i)));
  }
  const TeamTimes times = amdahl(work, 0.1, 0.001, 1024);
  const TeamPlan plan = plan_earliest(times);
  // No schedule ends before its rank-seconds, at the cheapest sizes, are used up.
  double area = 0;
  for (const auto& seconds : times) {
    area += seconds.front();
  }
  EXPECT_LT(plan.seconds, 1.5 * std::max(area / 1024, 0.1));
}

TEST(TrainingCost, TheAllReduceFitRecoversItsConstants) {
  const AllReduceCost truth{7e-6, 3e-10};
  std::vector<AllReduceSample> samples;
  for (const double bytes : {8.0, 4096.0, 1e6, 1.6e7}) {
    for (const std::uint32_t ranks : {2U, 3U, 8U}) {
      samples.push_back({bytes, ranks, truth.seconds(bytes, ranks)});
    }
  }
  const AllReduceCost fit = fit_all_reduce(samples);
  EXPECT_NEAR(fit.alpha, truth.alpha, 1e-12);
  EXPECT_NEAR(fit.beta, truth.beta, 1e-16);
  EXPECT_EQ(truth.seconds(1e6, 1), 0);
  EXPECT_NEAR(truth.seconds(1e6, 4), 4 * 7e-6 + 1.5e6 * 3e-10, 1e-15);
  EXPECT_NEAR(fit_all_reduce(std::vector<AllReduceSample>{{8, 2, 1e-5}}).alpha, 5e-6, 1e-12);
}

TEST(TrainingCost, PredictsATrainingFromAnother) {
  const MachineCosts machine{1e-9, 1e-5, {1e-6, 1e-10}};
  const TrainingWork timed{1000, 50, 64, 5, 300};
  // By hand: 50 steps of 1e-5 + 1e-6 serial and 64 rows of 2e-6, 5 x 300 / 3 rows of validation.
  const double seconds = 50 * 1.1e-5 + (50 * 64 + 500) * 2e-6;
  EXPECT_NEAR(seconds_per_row(timed, seconds, machine), 2e-6, 1e-12);
  EXPECT_NEAR(predict_seconds(timed, 2e-6, 1, machine), seconds, 1e-12);
  const TrainingWork large{1000, 700, 1000, 7, 3000};
  EXPECT_NEAR(predict_seconds(large, 2e-6, 4, machine),
              700 * (1.1e-5 + 4e-6 + 1.5 * 4000 * 1e-10) + (700'000 + 7000) * 2e-6 / 4, 1e-9);
  EXPECT_EQ(seconds_per_row({}, 0, machine), 0);
  // A batch of 2 rows cannot be shared by 8.
  const TrainingWork small{10, 100, 2, 0, 0};
  EXPECT_GT(predict_seconds(small, 1e-3, 8, machine), predict_seconds(small, 1e-3, 2, machine));
}

}  // namespace
}  // namespace twostep
