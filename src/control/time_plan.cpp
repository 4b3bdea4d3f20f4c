#include "twostep/control/time_plan.hpp"

#include <algorithm>

#include "twostep/control/checkpoint.hpp"

namespace twostep {
namespace {

constexpr std::size_t most_samples = 128;
// Fitting anew costs about a millisecond; every result need not do it.
constexpr std::uint32_t results_per_fit = 8;

}  // namespace

TimePlan::TimePlan(const StudySpec& spec, const Space& space, std::optional<Time> stop_at,
                   std::uint32_t inputs, std::uint32_t targets)
    : spec_(spec),
      space_(space),
      stop_at_(stop_at),
      rungs_(rung_levels(spec.search)),
      inputs_(inputs),
      targets_(targets) {}

void TimePlan::finished(const Result& result, std::uint64_t rows, double before) {
  if (!stop_at_ || result.kind != AssignmentKind::trial) {
    return;
  }
  predicted_.erase(result.trial);
  if (result.outcome != Outcome::finished && result.outcome != Outcome::paused) {
    return;
  }
  Result kept;
  kept.trial = result.trial;
  kept.seconds = result.seconds - (result.seconds >= before ? before : 0);
  kept.train_rows = rows;
  kept.epochs = result.epochs;
  kept.steps = result.steps;
  recent_.push_back(kept);
  if (recent_.size() > most_samples) {
    recent_.pop_front();
  }
  ++since_fit_;
}

// rows: that it is trained on; 0: the whole subset.
Work TimePlan::trial_work(const State& state, TrialId trial, const Budget& budget,
                          std::uint64_t rows) const {
  if (spec_.runs_command()) {  // nothing is known of it but its budget and its rows
    const auto all = static_cast<double>(spec_.search.subset.rows);
    const double share = rows > 0 && all > 0 ? static_cast<double>(rows) / all : 1;
    return {0, share * static_cast<double>(budget.amount)};
  }
  const std::uint64_t all = state.subset.train_rows;
  const Hyperparameters h = resolve(spec_, space_, state.trial(trial).point);
  return training_work(static_cast<double>(parameter_count(h.model, inputs_, targets_)),
                       h.training.batch_size,
                       static_cast<double>(rows > 0 ? std::min(rows, all) : all),
                       static_cast<double>(state.subset.validation_rows), budget);
}

void TimePlan::fit(const State& state) {
  if (since_fit_ == 0 || (since_fit_ < results_per_fit && model_.calibrated())) {
    return;
  }
  since_fit_ = 0;
  std::vector<CostModel::Sample> samples;
  for (const Result& r : recent_) {
    Budget done = spec_.search.budget;  // as far as it went: it may have stopped early
    done.amount = done.unit == BudgetUnit::epochs ? r.epochs : r.steps;
    samples.push_back({trial_work(state, r.trial, done, r.train_rows), r.seconds});
  }
  model_ = CostModel(samples);
  predicted_.clear();
}

bool TimePlan::in_rows() const {
  return spec_.search.early_stopping.rule != StoppingRule::none &&
         spec_.search.early_stopping.fidelity == Fidelity::rows;
}

// The rung that it is on the way to, or that comes next.
std::uint64_t TimePlan::next_rung(const TrialRecord& trial) const {
  if (trial.status != TrialStatus::paused && trial.until > 0) {
    return trial.until;
  }
  const auto next = std::upper_bound(rungs_.begin(), rungs_.end(), trial.reached);
  return next == rungs_.end() ? rungs_.back() : *next;
}

// What is left until that rung. One of rows is trained anew.
Budget TimePlan::left_of(const TrialRecord& trial) const {
  Budget left = spec_.search.budget;
  if (spec_.search.early_stopping.rule != StoppingRule::none && !in_rows()) {
    const std::uint64_t to = next_rung(trial);
    left.amount = std::max<std::uint64_t>(1, to - std::min(to, trial.reached));
  }
  return left;
}

double TimePlan::trial_seconds(const State& state, TrialId trial) {
  fit(state);
  const auto [at, added] = predicted_.try_emplace(trial, 0);
  if (added) {
    const TrialRecord& record = state.trial(trial);
    const std::uint64_t rows = in_rows() ? next_rung(record) : 0;
    at->second = model_.cautious_seconds(trial_work(state, trial, left_of(record), rows));
    if (spec_.search.trial_seconds > 0) {
      at->second = std::min(at->second, spec_.search.trial_seconds);
    }
  }
  return at->second;
}

Fit TimePlan::judge(Time now, double wait_seconds, double needed) const {
  const double left = seconds(*stop_at_ - now) - wait_seconds;
  if (needed <= left) {
    return Fit::finishes;
  }
  const bool saved =
      spec_.checkpoint_seconds > 0 && left >= worth_saving * spec_.checkpoint_seconds;
  return saved ? Fit::resumes : Fit::no;
}

Fit TimePlan::trial(const State& state, Time now, TrialId trial,
                    const std::vector<AssignmentId>& held) {
  if (!stop_at_) {
    return Fit::finishes;
  }
  double wait = 0;  // too long by what the running one has done already
  for (const AssignmentId id : held) {
    const auto open = state.open.find(id);
    if (open != state.open.end() && open->second.kind == AssignmentKind::trial) {
      wait += trial_seconds(state, open->second.trial);
    }
  }
  return judge(now, wait, trial_seconds(state, trial));
}

Fit TimePlan::retraining(const State& state, Time now, const FinalistRecord& finalist) {
  if (!stop_at_) {
    return Fit::finishes;
  }
  fit(state);
  if (spec_.runs_command()) {
    const auto amount = static_cast<double>(spec_.retraining.budget.amount);
    return judge(now, 0, model_.cautious_seconds({0, amount}));
  }
  const Hyperparameters h = resolve(spec_, space_, state.trial(finalist.trial).point);
  Work work =
      training_work(static_cast<double>(parameter_count(h.model, inputs_, targets_)),
                    h.training.batch_size, static_cast<double>(state.full.train_rows),
                    static_cast<double>(state.full.validation_rows), spec_.retraining.budget);
  work.flops /= std::max(1U, finalist.team);
  return judge(now, 0, model_.cautious_seconds(work));
}

}  // namespace twostep
