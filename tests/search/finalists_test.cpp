#include "twostep/search/finalists.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "twostep/base/error.hpp"

namespace twostep {
namespace {

TEST(Finalists, BestFirstTiesByIdNoNaN) {
  const auto chosen = choose_finalists({{TrialId(4), 0.2},
                                        {TrialId(1), 0.3},
                                        {TrialId(2), NAN},
                                        {TrialId(3), 0.2},
                                        {TrialId(5), 0.1}},
                                       3);
  EXPECT_EQ(chosen, (std::vector<TrialId>{TrialId(5), TrialId(3), TrialId(4)}));
  EXPECT_EQ(choose_finalists({{TrialId(2), NAN}}, 3).size(), 0U);
}

TEST(Teams, AutoUsesAllWorkers) {
  EXPECT_EQ(plan_teams(3, 7, 0), (std::vector<std::uint32_t>{3, 2, 2}));
  EXPECT_EQ(plan_teams(5, 2, 0), (std::vector<std::uint32_t>{1, 1, 1, 1, 1}));
  EXPECT_EQ(plan_teams(2, 4, 3), (std::vector<std::uint32_t>{3, 3}));
  EXPECT_THROW(static_cast<void>(plan_teams(2, 4, 5)), Error);
}

}  // namespace
}  // namespace twostep
