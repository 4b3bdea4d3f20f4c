// The nodes over an in-process link: what a single process runs.
#include <gtest/gtest.h>

#include "twostep/base/error.hpp"
#include "twostep/control/checkpoint.hpp"
#include "twostep/node/coordinator_node.hpp"
#include "twostep/node/local_link.hpp"
#include "twostep/node/worker_node.hpp"
#include "twostep/sim/curve_trainer.hpp"
#include "twostep/sim/world.hpp"
#include "twostep/study/spec_json.hpp"

namespace twostep {
namespace {

RunFacts alone() {
  RunFacts facts;
  facts.workers = {WorkerId(0)};
  return facts;
}

// Runs until the end, or until `most` ticks.
template <class Trainer = CurveTrainer>
State run(const StudyIdentity& study, MemFiles& files, int most = 1 << 20,
          std::uint32_t snapshot_events = 5) {
  SimClock clock;
  LocalLink link;
  CoordinatorOptions options;
  options.snapshot_events = snapshot_events;
  CoordinatorNode coordinator(study, alone(), link.coordinator_end(), files, clock, options);
  Trainer trainer(clock, {});
  WorkerNode worker(link.worker_end(), trainer, clock);
  for (int i = 0; i < most && !coordinator.done(); ++i) {
    coordinator.tick();
    worker.tick();
  }
  return coordinator.state();
}

TEST(Nodes, OneProcessDoesItAll) {
  MemFiles files;
  const State state = run(simulated_study(1, 30), files);
  EXPECT_TRUE(state.ended);
  EXPECT_EQ(state.trials_done, 30U);
}

WarmStarted earlier_trials(const Space& space, std::uint32_t count) {
  WarmStarted warm{"studies/old", 2, {}};
  for (std::uint32_t i = 0; i < count; ++i) {
    const double u = (i + 0.5) / count;
    warm.trials.push_back({space.point_at(std::vector<double>(space.dimensions.size(), u)),
                           i % 5 == 0 ? Outcome::failed : Outcome::finished, u, 100, 1});
  }
  return warm;
}

// Points of a study of tpe that is stopped and goes on until all trials are created.
std::vector<Point> warm_points(std::uint32_t earlier, std::vector<int> ticks, int& asked) {
  StudyIdentity study = simulated_study(1, 30);
  study.spec.search.algorithm = Algorithm::tpe;
  study.spec_json = to_json(study.spec);
  MemFiles files;
  std::vector<Point> out;
  ticks.push_back(1 << 20);
  for (const int most : ticks) {
    SimClock clock;
    LocalLink link;
    RunFacts facts = alone();
    facts.warm_start = [&]() -> std::optional<WarmStarted> {
      ++asked;
      return earlier > 0 ? std::optional(earlier_trials(study.space, earlier)) : std::nullopt;
    };
    CoordinatorOptions options;
    options.snapshot_events = 5;
    CoordinatorNode coordinator(study, facts, link.coordinator_end(), files, clock, options);
    EXPECT_EQ(coordinator.state().prior_trials, earlier);
    CurveTrainer trainer(clock, {});
    WorkerNode worker(link.worker_end(), trainer, clock);
    for (int i = 0; i < most && !coordinator.done(); ++i) {
      coordinator.tick();
      worker.tick();
    }
    out.clear();
    for (const TrialRecord& trial : coordinator.state().trials) {
      out.push_back(trial.point);
    }
  }
  EXPECT_EQ(out.size(), 30U);
  return out;
}

TEST(Nodes, ASearchBeginsWithEarlierTrialsAndIsTheSameWhereverItStops) {
  int asked = 0;
  const auto whole = warm_points(40, {}, asked);
  EXPECT_EQ(asked, 1);
  asked = 0;
  EXPECT_EQ(warm_points(40, {30, 70, 50}, asked), whole);
  EXPECT_EQ(asked, 1);  // where the earlier study lies is of no interest any more
  EXPECT_NE(warm_points(0, {}, asked), whole);
}

TEST(Nodes, EarlierTrialsOfAnotherSpaceAreRefused) {
  StudyIdentity study = simulated_study(1, 30);
  MemFiles files;
  SimClock clock;
  LocalLink link;
  RunFacts facts = alone();
  facts.warm_start = [&] { return std::optional(earlier_trials(study.space, 3)); };
  { const CoordinatorNode first(study, facts, link.coordinator_end(), files, clock); }
  study.space.dimensions.pop_back();
  EXPECT_THROW(CoordinatorNode(study, facts, link.coordinator_end(), files, clock), Error);
}

TEST(Nodes, AFinishedStudyOpensNoNewRun) {
  MemFiles files;
  const StudyIdentity study = simulated_study(1, 30);
  run(study, files);
  SimClock clock;
  LocalLink link;
  const CoordinatorNode again(study, alone(), link.coordinator_end(), files, clock);
  EXPECT_TRUE(again.already_finished());
  EXPECT_TRUE(again.done());
  EXPECT_FALSE(files.read("journal/0002.jsonl").has_value());
}

TEST(Nodes, AnotherStudyIsRefused) {
  MemFiles files;
  run(simulated_study(1, 30), files, 200);
  StudyIdentity other = simulated_study(2, 30);
  SimClock clock;
  LocalLink link;
  EXPECT_THROW(CoordinatorNode(other, alone(), link.coordinator_end(), files, clock), Error);
  StudyIdentity moved = simulated_study(1, 30);
  moved.data_digest = "other data";
  EXPECT_THROW(CoordinatorNode(moved, alone(), link.coordinator_end(), files, clock), Error);
}

// A run that was suspended wakes when another has the study: it records nothing more.
TEST(Nodes, ARunThatWasTakenOverLeavesEverythingAsItIs) {
  MemFiles files;
  const StudyIdentity study = simulated_study(1, 30);
  SimClock clock;
  LocalLink link;
  CoordinatorNode old(study, alone(), link.coordinator_end(), files, clock);
  CurveTrainer trainer(clock, {});
  WorkerNode worker(link.worker_end(), trainer, clock);
  for (int i = 0; i < 20; ++i) {
    old.tick();
    worker.tick();
  }
  EXPECT_FALSE(old.superseded());
  const State state = run(study, files);
  EXPECT_EQ(state.trials_done, 30U);
  const auto before = files.read("journal/0001.jsonl");
  clock.spend(std::chrono::seconds(60));
  EXPECT_THROW(old.tick(), Error);
  EXPECT_TRUE(old.superseded());
  EXPECT_EQ(files.read("journal/0001.jsonl"), before);
}

// Where a segment is missing among the numbers no other run has begun.
TEST(Nodes, GapsBetweenSegmentsAreNoSuccessors) {
  MemFiles files;
  const StudyIdentity study = simulated_study(1, 30);
  run(study, files, 20);
  files.replace("journal/0009.jsonl", *files.read("journal/0001.jsonl"));
  files.remove("journal/0001.jsonl");
  EXPECT_EQ(run(study, files).trials_done, 30U);
  EXPECT_TRUE(files.read("journal/0010.jsonl").has_value());
}

// The search is rebuilt from the snapshot as from the journal: what is proposed after a resume has
// the same bits, whatever the algorithm has learnt.
TEST(Nodes, ProposalsAfterASnapshotAreTheSame) {
  using enum StoppingRule;
  const std::pair<Algorithm, StoppingRule> studies[] = {
      {Algorithm::random, none},    {Algorithm::tpe, none},    {Algorithm::cma_es, none},
      {Algorithm::evolution, none}, {Algorithm::forest, none}, {Algorithm::gp, none},
      {Algorithm::tpe, asha},       {Algorithm::gp, asha}};
  for (const auto& [algorithm, rule] : studies) {
    StudyIdentity study = simulated_study(3, 40);
    study.spec.search.algorithm = algorithm;
    study.spec.search.early_stopping.rule = rule;
    study.spec.search.budget.amount = 27;
    study.spec_json = to_json(study.spec);
    MemFiles with;
    MemFiles without;
    for (int job = 0; job < 4; ++job) {
      const int most = job == 3 ? 1 << 20 : 30;
      run(study, with, most, 9);
      run(study, without, most, 0);
    }
    std::size_t parts = 0;
    for (const std::string& name : with.list("journal")) {
      parts += name.ends_with(".events") ? 1 : 0;
      if (name.ends_with(".jsonl")) {
        EXPECT_EQ(with.read("journal/" + name), without.read("journal/" + name)) << name;
      }
    }
    EXPECT_GT(parts, 4U);
    EXPECT_EQ(with.list("journal").size() - parts, without.list("journal").size());
  }
}

// A trainer that is not ready for another assignment before a while after each end.
class Lingering : public CurveTrainer {
 public:
  using CurveTrainer::CurveTrainer;
  int left = 0;
  [[nodiscard]] bool ready(Duration) override { return left-- <= 0; }
};

TEST(Nodes, ATrialHasEndedWhenNothingIsLeftOfIt) {
  SimClock clock;
  LocalLink link;
  Lingering trainer(clock, {});
  WorkerNode worker(link.worker_end(), trainer, clock);
  const StudyIdentity study = simulated_study(1, 3);
  const auto send = [&](const ToWorker& message) {
    link.coordinator_end().send(0, encode(message));
  };
  const auto results = [&] {
    std::vector<Outcome> out;
    for (const Mail& mail : link.coordinator_end().poll()) {
      const FromWorker said = decode_from_worker(mail.bytes);
      if (const auto* done = std::get_if<Done>(&said)) {
        out.push_back(done->result.outcome);
      }
    }
    return out;
  };
  for (std::uint32_t n = 1; n <= 2; ++n) {
    Assignment a;
    a.id = AssignmentId(n);
    a.run = RunId(1);
    a.kind = AssignmentKind::trial;
    a.trial = TrialId(n);
    a.point = study.space.point_at(std::vector<double>(study.space.dimensions.size(), 0.5));
    a.budget.amount = 10;
    a.team = {WorkerId(0)};
    send(Assign{a});
  }
  worker.tick();
  trainer.left = 3;
  send(Cancel{AssignmentId(1)});
  for (int i = 0; i < 3; ++i) {
    worker.tick();
    EXPECT_TRUE(results().empty()) << i;
    EXPECT_FALSE(worker.idle());  // nor is the second trial begun
  }
  worker.tick();
  EXPECT_EQ(results(), std::vector{Outcome::interrupted});
  while (!worker.idle()) {
    worker.tick();
  }
  worker.tick();
  while (!worker.idle()) {
    worker.tick();
  }
  EXPECT_EQ(results().size(), 1U);
}

// A trainer that cannot train any more: at the third trial, until it is mended.
class Unavailing : public CurveTrainer {
 public:
  using CurveTrainer::CurveTrainer;
  void start(const Assignment& assignment) override {
    if (assignment.kind == AssignmentKind::trial && assignment.trial.value >= 3) {
      throw TrainerUnavailable(ErrorKind::io, Problem{"", "no such program: x", "", "put it back"});
    }
    CurveTrainer::start(assignment);
  }
};

TEST(Nodes, AWorkerThatCannotTrainGivesBackWhatItHolds) {
  MemFiles files;
  const StudyIdentity study = simulated_study(1, 30);
  const State state = run<Unavailing>(study, files, 10000);
  EXPECT_EQ(state.end.message, "no such program: x; no worker is left\n  hint: put it back");
  EXPECT_EQ(state.trials_done, 2U);
  EXPECT_EQ(state.trials_failed, 0U);
  EXPECT_EQ(state.trial(TrialId(3)).crashes, 0U);
  EXPECT_TRUE(state.open.empty());
  EXPECT_TRUE(state.run_ended);
  EXPECT_EQ(run(study, files).trials_done, 30U);  // once it is mended
}

// Whatever a crash leaves, the journal holds all that anybody was told.
TEST(Nodes, NothingIsSentBeforeItIsDurable) {
  MemFiles files;
  const StudyIdentity study = simulated_study(1, 30);
  SimClock clock;
  LocalLink link;
  CoordinatorNode coordinator(study, alone(), link.coordinator_end(), files, clock);
  link.worker_end().send(0, encode(FromWorker{Hello{}}));
  files.lose_power_at_sync(1, false);
  EXPECT_THROW(coordinator.tick(), PowerLoss);
  EXPECT_TRUE(link.worker_end().poll().empty());
}

TEST(Nodes, UnreadableMailIsSurvived) {
  MemFiles files;
  SimClock clock;
  LocalLink link;
  CoordinatorNode coordinator(simulated_study(1, 30), alone(), link.coordinator_end(), files,
                              clock);
  link.worker_end().send(0, Bytes(7, std::byte{0xff}));
  EXPECT_NO_THROW(coordinator.tick());
}

// A training of 20 s, saved every 5 s, interrupted after 12: the next run needs 10 s more, not 20.
class Checkpoints : public testing::Test {
 protected:
  StudyIdentity study_ = simulated_study(1, 1);
  MemFiles files_;
  CurveOptions curve_{.seed = 1, .mean_seconds = 20, .diverge_share = 0, .fail_share = 0};
  WorkerOptions options_{.slice = std::chrono::seconds(1),
                         .checkpoint_every = std::chrono::seconds(5)};

  // Runs for at most `most` of virtual time; returns what was spent on the trial.
  Duration run(Duration most, bool subset_present) {
    SimClock clock;
    LocalLink link;
    RunFacts facts = alone();
    facts.subset_present = subset_present;
    CoordinatorNode coordinator(study_, facts, link.coordinator_end(), files_, clock);
    CurveTrainer trainer(clock, curve_);
    WorkerNode worker(link.worker_end(), trainer, clock, options_, &files_);
    Time begun{};
    bool training = false;
    while (coordinator.state().trials_done == 0 && (!training || clock.now() - begun < most)) {
      const Time now = clock.now();
      clock.set(now);
      coordinator.tick();
      worker.tick();
      if (!training && coordinator.state().subset_extracted) {
        training = true;
        begun = clock.now();
      }
    }
    return clock.now() - begun;
  }
};

TEST_F(Checkpoints, ABrokenTrainingGoesOn) {
  const Duration whole = run(std::chrono::hours(1), false);
  files_ = MemFiles();
  run(whole * 6 / 10, false);
  EXPECT_TRUE(files_.read(checkpoint_path(AssignmentKind::trial, TrialId(1))).has_value());
  const Duration rest = run(std::chrono::hours(1), true);
  EXPECT_LE(rest, whole * 4 / 10 + std::chrono::seconds(6));
  EXPECT_FALSE(files_.read(checkpoint_path(AssignmentKind::trial, TrialId(1))).has_value());
}

TEST_F(Checkpoints, ADamagedOneIsNotUsed) {
  const Duration whole = run(std::chrono::hours(1), false);
  files_ = MemFiles();
  run(whole * 6 / 10, false);
  const std::string path = checkpoint_path(AssignmentKind::trial, TrialId(1));
  std::string bytes = *files_.read(path);
  bytes[bytes.size() / 2] = static_cast<char>(bytes[bytes.size() / 2] ^ 4);
  files_.replace(path, bytes);
  EXPECT_GE(run(std::chrono::hours(1), true), whole - std::chrono::seconds(2));
}

TEST(Checkpoint, BelongsToItsAssignmentAndIsWholeOrNothing) {
  Assignment a;
  a.kind = AssignmentKind::retrain;
  a.trial = TrialId(7);
  a.point.values = {Value(0.5)};
  a.budget.amount = 10;
  const Bytes state(100, std::byte{3});
  const std::string file = encode_checkpoint(a, state);
  EXPECT_EQ(decode_checkpoint(a, file), state);
  for (std::size_t n = 0; n < file.size(); ++n) {
    EXPECT_FALSE(decode_checkpoint(a, file.substr(0, n)).has_value()) << n;
    std::string flipped = file;
    flipped[n] = static_cast<char>(flipped[n] ^ 1);
    EXPECT_FALSE(decode_checkpoint(a, flipped).has_value()) << n;
  }
  Assignment other = a;
  other.point.values = {Value(0.6)};
  EXPECT_FALSE(decode_checkpoint(other, file).has_value());
  other = a;
  other.budget.amount = 11;
  EXPECT_FALSE(decode_checkpoint(other, file).has_value());
}

TEST(Nodes, AWorkerLeavesASilentCoordinator) {
  SimClock clock;
  LocalLink link;
  CurveTrainer trainer(clock, {});
  WorkerNode worker(link.worker_end(), trainer, clock);
  worker.tick();
  for (int i = 0; i < 12; ++i) {
    EXPECT_FALSE(worker.done());
    clock.set(std::chrono::seconds(11 * i));
    worker.tick();
  }
  EXPECT_TRUE(worker.done());
  EXPECT_TRUE(worker.abandoned());
}

// One that was suspended has not heard anything either; what was said meanwhile may take a moment.
TEST(Nodes, AWorkerThatWasSuspendedDoesNotBlameTheCoordinator) {
  SimClock clock;
  LocalLink link;
  CurveTrainer trainer(clock, {});
  WorkerNode worker(link.worker_end(), trainer, clock);
  worker.tick();
  clock.set(std::chrono::seconds(1000));
  worker.tick();
  EXPECT_FALSE(worker.done());
}

}  // namespace
}  // namespace twostep
