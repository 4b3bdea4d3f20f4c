#include <gtest/gtest.h>

#include "twostep/base/error.hpp"
#include "twostep/control/state.hpp"

namespace twostep {
namespace {

Assignment assignment(std::uint64_t id, std::uint32_t trial, std::uint32_t worker) {
  Assignment a;
  a.id = AssignmentId(id);
  a.trial = TrialId(trial);
  a.team = {WorkerId(worker)};
  return a;
}

Result result(std::uint64_t id, std::uint32_t trial) {
  Result r;
  r.assignment = AssignmentId(id);
  r.trial = TrialId(trial);
  return r;
}

State begun() {
  State s;
  RunStarted run;
  run.run = RunId(1);
  for (const Event& e :
       {Event(StudyCreated{}), Event(run), Event(TrialCreated{TrialId(1), {}}),
        Event(TrialCreated{TrialId(2), {}}), Event(Dispatched{assignment(1, 1, 1)})}) {
    EXPECT_EQ(contradiction(s, e), "");
    s.apply(e);
  }
  return s;
}

TEST(Contradiction, WhatCanFollowIsAccepted) {
  State s = begun();
  for (const Event& e : {Event(Finished{result(1, 1)}), Event(FinalistsChosen{{TrialId(1)}}),
                         Event(TeamsPlanned{{1}}), Event(StudyEnded{}), Event(RunEnded{})}) {
    EXPECT_EQ(contradiction(s, e), "");
    s.apply(e);
  }
}

TEST(Contradiction, EarlierTrialsComeOnceAndBeforeTheStudysOwn) {
  State s;
  for (const Event& e : {Event(StudyCreated{}), Event(RunStarted{}), Event(WarmStarted{"old"})}) {
    EXPECT_EQ(contradiction(s, e), "");
    s.apply(e);
  }
  EXPECT_NE(contradiction(s, WarmStarted{"older"}), "");
  EXPECT_NE(contradiction(begun(), WarmStarted{"old"}), "");
}

TEST(Contradiction, WhatCannotFollowIsNamed) {
  const State s = begun();
  Result unknown = result(1, 9);
  Result interrupted = result(7, 2);
  interrupted.outcome = Outcome::interrupted;
  Assignment nobody = assignment(2, 2, 1);
  nobody.team.clear();
  Result finalist = result(0, 1);
  finalist.kind = AssignmentKind::retrain;
  for (const Event& e :
       {Event(StudyCreated{}), Event(TrialCreated{TrialId(5), {}}),
        Event(Dispatched{assignment(2, 1, 1)}), Event(Dispatched{assignment(1, 2, 1)}),
        Event(Dispatched{assignment(2, 0, 1)}), Event(Dispatched{nobody}), Event(Finished{unknown}),
        Event(Finished{result(1, 2)}), Event(Finished{interrupted}), Event(Finished{finalist}),
        Event(FinalistsChosen{{TrialId(1)}}), Event(FinalistsChosen{{}}),
        Event(TeamsPlanned{{1, 1}})}) {
    EXPECT_NE(contradiction(s, e), "") << e.index();
  }
  EXPECT_NE(contradiction(State(), RunStarted()), "");
  EXPECT_THROW(require_consistent(s, StudyCreated{}, 6), Error);
}

// Of several assignments that a lost worker held only the first can have been under way.
TEST(State, OnlyTheFirstOfALostWorkersTrialsIsToBlame) {
  State s = begun();
  s.apply(Dispatched{assignment(2, 2, 1)});
  State killed = s;
  s.apply(WorkerLost{WorkerId(1), "silent"});
  EXPECT_EQ(s.trial(TrialId(1)).crashes, 1U);
  EXPECT_EQ(s.trial(TrialId(2)).crashes, 0U);
  EXPECT_EQ(s.waiting.size(), 2U);
  RunStarted again;
  again.run = RunId(2);
  killed.apply(again);
  EXPECT_EQ(killed.trial(TrialId(1)).unclean_ends, 1U);
  EXPECT_EQ(killed.trial(TrialId(2)).unclean_ends, 0U);
}

// A launcher asks the others to stop before it kills the job: who does not answer had died.
TEST(State, TheOneWorkerThatDidNotAnswerDiedUnderItsTrial) {
  State s = begun();
  s.apply(Dispatched{assignment(2, 2, 2)});
  RunStarted again;
  again.run = RunId(2);
  State unknown = s;
  unknown.apply(again);  // nobody answered: killed from outside, maybe
  EXPECT_EQ(unknown.trial(TrialId(1)).crashes, 0U);
  EXPECT_EQ(unknown.trial(TrialId(1)).unclean_ends, 1U);
  Result interrupted = result(2, 2);
  interrupted.outcome = Outcome::interrupted;
  s.apply(Finished{interrupted});
  s.apply(again);
  EXPECT_EQ(s.trial(TrialId(1)).crashes, 1U);
  EXPECT_EQ(s.trial(TrialId(1)).unclean_ends, 0U);
  EXPECT_EQ(s.trial(TrialId(2)).crashes, 0U);
  EXPECT_EQ(s.interruptions, 0U);
}

}  // namespace
}  // namespace twostep
