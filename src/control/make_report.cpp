#include "twostep/control/make_report.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <map>

#include "twostep/search/finalists.hpp"
#include "twostep/study/algorithm.hpp"

namespace twostep {
namespace {

constexpr double nothing = std::numeric_limits<double>::quiet_NaN();

std::string status_text(TrialStatus status, const Result& result) {
  switch (status) {
    case TrialStatus::waiting:
      return "waiting";
    case TrialStatus::running:
      return "running";
    case TrialStatus::paused:
      return "paused";
    case TrialStatus::done:
      break;
  }
  return name(result.outcome);
}

TrialRow trial_row(const TrialRecord& trial) {
  TrialRow row;
  row.trial = trial.id;
  row.status = status_text(trial.status, trial.result);
  row.point = trial.point;
  row.objective = nothing;
  row.inference_seconds_per_row = nothing;
  if (trial.status == TrialStatus::done || trial.reached > 0) {
    const Result& r = trial.result;
    row.objective = succeeded(r.outcome) ? r.objective : nothing;
    row.best_validation = r.best_validation;
    row.epochs = r.epochs;
    row.steps = r.steps;
    row.parameters = r.parameters;
    row.inference_seconds_per_row = r.inference_seconds_per_row;
    row.train_seconds = r.seconds;
    row.message = r.message;
  }
  row.reached = trial.status == TrialStatus::done && trial.result.outcome == Outcome::finished
                    ? 0
                    : trial.reached;
  return row;
}

// What early stopping came to: where trials were given up, and what was spent on all.
void add_rungs(const State& state, const StudySpec& spec, Report& report) {
  const EarlyStoppingSpec& early = spec.search.early_stopping;
  report.stopping_rule = name(early.rule);
  const bool rows = early.fidelity == Fidelity::rows;
  report.fidelity_unit = rows                                            ? "rows"
                         : spec.search.budget.unit == BudgetUnit::epochs ? "epochs"
                                                                         : "steps";
  std::map<std::uint64_t, std::uint32_t> stops;
  double row_epochs = 0;
  for (const TrialRecord& trial : state.trials) {
    report.epochs_spent += static_cast<double>(
        rows && trial.result.outcome != Outcome::finished ? 0 : trial.result.epochs);
    row_epochs += static_cast<double>(trial.row_epochs);
    if (trial.result.outcome == Outcome::stopped) {
      ++stops[trial.reached];
    }
  }
  if (rows && state.subset.train_rows > 0) {
    report.epochs_spent += row_epochs / static_cast<double>(state.subset.train_rows);
  }
  report.stops.assign(stops.begin(), stops.end());
}

FinalistRow finalist_row(const State& state, const Space& space, std::size_t index) {
  const FinalistRecord& f = state.finalists[index];
  const TrialRecord& trial = state.trial(f.trial);
  FinalistRow row;
  row.trial = f.trial;
  row.status = status_text(f.status, f.result);
  for (std::size_t i = 0; i < space.dimensions.size(); ++i) {
    if (i < trial.point.values.size() && is_active(trial.point.values[i])) {
      row.configuration.emplace_back(space.dimensions[i].name, to_text(trial.point.values[i]));
    }
  }
  row.search_rank = static_cast<std::uint32_t>(index + 1);
  row.search_objective = trial.result.objective;
  row.parameters = trial.result.parameters;
  row.team = f.team;
  row.objective = nothing;
  row.inference_seconds_per_row = nothing;
  if (f.status == TrialStatus::done) {
    row.message = f.result.message;
    row.train_seconds = f.result.seconds;
    if (f.result.outcome == Outcome::finished) {
      row.objective = f.result.objective;
      row.parameters = f.result.parameters;
      row.inference_seconds_per_row = f.result.inference_seconds_per_row;
      row.validation = f.result.validation;
      row.test = f.result.test;
      row.model_file = f.result.model_file;
    }
  }
  return row;
}

bool retrained(const FinalistRow& f) {
  return !std::isnan(f.objective);
}

// What a network costs whoever uses it.
double cost_of(const FinalistRow& row, SecondObjective second) {
  if (second != SecondObjective::inference_seconds) {
    return static_cast<double>(row.parameters);
  }
  const double time = row.inference_seconds_per_row;
  return std::isnan(time) ? std::numeric_limits<double>::infinity() : time;
}

// Best first; those without a result at the end, in step-1 order.
void rank_finalists(std::vector<FinalistRow>& rows, SecondObjective second) {
  std::stable_sort(rows.begin(), rows.end(), [](const FinalistRow& a, const FinalistRow& b) {
    if (retrained(a) != retrained(b)) {
      return retrained(a);
    }
    return retrained(a) ? a.objective < b.objective : a.search_rank < b.search_rank;
  });
  std::uint32_t rank = 0;
  for (FinalistRow& row : rows) {
    row.rank = retrained(row) ? ++rank : 0;
    const double cost = cost_of(row, second);
    row.efficient =
        retrained(row) && std::none_of(rows.begin(), rows.end(), [&](const FinalistRow& other) {
          const double its = cost_of(other, second);
          return retrained(other) && other.objective <= row.objective && its <= cost &&
                 (other.objective < row.objective || its < cost);
        });
  }
}

double spearman(const std::vector<FinalistRow>& rows) {
  std::vector<double> first;  // step-1 ranks among the retrained, in the order of step 2
  for (const FinalistRow& row : rows) {
    if (retrained(row)) {
      first.push_back(row.search_rank);
    }
  }
  const auto n = static_cast<double>(first.size());
  if (n < 3) {
    return nothing;
  }
  std::vector<double> sorted = first;
  std::sort(sorted.begin(), sorted.end());
  double sum = 0;
  for (std::size_t i = 0; i < first.size(); ++i) {
    const double rank = static_cast<double>(
        std::lower_bound(sorted.begin(), sorted.end(), first[i]) - sorted.begin());
    sum += (rank - static_cast<double>(i)) * (rank - static_cast<double>(i));
  }
  return 1 - 6 * sum / (n * (n * n - 1));
}

// After one epoch. On rungs of rows that is one epoch on the first rung's rows, which all trials
// have seen; NaN: unknown, or nothing that others could be compared with.
double one_epoch_value(const TrialRecord& trial, const EarlyStoppingSpec& early) {
  if (early.rule == StoppingRule::none || early.fidelity != Fidelity::rows) {
    return trial.result.curve.empty() ? nothing : trial.result.curve.front();
  }
  // Hyperband's brackets begin with different rows.
  return early.rule == StoppingRule::hyperband ? nothing : trial.first_validation;
}

void add_baseline(const State& state, const StudySpec& spec, Report& report) {
  const EarlyStoppingSpec& early = spec.search.early_stopping;
  const bool rows = early.rule != StoppingRule::none && early.fidelity == Fidelity::rows;
  std::vector<Candidate> candidates;
  for (const TrialRecord& trial : state.trials) {
    if (trial.status == TrialStatus::done) {
      candidates.push_back({trial.id, one_epoch_value(trial, early)});
    }
  }
  report.one_epoch_finalists = choose_finalists(candidates, spec.promotion.finalists);
  report.one_epoch_best_objective = nothing;
  for (const TrialId id : report.one_epoch_finalists) {
    const Result& r = state.trial(id).result;
    // What a part of the rows gives is no objective of the subset.
    const bool known = rows ? r.outcome == Outcome::finished : succeeded(r.outcome);
    if (known && !(r.objective >= report.one_epoch_best_objective)) {
      report.one_epoch_best_objective = r.objective;
    }
  }
}

// From what is minimised to what people read, when everything is ranked.
void show_natural_values(Report& report) {
  for (TrialRow& row : report.trials) {
    row.objective = natural_value(report.objective, row.objective);
  }
  for (FinalistRow& row : report.finalists) {
    row.objective = natural_value(report.objective, row.objective);
    row.search_objective = natural_value(report.objective, row.search_objective);
  }
  report.one_epoch_best_objective =
      natural_value(report.objective, report.one_epoch_best_objective);
}

std::string phase_text(const State& state) {
  if (state.ended) {
    return state.end.success ? "finished" : "failed";
  }
  return state.finalists_chosen ? "retraining" : "search";
}

}  // namespace

Report make_report(const State& state, const StudySpec& spec, const Space& space) {
  Report report;
  report.name = spec.name;
  report.directory = spec.directory;
  report.seed = spec.seed;
  report.algorithm = name(spec.search.algorithm);
  report.second_objective = spec.search.second_objective;
  report.objective = spec.search.objective;
  report.runs_command = spec.runs_command();
  report.task = spec.task();
  report.phase = phase_text(state);
  report.message = state.ended && !state.end.success ? state.end.message : "";
  report.runs = state.run.run.value;
  report.warm_start = state.warm_start;
  report.prior_trials = state.prior_trials;
  report.prior_left_out = state.prior_left_out;
  report.prior_best = natural_value(spec.search.objective, state.prior_best);
  report.planned_trials =
      state.exhausted ? static_cast<std::uint32_t>(state.trials.size()) : spec.search.trials;
  report.finished = state.trials_finished;
  report.diverged = state.trials_diverged;
  report.failed = state.trials_failed;
  report.stopped = state.trials_stopped;
  add_rungs(state, spec, report);
  report.open = static_cast<std::uint32_t>(state.trials.size()) - state.trials_done;
  report.workers_lost = state.workers_lost;
  for (const WorkerLost& loss : state.losses) {
    report.losses.push_back("worker " + std::to_string(loss.worker.value) + ": " + loss.why);
  }
  report.subset_rows = state.subset.train_rows;
  report.full_rows = state.full.train_rows;
  for (const Dimension& dimension : space.dimensions) {
    report.dimensions.push_back(dimension.name);
  }
  for (const TrialRecord& trial : state.trials) {
    report.trials.push_back(trial_row(trial));
    report.search_seconds += report.trials.back().train_seconds;
  }
  for (std::size_t i = 0; i < state.finalists.size(); ++i) {
    report.finalists.push_back(finalist_row(state, space, i));
    report.retraining_seconds += report.finalists.back().train_seconds;
    report.reading = report.reading.empty() ? state.finalists[i].result.reading : report.reading;
    report.trials.at(state.finalists[i].trial.value - 1).finalist = true;
  }
  rank_finalists(report.finalists, report.second_objective);
  report.rank_correlation = spearman(report.finalists);
  if (state.finalists_chosen) {
    add_baseline(state, spec, report);
  }
  show_natural_values(report);
  return report;
}

}  // namespace twostep
