// The coordinator, driven by hand: literal inputs, literal events.
#include "twostep/control/coordinator.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

#include "twostep/control/invariants.hpp"
#include "twostep/control/worker.hpp"
#include "twostep/sim/world.hpp"

namespace twostep {
namespace {

using std::chrono::seconds;

class CoordinatorTest : public testing::Test {
 protected:
  StudyIdentity study_ = simulated_study(1, 6);
  std::unique_ptr<Coordinator> c_ = std::make_unique<Coordinator>(study_.spec, study_.space);
  std::vector<Event> journal_;
  std::vector<Outgoing> sent_;
  Time now_{};

  void take(const Step& step) {
    journal_.insert(journal_.end(), step.events.begin(), step.events.end());
    sent_.insert(sent_.end(), step.messages.begin(), step.messages.end());
    EXPECT_TRUE(violated_invariants(c_->state()).empty());
  }
  void begin(std::vector<std::uint32_t> workers) {
    const StudyCreated created{study_.spec_json, "d"};
    c_->replay(created);
    journal_.push_back(created);
    restart(1, workers);
  }
  void restart(std::uint32_t run, const std::vector<std::uint32_t>& workers) {
    RunStarted started;
    started.run = RunId(run);
    started.workers = static_cast<std::uint32_t>(workers.size());
    started.subset_present = run > 1;
    std::vector<WorkerId> ids;
    for (const std::uint32_t w : workers) {
      ids.push_back(WorkerId(w));
    }
    take(c_->start(now_, started, ids));
    for (const std::uint32_t w : workers) {
      say(w, Hello{});
    }
  }
  // As another process, which knows the journal alone.
  void reopen() {
    c_ = std::make_unique<Coordinator>(study_.spec, study_.space);
    for (const Event& e : journal_) {
      c_->replay(e);
    }
    sent_.clear();
  }
  void say(std::uint32_t worker, const FromWorker& message) {
    take(c_->on(now_, WorkerSaid{WorkerId(worker), message}));
  }
  void tick() { take(c_->on(now_, Tick{})); }
  void expect_same_on_replay() const {
    State replayed;
    for (const Event& e : journal_) {
      replayed.apply(e);
    }
    EXPECT_EQ(replayed.digest(), c_->state().digest());
  }

  // The assignments sent to a worker since the last call.
  std::vector<Assignment> assigned(std::uint32_t worker) {
    std::vector<Assignment> out;
    std::erase_if(sent_, [&](const Outgoing& o) {
      const auto* assign = std::get_if<Assign>(&o.message);
      if (o.to == WorkerId(worker) && assign != nullptr) {
        out.push_back(assign->assignment);
        return true;
      }
      return false;
    });
    return out;
  }
  static Result result(const Assignment& a, double objective) {
    Result r = empty_result(a, Outcome::finished, "");
    r.objective = objective;
    r.curve = {objective};
    r.best_validation = 1;
    r.seconds = 1;
    return r;
  }
  void finish(std::uint32_t worker, const Assignment& a, double objective) {
    say(worker, Done{result(a, objective)});
  }
  void extract(std::uint32_t worker) {
    const auto work = assigned(worker);
    ASSERT_EQ(work.size(), 1U);
    ASSERT_EQ(work[0].kind, AssignmentKind::extract_subset);
    finish(worker, work[0], NAN);
  }
};

TEST_F(CoordinatorTest, ExtractsThenSearchesThenRetrains) {
  begin({1});
  extract(1);
  for (int trial = 1; trial <= 6;) {
    const auto work = assigned(1);
    ASSERT_FALSE(work.empty());
    for (const Assignment& a : work) {
      ASSERT_EQ(a.kind, AssignmentKind::trial);
      EXPECT_EQ(a.trial.value, static_cast<std::uint32_t>(trial));
      finish(1, a, 10 - trial);
      ++trial;
    }
  }
  EXPECT_EQ(c_->state().finalists.size(), 5U);
  EXPECT_EQ(c_->state().finalists[0].trial, TrialId(6));
  const auto full = assigned(1);
  ASSERT_EQ(full.size(), 1U);
  ASSERT_EQ(full[0].kind, AssignmentKind::extract_full);
  finish(1, full[0], NAN);
  for (int i = 0; i < 5; ++i) {
    const auto retrain = assigned(1);
    ASSERT_EQ(retrain.size(), 1U);
    EXPECT_EQ(retrain[0].kind, AssignmentKind::retrain);
    finish(1, retrain[0], 1);
  }
  EXPECT_TRUE(c_->state().ended);
  EXPECT_TRUE(c_->state().end.success);
  EXPECT_TRUE(c_->finished());
  expect_same_on_replay();
}

// A resumed run reaches its retraining before all workers have said Hello; planning then would give
// smaller teams, and other bits, than the unbroken run had.
TEST_F(CoordinatorTest, TeamsAreNotPlannedBeforeAllWorkersAreThere) {
  begin({1, 2});
  const auto extraction = assigned(1);
  ASSERT_EQ(extraction.size(), 1U);
  finish(1, extraction[0], NAN);
  // Every round ends some of the six trials; worker 2 also still holds its part of the extraction.
  for (int round = 0; round < 8 && !c_->state().finalists_chosen; ++round) {
    for (const std::uint32_t w : {1U, 2U}) {
      for (const Assignment& a : assigned(w)) {
        finish(w, a, a.trial.value);
      }
    }
  }
  ASSERT_TRUE(c_->state().finalists_chosen);
  const auto full = assigned(1);
  ASSERT_EQ(full.size(), 1U);
  finish(1, full[0], NAN);
  Coordinator fresh(study_.spec, study_.space);
  for (const Event& e : journal_) {
    fresh.replay(e);
  }
  RunStarted started;
  started.run = RunId(2);
  started.subset_present = started.full_present = true;
  static_cast<void>(fresh.start(now_, started, {WorkerId(1), WorkerId(2)}));
  EXPECT_TRUE(fresh.on(now_, WorkerSaid{WorkerId(1), Hello{}}).events.empty());
  EXPECT_FALSE(fresh.on(now_, WorkerSaid{WorkerId(2), Hello{}}).events.empty());
  // One that never appears is waited for only so long.
  Coordinator lonely(study_.spec, study_.space);
  for (const Event& e : journal_) {
    lonely.replay(e);
  }
  static_cast<void>(lonely.start(now_, started, {WorkerId(1), WorkerId(2)}));
  EXPECT_TRUE(lonely.on(now_, WorkerSaid{WorkerId(1), Hello{}}).events.empty());
  EXPECT_FALSE(lonely.on(now_ + seconds(61), Tick{}).events.empty());
}

TEST_F(CoordinatorTest, AStaleResultIsDropped) {
  begin({1});
  extract(1);
  const auto work = assigned(1);
  const std::size_t before = journal_.size();
  Result foreign = result(work[0], 1);
  foreign.run = RunId(7);
  say(1, Done{foreign});
  Result unknown = result(work[0], 1);
  unknown.assignment = AssignmentId(999);
  say(1, Done{unknown});
  for (std::size_t i = before; i < journal_.size(); ++i) {
    EXPECT_FALSE(std::holds_alternative<Finished>(journal_[i]));
  }
  EXPECT_EQ(c_->state().trials_done, 0U);
}

TEST_F(CoordinatorTest, ARestartRepeatsOnlyWhatWasOpen) {
  begin({1, 2});
  tick();
  const auto extraction = assigned(1);
  ASSERT_EQ(extraction.size(), 1U);
  ASSERT_EQ(extraction[0].team.size(), 2U);
  finish(1, extraction[0], NAN);
  say(2, Done{result(assigned(2)[0], NAN)});
  const auto first = assigned(1);
  const auto second = assigned(2);
  ASSERT_FALSE(first.empty());
  ASSERT_FALSE(second.empty());
  finish(1, first[0], 3);
  std::set<TrialId> open;
  for (const auto& [id, assignment] : c_->state().open) {
    open.insert(assignment.trial);
  }

  Coordinator fresh(study_.spec, study_.space);
  for (const Event& e : journal_) {
    fresh.replay(e);
  }
  RunStarted started;
  started.run = RunId(2);
  started.subset_present = true;
  Step step = fresh.start(now_, started, {WorkerId(1)});
  step = fresh.on(now_, WorkerSaid{WorkerId(1), Hello{}});
  std::vector<TrialId> given;
  for (const Outgoing& o : step.messages) {
    if (const auto* assign = std::get_if<Assign>(&o.message)) {
      given.push_back(assign->assignment.trial);
      EXPECT_EQ(open.count(assign->assignment.trial), 1U);
      EXPECT_EQ(assign->assignment.attempt, 2U);
    }
  }
  EXPECT_EQ(given.size(), 2U);
  EXPECT_EQ(fresh.state().trials_done, 1U);
}

TEST_F(CoordinatorTest, ATrialThatKillsTwoWorkersIsFailed) {
  begin({1, 2});
  finish(1, assigned(1)[0], NAN);
  say(2, Done{result(assigned(2)[0], NAN)});
  const TrialId killer = assigned(1)[0].trial;
  now_ += seconds(110);
  say(2, Heartbeat{});
  now_ += seconds(20);
  tick();  // worker 1 has been silent for 130 s
  EXPECT_EQ(c_->state().workers_lost, 1U);
  EXPECT_EQ(c_->state().trial(killer).crashes, 1U);
  say(1, Hello{});  // somebody else in its place, or itself, returned
  const auto again = assigned(1);
  const auto other = assigned(2);
  const std::uint32_t holder =
      std::any_of(again.begin(), again.end(), [&](const auto& a) { return a.trial == killer; }) ? 1
                                                                                                : 2;
  now_ += seconds(110);
  say(3 - holder, Heartbeat{});
  now_ += seconds(20);
  tick();
  EXPECT_EQ(c_->state().trial(killer).crashes, 2U);
  for (const Assignment& a : holder == 1 ? other : again) {
    finish(3 - holder, a, 1);  // makes room: now the killer would be next
  }
  EXPECT_EQ(c_->state().trial(killer).result.outcome, Outcome::crashed);
  EXPECT_EQ(c_->state().trial(killer).attempts, 2U);
}

const Unavailable no_program{ErrorKind::io, {"a.yaml:3", "no such program: x", "", "put it back"}};

// Of what it held nothing is to blame, also for its second: others get it, as if it had been
// stopped.
TEST_F(CoordinatorTest, AWorkerThatCanDoNothingIsLeftOut) {
  begin({1, 2});
  const auto extraction = assigned(1);
  ASSERT_EQ(extraction.size(), 1U);
  assigned(2);
  finish(1, extraction[0], NAN);
  say(2, Done{empty_result(extraction[0], Outcome::finished, "")});
  const auto given_back = assigned(2);
  ASSERT_FALSE(given_back.empty());
  say(2, no_program);
  EXPECT_EQ(c_->state().workers_lost, 1U);
  EXPECT_EQ(c_->state().interruptions, 0U);  // nobody was asked to stop
  for (const Assignment& a : given_back) {
    EXPECT_EQ(c_->state().trial(a.trial).crashes, 0U);
    EXPECT_NE(c_->state().trial(a.trial).status, TrialStatus::done);
  }
  say(2, Heartbeat{});
  say(2, Hello{});
  for (int round = 0; round < 20 && !c_->state().ended; ++round) {
    EXPECT_TRUE(assigned(2).empty());
    for (const Assignment& a : assigned(1)) {
      finish(1, a, a.kind == AssignmentKind::trial ? 1 : NAN);
    }
    now_ += seconds(2);
    tick();
  }
  EXPECT_TRUE(c_->state().end.success);
  EXPECT_EQ(c_->state().trials_finished, 6U);
  EXPECT_FALSE(c_->stranded());
  EXPECT_FALSE(c_->any_hung());
  expect_same_on_replay();
}

TEST_F(CoordinatorTest, WithoutAnyWorkerTheStudyStopsAndGoesOnLater) {
  begin({1});
  extract(1);
  const auto work = assigned(1);
  ASSERT_FALSE(work.empty());
  say(1, no_program);
  EXPECT_TRUE(c_->finished());
  EXPECT_FALSE(c_->stranded());
  EXPECT_TRUE(c_->state().open.empty());
  EXPECT_EQ(c_->state().end.error, ErrorKind::io);
  EXPECT_EQ(c_->state().end.message,
            "a.yaml:3: no such program: x; no worker is left\n  hint: put it back");
  EXPECT_TRUE(std::holds_alternative<Shutdown>(sent_.back().message));
  reopen();
  restart(2, {1});
  const auto again = assigned(1);
  ASSERT_FALSE(again.empty());
  EXPECT_EQ(again.front().trial, work.front().trial);
}

TEST_F(CoordinatorTest, WorkersThatHaveYetToAppearAreWaitedFor) {
  begin({1});
  extract(1);
  for (const bool appears : {true, false}) {
    reopen();
    RunStarted started;
    started.run = RunId(appears ? 2 : 3);
    started.workers = 2;
    started.subset_present = true;
    take(c_->start(now_, started, {WorkerId(1), WorkerId(2)}));
    say(1, Hello{});
    ASSERT_FALSE(assigned(1).empty());
    say(1, no_program);
    EXPECT_FALSE(c_->finished());
    if (appears) {
      say(2, Hello{});
      EXPECT_FALSE(assigned(2).empty());
    }
    now_ += seconds(61);
    tick();
    EXPECT_EQ(c_->finished(), !appears);
  }
}

TEST_F(CoordinatorTest, AStudyThatIsStoppedAnywayIsNoFailure) {
  begin({1});
  extract(1);
  take(c_->on(now_, StopRequested{"stopped by SIGTERM"}));
  say(1, no_program);
  EXPECT_TRUE(c_->finished());
  EXPECT_FALSE(c_->state().ended);
  EXPECT_EQ(c_->state().run_end_reason, "stopped by SIGTERM");
}

TEST_F(CoordinatorTest, StoppingCancelsWaitsAndEnds) {
  begin({1});
  extract(1);
  const auto work = assigned(1);
  take(c_->on(now_, StopRequested{"stopped by SIGTERM"}));
  EXPECT_FALSE(c_->finished());
  const auto cancels = std::count_if(sent_.begin(), sent_.end(), [](const Outgoing& o) {
    return std::holds_alternative<Cancel>(o.message);
  });
  EXPECT_EQ(cancels, static_cast<long>(work.size()));
  for (const Assignment& a : work) {
    say(1, Done{empty_result(a, Outcome::interrupted, "stopped")});
  }
  EXPECT_TRUE(c_->finished());
  EXPECT_EQ(c_->state().run_end_reason, "stopped by SIGTERM");
  EXPECT_EQ(c_->state().waiting.size(), work.size());
}

TEST_F(CoordinatorTest, StoppingDoesNotWaitForTheDeaf) {
  begin({1});
  extract(1);
  take(c_->on(now_, StopRequested{"stopped by SIGTERM"}));
  now_ += seconds(31);
  tick();
  EXPECT_TRUE(c_->finished());
}

TEST_F(CoordinatorTest, AFailedExtractionEndsTheStudyWithItsKind) {
  begin({1});
  const auto work = assigned(1);
  Result bad = empty_result(work[0], Outcome::failed, "x.h5:tair[3]: 1 value missing");
  bad.error = ErrorKind::data;
  say(1, Done{bad});
  EXPECT_TRUE(c_->state().ended);
  EXPECT_FALSE(c_->state().end.success);
  EXPECT_EQ(c_->state().end.error, ErrorKind::data);
  // The data may be mended: the next run tries again.
  restart(2, {1});
  EXPECT_FALSE(c_->state().ended);
}

TEST_F(CoordinatorTest, TheLossOfATeamMemberEndsTheRun) {
  begin({1, 2});
  EXPECT_EQ(assigned(1).size(), 1U);
  now_ += std::chrono::hours(2);
  say(2, Heartbeat{});
  tick();
  EXPECT_TRUE(c_->finished());
  EXPECT_TRUE(c_->stranded());
  EXPECT_FALSE(c_->state().ended);
}

TEST_F(CoordinatorTest, TooManyFailuresEndTheStudy) {
  study_.spec.search.failures.max = 1;
  c_ = std::make_unique<Coordinator>(study_.spec, study_.space);
  begin({1});
  extract(1);
  for (int i = 0; i < 2; ++i) {
    for (const Assignment& a : assigned(1)) {
      say(1, Done{empty_result(a, Outcome::failed, "bad shard")});
    }
  }
  EXPECT_TRUE(c_->state().ended);
  EXPECT_EQ(c_->state().end.error, ErrorKind::trial);
}

// Whichever of its workers does it, and also when the first of them is lost.
TEST_F(CoordinatorTest, AHostRetrainsOneFinalistAtATime) {
  CoordinatorOptions options;
  options.hosts = {{WorkerId(1), 0}, {WorkerId(2), 0}, {WorkerId(3), 1}};
  study_.spec.retraining.team = 1;
  c_ = std::make_unique<Coordinator>(study_.spec, study_.space, options);
  begin({1, 2, 3});
  std::vector<Assignment> held[4];
  std::size_t most = 0;
  for (int i = 0; i < 200 && !c_->finished(); ++i) {
    for (std::uint32_t w = 1; w <= 3; ++w) {
      for (const Assignment& a : assigned(w)) {
        held[w].push_back(a);
      }
    }
    const auto retrains = [&](std::uint32_t w) {
      return std::count_if(held[w].begin(), held[w].end(),
                           [](const Assignment& a) { return a.kind == AssignmentKind::retrain; });
    };
    ASSERT_LE(retrains(1) + retrains(2), 1);
    ASSERT_LE(retrains(3), 1);
    most = std::max(most, static_cast<std::size_t>(retrains(1) + retrains(2) + retrains(3)));
    if (retrains(1) > 0) {
      take(c_->on(now_, WorkerGone{WorkerId(1), "its process has ended"}));
      held[1].clear();
      continue;
    }
    for (const std::uint32_t w : {3U, 2U, 1U}) {
      if (!held[w].empty()) {
        const Assignment a = held[w].front();
        held[w].erase(held[w].begin());
        finish(w, a, a.kind == AssignmentKind::extract_subset ? NAN : 1.0);
        break;
      }
    }
  }
  EXPECT_TRUE(c_->state().ended && c_->state().end.success);
  EXPECT_EQ(c_->state().workers_lost, 1U);
  EXPECT_EQ(most, 2U);
}

TEST_F(CoordinatorTest, NoTrialFinishedIsAFailedStudy) {
  begin({1});
  extract(1);
  while (!c_->finished()) {
    const auto work = assigned(1);
    ASSERT_FALSE(work.empty());
    for (const Assignment& a : work) {
      say(1, Done{empty_result(a, Outcome::diverged, "nan")});
    }
  }
  EXPECT_FALSE(c_->state().end.success);
  EXPECT_NE(c_->state().end.message.find("6 diverged"), std::string::npos);
}

}  // namespace
}  // namespace twostep
