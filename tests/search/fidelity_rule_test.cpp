// The early-stopping rules against examples that were computed by hand from their papers.
#include "twostep/search/fidelity_rule.hpp"

#include <gtest/gtest.h>

#include "search/fidelity/rules.hpp"

namespace twostep {
namespace {

Result at(std::vector<double> curve, Outcome outcome = Outcome::paused) {
  Result r;
  r.outcome = outcome;
  r.curve = std::move(curve);
  r.objective = *std::min_element(r.curve.begin(), r.curve.end());
  return r;
}

void create(FidelityRule& rule, std::uint32_t first, std::uint32_t last) {
  for (std::uint32_t n = first; n <= last; ++n) {
    rule.created(TrialId(n));
  }
}

// The paused trials that go on, in order, each sent on its way.
std::vector<std::uint32_t> go_on(FidelityRule& rule) {
  std::vector<std::uint32_t> out;
  while (const auto trial = rule.next()) {
    out.push_back(trial->value);
    rule.resumed(*trial);
  }
  return out;
}

std::vector<std::uint32_t> give_up(FidelityRule& rule) {
  std::vector<std::uint32_t> out;
  for (const TrialId trial : rule.given_up()) {
    out.push_back(trial.value);
    rule.stopped(trial);
  }
  return out;
}

using Ids = std::vector<std::uint32_t>;

TEST(Rungs, AreThoseOfThePapers) {
  SearchSpec search;
  search.budget.amount = 81;
  EarlyStoppingSpec& e = search.early_stopping;
  using Levels = std::vector<std::uint64_t>;
  EXPECT_EQ(rung_levels(search), Levels{81});
  for (const StoppingRule rule : {StoppingRule::asha, StoppingRule::hyperband}) {
    e.rule = rule;
    EXPECT_EQ(rung_levels(search), (Levels{1, 3, 9, 27, 81}));
  }
  search.budget.amount = 100;
  EXPECT_EQ(rung_levels(search), (Levels{1, 3, 11, 33, 100}));  // hyperband divides
  e.rule = StoppingRule::asha;
  e.minimum = 2;
  EXPECT_EQ(rung_levels(search), (Levels{2, 6, 18, 54, 100}));
  e.rule = StoppingRule::one_epoch;
  EXPECT_EQ(rung_levels(search), (Levels{2, 100}));
  e.rule = StoppingRule::median;
  e.interval = 40;
  EXPECT_EQ(rung_levels(search), (Levels{2, 42, 82, 100}));
  EXPECT_EQ(rung_count(search), 4U);
}

// eta 3: the first of a rung goes on, of two only the better, of three to five the best, of six
// two.
TEST(Asha, DecidesAtOnce) {
  const auto rule = make_asha(3, 3);
  create(*rule, 1, 7);
  const double values[] = {5, 6, 4, 4.5, 3, 3.5, 3.2};
  std::vector<Ids> on;
  Ids off;
  for (std::uint32_t n = 1; n <= 7; ++n) {
    rule->reached(TrialId(n), 0, at({values[n - 1]}));
    on.push_back(go_on(*rule));
    for (const std::uint32_t id : give_up(*rule)) {
      off.push_back(id);
    }
  }
  EXPECT_EQ(on, (std::vector<Ids>{{1}, {}, {3}, {}, {5}, {6}, {7}}));
  EXPECT_EQ(off, (Ids{2, 4}));
}

// Algorithm 2: nobody is promoted before there are eta; the highest rung comes first.
TEST(AshaPromotion, PromotesTheBestThirdFromTheHighestRung) {
  const auto rule = make_asha_promotion(3, 3);
  create(*rule, 1, 9);
  rule->reached(TrialId(1), 0, at({5}));
  rule->reached(TrialId(2), 0, at({4}));
  EXPECT_EQ(go_on(*rule), Ids{});
  rule->reached(TrialId(3), 0, at({6}));
  EXPECT_EQ(go_on(*rule), Ids{2});
  rule->reached(TrialId(4), 0, at({3}));  // the best of four takes the only place
  EXPECT_EQ(go_on(*rule), Ids{4});
  rule->reached(TrialId(5), 0, at({7}));
  rule->reached(TrialId(6), 0, at({8}));
  EXPECT_EQ(go_on(*rule), Ids{});  // of six the best two, 2 and 4, are on their way
  rule->reached(TrialId(2), 1, at({4, 2}));
  rule->reached(TrialId(4), 1, at({3, 2.5}));
  rule->reached(TrialId(7), 0, at({1}));
  EXPECT_EQ(go_on(*rule), Ids{7});  // the best of seven
  rule->reached(TrialId(7), 1, at({1, 0.5}));
  EXPECT_EQ(go_on(*rule), Ids{7});
  EXPECT_EQ(give_up(*rule), Ids{});
}

// R = 9, eta = 3: brackets of 9, 5 and 3 trials (Li et al. 2018: ceil(3/3 9), ceil(3/2 3), 3).
TEST(Hyperband, GoesThroughItsBrackets) {
  const auto rule = make_hyperband(3, 3, 0);
  create(*rule, 1, 18);
  Ids first;
  for (std::uint32_t n = 1; n <= 18; ++n) {
    first.push_back(static_cast<std::uint32_t>(rule->first_rung(TrialId(n))));
  }
  EXPECT_EQ(first, (Ids{0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 1, 2, 2, 2, 0}));
  for (std::uint32_t n = 1; n <= 8; ++n) {
    rule->reached(TrialId(n), 0, at({10.0 - n}));
  }
  EXPECT_EQ(go_on(*rule), Ids{});  // trial 9 is waited for
  rule->ended(TrialId(9), 0, at({1}, Outcome::diverged));
  EXPECT_EQ(go_on(*rule), (Ids{8, 7, 6}));
  EXPECT_EQ(give_up(*rule), (Ids{5, 4, 3, 2, 1}));
  for (const std::uint32_t n : {6U, 7U, 8U}) {
    rule->reached(TrialId(n), 1, at({10.0 - n, 1.0 * n}));
  }
  EXPECT_EQ(go_on(*rule), Ids{8});
  EXPECT_EQ(give_up(*rule), (Ids{7, 6}));
  for (std::uint32_t n = 10; n <= 14; ++n) {  // of five a third: one
    rule->reached(TrialId(n), 1, at({1.0 * n}));
  }
  EXPECT_EQ(go_on(*rule), Ids{10});
}

TEST(Hyperband, TheLastBracketIsAsLargeAsTheTrialsLeaveIt) {
  const auto rule = make_hyperband(3, 3, 1);
  create(*rule, 1, 4);
  for (std::uint32_t n = 1; n <= 4; ++n) {
    rule->reached(TrialId(n), 0, at({1.0 * n}));
  }
  EXPECT_EQ(go_on(*rule), Ids{});
  rule->all_created();
  EXPECT_EQ(go_on(*rule), Ids{1});
}

// Whole trials with running averages 2, 4 and 6 at the first rung: the median is 4.
TEST(Median, ComparesTheBestWithRunningAverages) {
  const auto rule = make_median(2, 3);
  create(*rule, 1, 6);
  for (std::uint32_t n = 1; n <= 3; ++n) {
    rule->reached(TrialId(n), 0, at({2.0 * n + 1, 2.0 * n - 1}));
    EXPECT_EQ(go_on(*rule), Ids{n});
    rule->ended(TrialId(n), 1, at({2.0 * n + 1, 2.0 * n - 1, 1}, Outcome::finished));
  }
  rule->reached(TrialId(4), 0, at({9, 4}));
  EXPECT_EQ(go_on(*rule), Ids{4});
  rule->reached(TrialId(5), 0, at({4.01, 9}));
  EXPECT_EQ(give_up(*rule), Ids{5});
}

// Optuna's PercentilePruner(25, n_startup_trials=4): values 1, 2, 3, 4, percentile 1.75.
TEST(Percentile, IsOptunas) {
  const auto rule = make_percentile(2, 4, 25);
  create(*rule, 1, 7);
  for (std::uint32_t n = 1; n <= 4; ++n) {
    rule->reached(TrialId(n), 0, at({1.0 * n}));
    EXPECT_EQ(go_on(*rule), Ids{n});
    rule->ended(TrialId(n), 1, at({1.0 * n, 0}, Outcome::finished));
  }
  rule->reached(TrialId(5), 0, at({1.75}));
  EXPECT_EQ(go_on(*rule), Ids{5});
  rule->reached(TrialId(6), 0, at({1.76}));
  EXPECT_EQ(give_up(*rule), Ids{6});
}

TEST(OneEpoch, GivesTheWholeBudgetToTheTopK) {
  const auto rule = make_one_epoch(2, 2);
  create(*rule, 1, 5);
  for (const std::uint32_t n : {4U, 2U, 1U, 3U}) {
    rule->reached(TrialId(n), 0, at({1.0 * n}));
  }
  rule->all_created();
  EXPECT_EQ(go_on(*rule), Ids{});
  rule->ended(TrialId(5), 0, at({1}, Outcome::failed));
  EXPECT_EQ(give_up(*rule), (Ids{3, 4}));
  EXPECT_EQ(go_on(*rule), (Ids{1, 2}));
}

// One that ended early by patience takes a place among the top k, if it is good enough.
TEST(OneEpoch, WhatFinishedEarlyTakesAPlace) {
  const auto rule = make_one_epoch(2, 2);
  create(*rule, 1, 4);
  rule->all_created();
  rule->ended(TrialId(2), 0, at({2}, Outcome::finished));
  for (const std::uint32_t n : {1U, 3U, 4U}) {
    rule->reached(TrialId(n), 0, at({1.0 * n}));
  }
  EXPECT_EQ(give_up(*rule), (Ids{3, 4}));
  EXPECT_EQ(go_on(*rule), Ids{1});
}

// A study that was given more trials: those of the new ones go on that are among the top k of all.
TEST(OneEpoch, GoesOnWhenTheStudyGrows) {
  const auto rule = make_one_epoch(2, 2);
  create(*rule, 1, 3);
  for (const std::uint32_t n : {1U, 2U, 3U}) {
    rule->reached(TrialId(n), 0, at({10.0 * n}));
  }
  rule->all_created();
  EXPECT_EQ(give_up(*rule), Ids{3});
  EXPECT_EQ(go_on(*rule), (Ids{1, 2}));
  create(*rule, 4, 6);
  rule->reached(TrialId(4), 0, at({25}));
  rule->reached(TrialId(5), 0, at({15}));
  rule->reached(TrialId(6), 0, at({12}));
  EXPECT_EQ(go_on(*rule), Ids{});
  rule->all_created();
  EXPECT_EQ(give_up(*rule), (Ids{5, 4}));
  EXPECT_EQ(go_on(*rule), Ids{6});
}

// Alike rankings keep the third rung closed; one that differs opens it.
TEST(Pasha, OpensARungWhenTheRankingChanges) {
  for (const bool differ : {false, true}) {
    const auto rule = make_pasha(4, 2, true);
    create(*rule, 1, 4);
    for (std::uint32_t n = 1; n <= 4; ++n) {
      rule->reached(TrialId(n), 0, at({1.0 * n}));
    }
    ASSERT_EQ(go_on(*rule), (Ids{1, 2}));
    rule->reached(TrialId(1), 1, at({1, 0.9}));
    rule->reached(TrialId(2), 1, at({2, differ ? 0.5 : 0.95}));
    EXPECT_EQ(go_on(*rule), differ ? Ids{2} : Ids{});
  }
}

// Curves that cross and cross back show noise: a change of ranking within it is none.
TEST(Pasha, ForgivesWhatIsWithinTheNoise) {
  const auto rule = make_pasha(4, 2, true);
  create(*rule, 1, 4);
  for (std::uint32_t n = 1; n <= 4; ++n) {
    rule->reached(TrialId(n), 0, at({1 + 0.01 * n}));
  }
  ASSERT_EQ(go_on(*rule), (Ids{1, 2}));
  rule->reached(TrialId(1), 1, at({1.01, 0.9, 0.90}));
  rule->reached(TrialId(2), 1, at({1.02, 0.8, 0.92}));
  EXPECT_EQ(go_on(*rule), Ids{});
}

}  // namespace
}  // namespace twostep
