// The cost model against trainings whose true cost is known, and what is held back for it.
#include "twostep/control/time_plan.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "twostep/base/rng.hpp"
#include "twostep/control/coordinator.hpp"
#include "twostep/control/worker.hpp"
#include "twostep/sim/world.hpp"

namespace twostep {
namespace {

using std::chrono::seconds;

// A machine of 5 GFLOP/s and 50 us a step, with 5 % noise.
double true_seconds(const Work& w, double noise) {
  return (w.flops / 5e9 + 50e-6 * w.steps) * (1 + 0.05 * noise);
}

std::vector<CostModel::Sample> samples(std::size_t count, double outlier_share) {
  const Rng rng(3, Purpose::noise);
  std::vector<CostModel::Sample> out;
  for (std::size_t i = 0; i < count; ++i) {
    const double parameters = 100 * std::pow(1000, rng.uniform(i, 0));
    const auto batch = static_cast<std::uint32_t>(32 << rng.below(5, i, 1));
    const Work work = training_work(parameters, batch, 2000, 500, {BudgetUnit::epochs, 10, 0, 0});
    const bool outlier = rng.uniform(i, 2) < outlier_share;
    out.push_back({work, true_seconds(work, rng.normal(i, 3)) * (outlier ? 40 : 1)});
  }
  return out;
}

TEST(CostModel, FindsTheRateAndTheCostOfAStep) {
  for (const double outliers : {0.0, 0.08}) {
    const CostModel model(samples(100, outliers));
    for (const double parameters : {200.0, 5e3, 9e4}) {
      for (const std::uint32_t batch : {32U, 512U}) {
        const Work work =
            training_work(parameters, batch, 2000, 500, {BudgetUnit::epochs, 30, 0, 0});
        const double truth = true_seconds(work, 0);
        EXPECT_NEAR(model.typical_seconds(work) / truth, 1, 0.2) << parameters << " " << batch;
        EXPECT_GT(model.cautious_seconds(work), model.typical_seconds(work));
      }
    }
  }
}

TEST(CostModel, ThinksOfWhatItHasNotSeen) {
  const Work work{1e9, 100};
  const CostModel none;
  EXPECT_FALSE(none.calibrated());
  EXPECT_GT(none.cautious_seconds(work), none.typical_seconds(work));
  const CostModel one({{work, 2.0}});
  EXPECT_NEAR(one.typical_seconds(work), 2, 1e-9);
  EXPECT_NEAR(one.cautious_seconds(work), 4, 1e-9);
  EXPECT_FALSE(CostModel({{work, 0}, {work, NAN}, {Work{}, 1}}).calibrated());
}

TEST(CostModel, CountsStepsAndRowsOfBothUnits) {
  const Work epochs = training_work(10, 100, 250, 50, {BudgetUnit::epochs, 4, 0, 0});
  EXPECT_EQ(epochs.steps, 12);
  EXPECT_EQ(epochs.flops, 10 * (6 * 1000 + 2 * 50 * 4));
  const Work steps = training_work(10, 100, 250, 50, {BudgetUnit::steps, 20, 0, 10});
  EXPECT_EQ(steps.steps, 20);
  EXPECT_EQ(steps.flops, 10 * (6 * 2000 + 2 * 50 * 2));
  EXPECT_EQ(training_work(10, 4096, 250, 0, {BudgetUnit::steps, 3, 0, 0}).flops, 10 * 6 * 750);
}

// Two workers on a study of six trials, each of which takes `cost` times its parameters.
class Limited : public testing::Test {
 protected:
  StudyIdentity study_ = simulated_study(1, 6);
  std::unique_ptr<Coordinator> c_;
  std::vector<Event> journal_;
  std::vector<Assignment> assigned_;
  std::vector<std::uint32_t> cancelled_;
  Time now_{};

  void take(const Step& step) {
    journal_.insert(journal_.end(), step.events.begin(), step.events.end());
    for (const Outgoing& o : step.messages) {
      if (const auto* assign = std::get_if<Assign>(&o.message)) {
        assigned_.push_back(assign->assignment);
      } else if (std::holds_alternative<Cancel>(o.message)) {
        cancelled_.push_back(o.to.value);
      }
    }
  }
  void begin(std::uint32_t run, std::optional<Time> stop_at) {
    CoordinatorOptions options;
    options.stop_at = stop_at;
    c_ = std::make_unique<Coordinator>(study_.spec, study_.space, options);
    if (journal_.empty()) {
      journal_.push_back(StudyCreated{study_.spec_json, "d"});
    }
    for (const Event& e : journal_) {
      c_->replay(e);
    }
    assigned_.clear();
    RunStarted started;
    started.run = RunId(run);
    started.workers = 1;
    started.subset_present = true;
    take(c_->start(now_, started, {WorkerId(1)}));
    say(Hello{});
    if (!c_->state().subset_extracted) {
      Result r = empty_result(next(), Outcome::finished, "");
      r.train_rows = 1000;
      r.validation_rows = 1000;
      say(Done{r});
    }
  }
  void say(const FromWorker& m) { take(c_->on(now_, WorkerSaid{WorkerId(1), m})); }
  Assignment next() {
    EXPECT_FALSE(assigned_.empty());
    Assignment a = assigned_.front();
    assigned_.erase(assigned_.begin());
    return a;
  }
  void finish(const Assignment& a, double took) {
    Result r = empty_result(a, Outcome::finished, "");
    r.objective = 1.0 / a.trial.value;
    r.curve = {r.objective};
    r.best_validation = 1;
    r.epochs = 10;
    r.seconds = took;
    say(Done{r});
  }
  double size(TrialId id) {
    const Hyperparameters h = resolve(study_.spec, study_.space, c_->state().trial(id).point);
    return static_cast<double>(parameter_count(h.model, 1, 1));
  }
};

TEST_F(Limited, StopsWhatRunsWhenTimeIsUp) {
  begin(1, seconds(100));
  EXPECT_EQ(assigned_.size(), 2U);  // one running, one queued
  EXPECT_EQ(c_->next_timer(), seconds(10));
  now_ = seconds(100);
  take(c_->on(now_, Tick{}));
  EXPECT_EQ(cancelled_.size(), 2U);
  EXPECT_FALSE(c_->finished());
  for (int i = 0; i < 2; ++i) {
    say(Done{empty_result(next(), Outcome::interrupted, "stopped")});
  }
  EXPECT_TRUE(c_->finished());
  EXPECT_EQ(c_->state().run_end_reason, "stopped because its time is up");
}

TEST_F(Limited, HoldsBackWhatIsTooLongAndTakesAShorterOne) {
  study_.spec.checkpoint_seconds = 0;
  begin(1, seconds(1000));
  // Every trial takes 1 s per 10 parameters.
  std::set<TrialId> done;
  for (int i = 0; i < 2; ++i) {
    const Assignment a = next();
    finish(a, size(a.trial) / 10);
    done.insert(a.trial);
  }
  // What a queued one still may take decides: only those are given out that surely end.
  now_ = seconds(1000) - from_seconds(0.01);
  while (!assigned_.empty()) {
    finish(next(), 1);
  }
  EXPECT_TRUE(c_->finished());
  EXPECT_FALSE(c_->state().ended);
  EXPECT_NE(c_->state().run_end_reason.find("too long"), std::string::npos);
  EXPECT_GT(c_->state().waiting.size(), 0U);
  const auto held = c_->state().waiting.size();
  // The next run, without a limit, gives out the very same trials.
  begin(2, std::nullopt);
  EXPECT_EQ(c_->state().trials.size(), 6U);
  EXPECT_GE(held, 1U);
  std::size_t rest = 0;
  while (!assigned_.empty() && c_->phase() == Phase::search) {
    finish(next(), 1);
    ++rest;
  }
  EXPECT_EQ(c_->state().trials_done, 6U);
  Coordinator unlimited(study_.spec, study_.space);
  for (const Event& e : journal_) {
    unlimited.replay(e);
  }
  EXPECT_EQ(unlimited.state().digest(), c_->state().digest());
}

TEST_F(Limited, PrefersTheShortOfThoseThatWait) {
  study_.spec.checkpoint_seconds = 0;
  begin(1, std::nullopt);
  // All six have been created and dropped by a first run that had time.
  std::vector<Assignment> open;
  for (int i = 0; i < 4; ++i) {
    finish(next(), 1);
  }
  ASSERT_EQ(assigned_.size(), 2U);
  begin(2, std::nullopt);  // voids both
  const TrialId first = assigned_.at(0).trial;
  const TrialId second = assigned_.at(1).trial;
  ASSERT_NE(first, second);
  // Pretend that both wait and only the smaller fits.
  TimePlan plan(study_.spec, study_.space, seconds(10), 1, 1);
  for (const Event& e : journal_) {
    if (const auto* f = std::get_if<Finished>(&e)) {
      plan.finished(f->result);
    }
  }
  const double a = plan.trial_seconds(c_->state(), first);
  const double b = plan.trial_seconds(c_->state(), second);
  ASSERT_NE(a, b);
  const TrialId shorter = a < b ? first : second;
  const TrialId longer = a < b ? second : first;
  const Time at = seconds(10) - from_seconds(0.5 * (a + b));
  EXPECT_EQ(plan.trial(c_->state(), at, shorter, {}), Fit::finishes);
  EXPECT_EQ(plan.trial(c_->state(), at, longer, {}), Fit::no);
  study_.spec.checkpoint_seconds = 1e-3;
  EXPECT_EQ(plan.trial(c_->state(), at, longer, {}), Fit::resumes);
}

// The first rung of the study has 37 of 1,000 rows; all are validated on the same ones.
TEST_F(Limited, ARungOfRowsCostsNoMoreThanItsRows) {
  study_ = simulated_study(1, 6, StoppingRule::asha, Fidelity::rows);
  begin(1, std::nullopt);
  const TrialId trial = next().trial;
  StudySpec plain = study_.spec;
  plain.search.early_stopping = {};
  TimePlan rungs(study_.spec, study_.space, seconds(10), 1, 1);
  TimePlan whole(plain, study_.space, seconds(10), 1, 1);
  const double rung = rungs.trial_seconds(c_->state(), trial);
  EXPECT_GT(rung, 0);
  EXPECT_LT(rung, 0.5 * whole.trial_seconds(c_->state(), trial));
  // Of what a trial has taken only its last rung was spent on that rung's rows.
  Result done;
  done.trial = trial;
  done.epochs = 10;
  done.seconds = 1;
  TimePlan once(study_.spec, study_.space, seconds(10), 1, 1);
  once.finished(done, 37);
  done.seconds = 5;
  TimePlan twice(study_.spec, study_.space, seconds(10), 1, 1);
  twice.finished(done, 37, 4);
  EXPECT_EQ(once.trial_seconds(c_->state(), trial), twice.trial_seconds(c_->state(), trial));
  EXPECT_NE(once.trial_seconds(c_->state(), trial), rung);
}

TEST_F(Limited, ARunTriesAtLeastOneTraining) {
  study_.spec.checkpoint_seconds = 0;
  begin(1, seconds(1000));
  finish(next(), 900);
  now_ = seconds(1);
  begin(2, now_ + from_seconds(0.5));  // nothing is predicted to fit
  ASSERT_GE(assigned_.size(), 1U);
  EXPECT_FALSE(c_->finished());
}

TEST_F(Limited, AWorkerWhoseProcessEndedIsLostAtOnce) {
  begin(1, std::nullopt);
  const Assignment running = next();
  take(c_->on(now_, WorkerGone{WorkerId(1), "its process has ended"}));
  EXPECT_EQ(c_->state().workers_lost, 1U);
  EXPECT_EQ(c_->state().trial(running.trial).crashes, 1U);
  EXPECT_TRUE(c_->stranded());  // it was the only one
  take(c_->on(now_, WorkerGone{WorkerId(7), "a stranger"}));
  EXPECT_EQ(c_->state().workers_lost, 1U);
}

}  // namespace
}  // namespace twostep
