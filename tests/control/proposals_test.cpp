// The coordinator whose models are fitted elsewhere, driven by hand.
#include <gtest/gtest.h>

#include <cmath>

#include "twostep/control/coordinator.hpp"
#include "twostep/control/worker.hpp"
#include "twostep/sim/world.hpp"

namespace twostep {
namespace {

using std::chrono::milliseconds;

constexpr std::uint32_t startup_trials = 10;  // of a space with few dimensions

class Proposals : public testing::Test {
 protected:
  explicit Proposals(std::uint32_t trials = 40)
      : study_(
            simulated_study(1, trials, StoppingRule::none, Fidelity::budget, Algorithm::forest)) {
    CoordinatorOptions options;
    options.fits_elsewhere = true;
    c_ = std::make_unique<Coordinator>(study_.spec, study_.space, options);
    c_->replay(StudyCreated{study_.spec_json, "d"});
  }

  StudyIdentity study_;
  std::unique_ptr<Coordinator> c_;
  std::vector<Assignment> held_;  // by worker 1
  Time now_{};
  int asks_ = 0;
  std::vector<SearchNews> news_;

  void take(const Step& step) {
    asks_ += step.asks_proposal ? 1 : 0;
    for (const SearchNews& each : c_->take_news()) {
      news_.push_back(each);
    }
    for (const Outgoing& o : step.messages) {
      if (const auto* assign = std::get_if<Assign>(&o.message)) {
        held_.push_back(assign->assignment);
      }
    }
  }
  void tick(milliseconds later) {
    now_ += later;
    take(c_->on(now_, Tick{}));
  }
  void begin() {
    RunStarted started;
    started.run = RunId(1);
    started.workers = 1;
    take(c_->start(now_, started, {WorkerId(1)}));
    take(c_->on(now_, WorkerSaid{WorkerId(1), Hello{}}));
    finish();  // the extraction
  }
  void finish() {
    ASSERT_FALSE(held_.empty());
    Result r = empty_result(held_.front(), Outcome::finished, "");
    r.objective = 1.0 / (1 + held_.front().trial.value);
    r.curve = {r.objective};
    r.best_validation = 1;
    r.seconds = 1;
    held_.erase(held_.begin());
    take(c_->on(now_, WorkerSaid{WorkerId(1), Done{r}}));
  }
  // Until a proposal takes a fit, with the worker holding one trial.
  void search_until_asked() {
    begin();
    while (asks_ == 0) {
      ASSERT_LT(c_->state().trials.size(), 20U);
      finish();
      now_ += milliseconds(10);
    }
  }
  [[nodiscard]] TrialId next() const {
    return TrialId(static_cast<std::uint32_t>(c_->state().trials.size()) + 1);
  }
  // Of which no trial has been made.
  [[nodiscard]] Point fresh_point() const {
    return study_.space.point_at(std::vector<double>(study_.space.dimensions.size(), 0.123456));
  }
};

TEST_F(Proposals, AreAskedForOnceWhenThereIsRoomAndEnoughIsKnown) {
  search_until_asked();
  EXPECT_EQ(c_->state().trials_done, startup_trials);
  ASSERT_EQ(held_.size(), 1U);  // one trial more than it works on could be queued
  tick(milliseconds(1000));
  EXPECT_EQ(asks_, 1);
  EXPECT_EQ(held_.size(), 1U);  // it has something to do: it can wait
}

TEST_F(Proposals, BecomeTheNextTrial) {
  search_until_asked();
  const TrialId trial = next();
  take(c_->on(now_, Proposal{trial, fresh_point()}));
  ASSERT_EQ(held_.size(), 2U);
  EXPECT_EQ(held_.back().trial, trial);
  EXPECT_EQ(held_.back().point, fresh_point());
  finish();
  EXPECT_EQ(asks_, 2);  // for the place that has become free
}

TEST_F(Proposals, AreNotWaitedForByAWorkerWithNothingToDo) {
  search_until_asked();
  const TrialId trial = next();
  finish();
  ASSERT_EQ(held_.size(), 1U);
  EXPECT_EQ(held_.front().trial, trial);
  EXPECT_EQ(asks_, 1);
  // The fit was made for an earlier trial: its point serves the next one.
  take(c_->on(now_, Proposal{trial, fresh_point()}));
  ASSERT_EQ(held_.size(), 2U);
  EXPECT_EQ(held_.back().point, fresh_point());
}

TEST_F(Proposals, ThatHaveBeenTriedMeanwhileAreAskedForAgain) {
  search_until_asked();
  const Point tried = c_->state().trials.front().point;
  take(c_->on(now_, Proposal{next(), tried}));
  EXPECT_EQ(held_.size(), 1U);
  EXPECT_EQ(asks_, 2);
}

TEST_F(Proposals, ThatAreNoneEndTheSearch) {
  search_until_asked();
  const TrialId early(next().value - 1);
  take(c_->on(now_, Proposal{early, std::nullopt}));
  EXPECT_FALSE(c_->state().exhausted);  // of an earlier moment: asked for again
  EXPECT_EQ(asks_, 2);
  take(c_->on(now_, Proposal{next(), std::nullopt}));
  EXPECT_TRUE(c_->state().exhausted);
}

// Whoever is told the news knows what the coordinator's own proposer knows.
TEST_F(Proposals, NewsMakeTheSameProposer) {
  search_until_asked();
  Proposer told = make_proposer(study_.spec, study_.space);
  for (const SearchNews& each : news_) {
    told.tell(each);
  }
  Proposer own = make_proposer(study_.spec, study_.space);
  for (const TrialRecord& t : c_->state().trials) {
    own.created(t.id, t.point);
  }
  for (const TrialRecord& t : c_->state().trials) {
    if (t.status == TrialStatus::done) {
      own.finished(t.id, observe(t.result));
    }
  }
  EXPECT_EQ(told.latest(), own.latest());
  EXPECT_TRUE(told.needs_fit());
  EXPECT_EQ(told.next(next()), own.next(next()));
}

}  // namespace
}  // namespace twostep
