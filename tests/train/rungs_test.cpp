// Trials that are trained in rungs.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <set>

#include "support/trainer_bench.hpp"
#include "twostep/ports/solo_group.hpp"
#include "twostep/train/batches.hpp"
#include "twostep/train/reference_engine.hpp"

namespace twostep {
namespace {

using test::Bench;
using test::run;
using test::StepClock;
using test::training;

void expect_same(const Result& a, const Result& b) {
  EXPECT_EQ(a.outcome, b.outcome);
  EXPECT_EQ(a.curve, b.curve);
  EXPECT_EQ(a.objective, b.objective);
  EXPECT_EQ(a.best_validation, b.best_validation);
  EXPECT_EQ(a.steps, b.steps);
}

class StepByStep {
 public:
  explicit StepByStep(Bench& bench) : bench_(bench) {}
  // Goes on from `state`, unless that is empty, and leaves there what a pause saved.
  Result train(const Assignment& assignment, Bytes& state) {
    MlpTrainer trainer({bench_.spec, bench_.space, bench_.plan, bench_.packs, bench_.models,
                        *engine_, solo_, clock_, "test"});
    trainer.start(assignment);
    if (!state.empty()) {
      trainer.load(state);
    }
    std::optional<Result> result;
    while (!result) {
      result = trainer.advance(std::chrono::milliseconds(1));
    }
    if (result->outcome == Outcome::paused) {
      state = trainer.save();
      trainer.stop();
    }
    return *result;
  }

 private:
  Bench& bench_;
  std::unique_ptr<Engine> engine_ = make_reference_engine();
  SoloGroupMaker solo_;
  StepClock clock_;
};

// Through pauses at epochs 1, 2 and 4, each in a new process.
TEST(Rungs, ATrialThatPausedEndsWithTheBitsOfOneThatDidNot) {
  Bench bench;
  StepByStep trainer(bench);
  Assignment rung = training(AssignmentKind::trial, 7);
  const Result unbroken = run(bench, rung);
  Bytes state;
  for (const std::uint64_t until : {1U, 2U, 4U}) {
    rung.until = until;
    const Result paused = trainer.train(rung, state);
    EXPECT_EQ(paused.outcome, Outcome::paused);
    EXPECT_EQ(paused.epochs, until);
    EXPECT_EQ(paused.curve.size(), until);
    Bytes lost;  // what was saved is lost: from the beginning, to the same place
    expect_same(trainer.train(rung, lost), paused);
  }
  rung.until = 0;
  expect_same(trainer.train(rung, state), unbroken);
}

// A rung of rows is a whole training on a part of them.
TEST(Rungs, FewerRowsAreFewerSteps) {
  Bench bench;
  Assignment rung = training(AssignmentKind::trial, 3);
  const Result all = run(bench, rung);
  rung.rows = 40;
  const Result part = run(bench, rung);
  EXPECT_EQ(part.outcome, Outcome::paused);
  EXPECT_EQ(all.outcome, Outcome::finished);
  EXPECT_EQ(part.epochs, 3U);
  EXPECT_LT(part.steps, all.steps);
  EXPECT_TRUE(std::isfinite(part.objective));
}

TEST(Rungs, PartsOfTheRowsAreNested) {
  std::set<std::uint64_t> before;
  for (const std::uint64_t rows : {10U, 40U, 99U}) {
    EpochOrder order(3, 0, rows, 100);
    std::set<std::uint64_t> part;
    order.begin(5);
    for (std::uint64_t i = 0; i < rows; ++i) {
      part.insert(order.row(i));
    }
    EXPECT_EQ(part.size(), rows);
    EXPECT_LT(*part.rbegin(), 100U);
    EXPECT_TRUE(std::includes(part.begin(), part.end(), before.begin(), before.end()));
    before = part;
  }
}

}  // namespace
}  // namespace twostep
