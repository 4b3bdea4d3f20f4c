#include "twostep/sim/world.hpp"

#include <gtest/gtest.h>

#include "support/effort.hpp"
#include "twostep/sim/curve_trainer.hpp"

namespace twostep {
namespace {

class Seeds : public testing::TestWithParam<int> {};

TEST_P(Seeds, EndWithAllTrialsDone) {
  for (std::uint64_t seed = 1; seed <= test::cases(60); ++seed) {
    WorldOptions options;
    options.seed = static_cast<std::uint64_t>(GetParam()) * 1000 + seed;
    options.workers = 1 + static_cast<std::uint32_t>(seed % 40);
    options.trials = 200;
    MemFiles files;
    ASSERT_NO_THROW({
      const WorldReport report = run_world(options, files);
      EXPECT_EQ(report.state.trials_done, 200U);
      EXPECT_EQ(report.live_digest, report.replay_digest);
    }) << "seed "
       << options.seed;
  }
}

// Models that are fitted beside rank 0, under the same faults.
TEST(World, StudiesWhoseModelsAreFittedElsewhereEndToo) {
  for (std::uint64_t seed = 1; seed <= test::cases(30); ++seed) {
    WorldOptions options;
    options.seed = 7000 + seed;
    options.workers = 1 + static_cast<std::uint32_t>(seed % 12);
    options.trials = 60;
    options.algorithm = Algorithm::forest;
    options.rule = seed % 3 == 0 ? StoppingRule::asha : StoppingRule::none;
    MemFiles files;
    ASSERT_NO_THROW({
      const WorldReport report = run_world(options, files);
      EXPECT_EQ(report.state.trials_done, 60U);
      EXPECT_EQ(report.live_digest, report.replay_digest);
    }) << "seed "
       << options.seed;
  }
}

// Times that differ in every attempt: what a search learnt of them is in the journal.
TEST(World, StudiesThatWeighMeasuredTimesEndToo) {
  for (std::uint64_t seed = 1; seed <= test::cases(12); ++seed) {
    WorldOptions options;
    options.seed = 7500 + seed;
    options.workers = 1 + static_cast<std::uint32_t>(seed % 12);
    options.trials = 100;
    options.algorithm = Algorithm::nsga2;
    MemFiles files;
    ASSERT_NO_THROW({
      const WorldReport report = run_world(options, files);
      EXPECT_EQ(report.state.trials_done, 100U);
      EXPECT_EQ(report.live_digest, report.replay_digest);
      for (const TrialRecord& trial : report.state.trials) {
        EXPECT_TRUE(trial.result.outcome != Outcome::finished ||
                    trial.result.inference_seconds_per_row > 0)
            << trial.id.value;
      }
    }) << "seed "
       << options.seed;
  }
}

INSTANTIATE_TEST_SUITE_P(Fixed, Seeds, testing::Range(1, 7));

TEST(World, SameSeedSameJournal) {
  WorldOptions options;
  options.trials = 500;
  for (std::uint64_t seed : {3ULL, 8ULL}) {
    options.seed = seed;
    MemFiles first;
    MemFiles second;
    const WorldReport a = run_world(options, first);
    const WorldReport b = run_world(options, second);
    EXPECT_EQ(a.journal_crc, b.journal_crc);
    ASSERT_EQ(first.list("journal"), second.list("journal"));
    for (const std::string& name : first.list("journal")) {
      EXPECT_EQ(first.read("journal/" + name), second.read("journal/" + name));
    }
  }
}

// Every fault is met: a campaign that never sees one proves nothing about it.
TEST(World, EveryFaultHappens) {
  WorldReport sum;
  for (std::uint64_t seed = 1; seed <= 40; ++seed) {
    WorldOptions options;
    options.seed = seed;
    options.workers = 20;
    options.trials = 100;
    MemFiles files;
    const WorldReport r = run_world(options, files);
    sum.kills += r.kills;
    sum.stops += r.stops;
    sum.full_disks += r.full_disks;
    sum.worker_deaths += r.worker_deaths;
    sum.worker_hangs += r.worker_hangs;
    sum.left_out += r.left_out;
    sum.stale_writes += r.stale_writes;
    sum.time_ups += r.time_ups;
    sum.returns += r.returns;
    sum.slow_syncs += r.slow_syncs;
    sum.snapshot_parts += r.snapshot_parts;
  }
  for (const std::uint32_t met :
       {sum.kills, sum.stops, sum.full_disks, sum.worker_deaths, sum.worker_hangs, sum.left_out,
        sum.stale_writes, sum.time_ups, sum.returns, sum.slow_syncs, sum.snapshot_parts}) {
    EXPECT_GT(met, 3U);
  }
}

// Faults may cost time, but not results: those trials that no fault can be blamed for come to the
// same.
TEST(World, FaultsDoNotChangeResults) {
  WorldOptions options;
  options.seed = 21;
  options.trials = 400;
  options.faults = false;
  MemFiles calm_files;
  const WorldReport calm = run_world(options, calm_files);
  options.faults = true;
  MemFiles files;
  const WorldReport report = run_world(options, files);
  ASSERT_GT(report.jobs, 1U);
  for (std::size_t i = 0; i < 400; ++i) {
    const Result& a = calm.state.trials[i].result;
    const Result& b = report.state.trials[i].result;
    EXPECT_EQ(calm.state.trials[i].point, report.state.trials[i].point);
    if (b.outcome != Outcome::crashed) {
      EXPECT_EQ(a.outcome, b.outcome) << i;
      EXPECT_EQ(a.curve, b.curve) << i;
    }
  }
}

TEST(World, FindsTheBestTrials) {
  WorldOptions options;
  options.faults = false;
  MemFiles files;
  const WorldReport report = run_world(options, files);
  double best = 1e9;
  for (const TrialRecord& t : report.state.trials) {
    best = t.result.outcome == Outcome::finished ? std::min(best, t.result.objective) : best;
  }
  EXPECT_EQ(report.state.finalists.size(), 5U);
  EXPECT_EQ(report.state.trial(report.state.finalists[0].trial).result.objective, best);
}

}  // namespace
}  // namespace twostep
