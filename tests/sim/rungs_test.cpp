// Early stopping in whole simulated studies, with faults.
#include <gtest/gtest.h>

#include "support/effort.hpp"
#include "twostep/sim/world.hpp"

namespace twostep {
namespace {

class Rules : public testing::TestWithParam<std::size_t> {};

TEST_P(Rules, EndWithAllTrialsDoneWhateverHappens) {
  for (std::uint64_t seed = 1; seed <= test::cases(25); ++seed) {
    WorldOptions options;
    options.seed = 5000 + seed;
    options.rule = static_cast<StoppingRule>(GetParam());
    options.fidelity = seed % 3 == 0 ? Fidelity::rows : Fidelity::budget;
    options.workers = 1 + static_cast<std::uint32_t>(seed % 20);
    options.trials = 120;
    options.check_every = 50;
    MemFiles files;
    ASSERT_NO_THROW({
      const WorldReport report = run_world(options, files);
      EXPECT_EQ(report.state.trials_done, 120U);
      EXPECT_EQ(report.live_digest, report.replay_digest);
      EXPECT_GT(report.state.trials_stopped, 0U);
    }) << "seed "
       << options.seed;
  }
}

TEST_P(Rules, GiveTheSameJournalForTheSameSeed) {
  WorldOptions options;
  options.seed = 12;
  options.trials = 150;
  options.rule = static_cast<StoppingRule>(GetParam());
  MemFiles first;
  MemFiles second;
  EXPECT_EQ(run_world(options, first).journal_crc, run_world(options, second).journal_crc);
}

INSTANTIATE_TEST_SUITE_P(Every, Rules, testing::Range(std::size_t{1}, stopping_rule_names().size()),
                         [](const auto& each) { return stopping_rule_names()[each.param]; });

}  // namespace
}  // namespace twostep
