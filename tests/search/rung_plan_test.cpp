// What early stopping is said to cost, against sums made by hand.
#include "twostep/search/rung_plan.hpp"

#include <gtest/gtest.h>

namespace twostep {
namespace {

StudySpec study(StoppingRule rule, std::uint32_t trials, std::uint64_t epochs) {
  StudySpec spec;
  spec.search.trials = trials;
  spec.search.budget.amount = epochs;
  spec.search.early_stopping.rule = rule;
  spec.promotion.finalists = 5;
  return spec;
}

using Numbers = std::vector<double>;

TEST(RungPlan, CountsTheBestThirds) {
  const RungPlan asha = plan_rungs(study(StoppingRule::asha, 40, 27));
  EXPECT_EQ(asha.levels, (std::vector<std::uint64_t>{1, 3, 9, 27}));
  EXPECT_EQ(asha.trials, (Numbers{40, 13, 4, 1}));
  EXPECT_DOUBLE_EQ(asha.expected_share, (40 + 13 * 2 + 4 * 6 + 1 * 18) / (40 * 27.0));
  EXPECT_DOUBLE_EQ(asha.largest_share, 1);
  // By promotion nobody need come to the end; by stopping somebody does.
  EXPECT_EQ(plan_rungs(study(StoppingRule::asha_promotion, 10, 27)).trials, (Numbers{10, 3, 1, 0}));
  EXPECT_EQ(plan_rungs(study(StoppingRule::asha, 10, 27)).trials, (Numbers{10, 3, 1, 1}));
}

TEST(RungPlan, RungsOfRowsAreTrainedAnew) {
  StudySpec spec = study(StoppingRule::asha, 27, 10);
  spec.search.early_stopping.fidelity = Fidelity::rows;
  spec.search.early_stopping.minimum = 100;
  spec.search.subset.rows = 900;
  const RungPlan plan = plan_rungs(spec);
  EXPECT_EQ(plan.trials, (Numbers{27, 9, 3}));
  EXPECT_DOUBLE_EQ(plan.expected_share, (27 * 100 + 9 * 300 + 3 * 900) / (27 * 900.0));
  EXPECT_DOUBLE_EQ(plan.largest_share, 1300 / 900.0);
}

// The last rung below the whole is a share of it, whatever the rows: 1,000 / 27 rounded down would
// have one at 999.
TEST(RungPlan, AnAutomaticFirstRungLeadsToTheWhole) {
  using Levels = std::vector<std::uint64_t>;
  const auto settled = [](std::uint64_t rows, std::uint32_t eta) {
    StudySpec spec = study(StoppingRule::asha, 27, 10);
    spec.search.early_stopping.fidelity = Fidelity::rows;
    spec.search.early_stopping.reduction_factor = eta;
    spec.search.subset.rows = rows;
    settle_minimum(spec.search);
    return rung_levels(spec.search);
  };
  EXPECT_EQ(settled(1000, 3), (Levels{38, 114, 342, 1000}));
  EXPECT_EQ(settled(1000, 4), (Levels{63, 252, 1000}));
  EXPECT_EQ(settled(999, 40), (Levels{25, 999}));
  EXPECT_EQ(settled(27, 3), (Levels{1, 3, 9, 27}));
  for (std::uint64_t rows = 100; rows < 3000; rows += 7) {
    for (std::uint32_t eta = 2; eta < 12; ++eta) {
      const Levels levels = settled(rows, eta);
      ASSERT_GE(levels.size(), 2U);
      EXPECT_LE(levels[levels.size() - 2] * eta, rows + 27) << rows << " " << eta;
    }
  }
  // What a journal of an earlier version calls automatic stays what it was.
  StudySpec old = study(StoppingRule::asha, 27, 10);
  old.search.early_stopping.fidelity = Fidelity::rows;
  old.search.subset.rows = 1000;
  EXPECT_EQ(rung_levels(old.search), (Levels{37, 111, 333, 999, 1000}));
  // Epochs and the other rules have nothing to settle.
  for (const StoppingRule rule : {StoppingRule::hyperband, StoppingRule::median}) {
    StudySpec spec = study(rule, 27, 100);
    spec.search.budget.unit = BudgetUnit::steps;
    settle_minimum(spec.search);
    EXPECT_EQ(spec.search.early_stopping.minimum, 0U);
  }
  StudySpec epochs = study(StoppingRule::asha, 27, 100);
  settle_minimum(epochs.search);
  EXPECT_EQ(epochs.search.early_stopping.minimum, 0U);
}

// R = 9: brackets of 9, 5 and 3 trials; one trial of another cycle goes through alone.
TEST(RungPlan, FollowsTheBracketsOfHyperband) {
  const RungPlan plan = plan_rungs(study(StoppingRule::hyperband, 18, 9));
  EXPECT_EQ(plan.trials, (Numbers{9 + 1, 3 + 5 + 1, 1 + 1 + 3 + 1}));
  const double first = 9 * 1 + 3 * 2 + 1 * 6;
  const double second = 5 * 3 + 1 * 6;
  EXPECT_DOUBLE_EQ(plan.expected_share, (first + second + 3 * 9 + 9) / (18 * 9.0));
  EXPECT_DOUBLE_EQ(plan.largest_share, plan.expected_share);
}

TEST(RungPlan, KnowsTheOtherRules) {
  const RungPlan one = plan_rungs(study(StoppingRule::one_epoch, 50, 20));
  EXPECT_EQ(one.trials, (Numbers{50, 5}));
  EXPECT_DOUBLE_EQ(one.largest_share, (50 + 5 * 19) / (50 * 20.0));
  const RungPlan median = plan_rungs(study(StoppingRule::median, 45, 3));
  EXPECT_EQ(median.trials, (Numbers{45, 25, 25}));  // 5 to begin with, and half of 40
  EXPECT_DOUBLE_EQ(median.largest_share, 1);
  StudySpec percentile = study(StoppingRule::percentile, 45, 3);
  EXPECT_EQ(plan_rungs(percentile).trials, (Numbers{45, 15, 15}));
}

}  // namespace
}  // namespace twostep
