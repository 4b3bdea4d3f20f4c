// The part of the coordinator that decides how many ranks retrain each finalist.
#include <algorithm>
#include <limits>

#include "twostep/control/coordinator.hpp"
#include "twostep/search/finalists.hpp"
#include "twostep/search/team_plan.hpp"

namespace twostep {
namespace {

// What a training does with `rows` training rows, if patience does not end it early.
TrainingWork full_work(const Budget& budget, std::uint64_t batch_size, const Result& extracted) {
  TrainingWork work;
  const std::uint64_t rows = std::max<std::uint64_t>(extracted.train_rows, 1);
  work.batch_rows = std::min(batch_size, rows);
  const std::uint64_t per_epoch = (rows + work.batch_rows - 1) / work.batch_rows;
  const bool epochs = budget.unit == BudgetUnit::epochs;
  work.steps = epochs ? budget.amount * per_epoch : budget.amount;
  const std::uint64_t every =
      !epochs && budget.validate_every > 0 ? budget.validate_every : per_epoch;
  work.validations = (work.steps + every - 1) / every;
  work.validation_rows = extracted.validation_rows;
  return work;
}

}  // namespace

TeamsPlanned Coordinator::planned_teams(std::uint32_t workers) const {
  std::vector<std::size_t> waiting;
  for (std::size_t i = 0; i < state_.finalists.size(); ++i) {
    if (state_.finalists[i].status != TrialStatus::done) {
      waiting.push_back(i);
    }
  }
  TeamsPlanned out;
  for (const FinalistRecord& f : state_.finalists) {
    out.sizes.push_back(f.team);
  }
  if (spec_.retraining.team > 0) {
    const auto sizes =
        plan_teams(waiting.size(), workers, std::min(spec_.retraining.team, workers));
    for (std::size_t w = 0; w < waiting.size(); ++w) {
      out.sizes[waiting[w]] = sizes[w];
    }
    return out;
  }
  TeamTimes times;
  for (const std::size_t i : waiting) {
    const TrialRecord& trial = state_.trial(state_.finalists[i].trial);
    const std::uint64_t batch = resolve(spec_, space_, trial.point).training.batch_size;
    TrainingWork timed;
    timed.parameters = trial.result.parameters;
    timed.steps = trial.result.steps;
    timed.batch_rows = std::min(batch, std::max<std::uint64_t>(state_.subset.train_rows, 1));
    timed.validations = trial.result.curve.size();
    timed.validation_rows = state_.subset.validation_rows;
    const double row = seconds_per_row(timed, trial.result.seconds, options_.machine);
    TrainingWork work = full_work(spec_.retraining.budget, batch, state_.full);
    work.parameters = timed.parameters;
    const std::uint64_t largest = spec_.retraining.reproducible
                                      ? spec_.retraining.micro_batches
                                      : std::numeric_limits<std::uint32_t>::max();
    times.emplace_back();
    for (std::uint32_t k = 1; k <= workers; ++k) {
      times.back().push_back(k <= largest ? predict_seconds(work, row, k, options_.machine)
                                          : std::numeric_limits<double>::infinity());
    }
  }
  const TeamPlan plan = plan_earliest(times);
  out.workers = workers;
  out.all_seconds = plan.seconds;
  out.places.assign(out.sizes.size(), 0);
  out.seconds.assign(out.sizes.size(), 0);
  for (std::size_t w = 0; w < waiting.size(); ++w) {
    out.sizes[waiting[w]] = plan.sizes[w];
    out.seconds[waiting[w]] = times[w][plan.sizes[w] - 1];
    out.places[waiting[plan.order[w]]] = static_cast<std::uint32_t>(w);
  }
  return out;
}

// False: it is not yet known who is there.
bool Coordinator::plan_teams_now(Step& step) {
  const auto present = static_cast<std::uint32_t>(present_workers().size());
  // A resumed run comes here at its first tick: the teams are to be those of the unbroken one.
  if (present == 0 || (present < expected_workers() && now_ - begun_ < options_.hello_patience)) {
    return false;
  }
  teams_current_ = true;
  // With as many workers as before, a resumed run keeps to its plan: a retraining goes on with the
  // same bits in a team of the same size.
  const bool keeps = spec_.retraining.team == 0 && state_.planned_workers == present;
  if (!keeps) {
    record(step, planned_teams(present));
  }
  return true;
}

}  // namespace twostep
