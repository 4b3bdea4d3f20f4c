// The part of the coordinator that takes trials from rung to rung.
#include <algorithm>

#include "twostep/control/coordinator.hpp"

namespace twostep {

std::size_t Coordinator::rung_index(std::uint64_t fidelity) const {
  const auto at = std::lower_bound(rungs_.begin(), rungs_.end(), fidelity);
  return static_cast<std::size_t>(std::min(at, rungs_.end() - 1) - rungs_.begin());
}

Observation Coordinator::observe_trial(TrialId trial) const {
  const TrialRecord& t = state_.trial(trial);
  Observation out = observe(t.result);
  if (t.result.outcome == Outcome::paused || t.result.outcome == Outcome::stopped) {
    out.outcome = Outcome::finished;
    out.fidelity = static_cast<double>(t.reached) / static_cast<double>(rungs_.back());
  }
  return as_told(out, spec_.search.failures);
}

void Coordinator::tell_rule(const Event& event) {
  if (rule_ == nullptr) {
    return;
  }
  if (const auto* created = std::get_if<TrialCreated>(&event)) {
    rule_->created(created->trial);
  } else if (const auto* stopped = std::get_if<TrialStopped>(&event)) {
    rule_->stopped(stopped->trial);
  } else if (const auto* sent = std::get_if<Dispatched>(&event)) {
    const Assignment& a = sent->assignment;
    const bool trial = a.kind == AssignmentKind::trial;
    if (trial && state_.trial(a.trial).result.outcome == Outcome::paused) {
      rule_->resumed(a.trial);
    }
    return;
  }
  if (!told_all_created_ && all_created()) {
    told_all_created_ = true;
    rule_->all_created();
  }
}

// passed: the rungs that it had paused at before.
void Coordinator::tell_rule(const Result& result, std::size_t passed) {
  const TrialRecord& trial = state_.trial(result.trial);
  if (result.outcome == Outcome::paused) {
    rule_->reached(result.trial, rung_index(trial.reached), trial.result);
  } else if (result.outcome != Outcome::interrupted) {
    rule_->ended(result.trial, passed, trial.result);
  }
}

void Coordinator::send_trial(Step& step, const TrialRecord& trial, std::size_t rung, WorkerId to) {
  Assignment assignment;
  assignment.kind = AssignmentKind::trial;
  assignment.attempt = trial.attempts + 1;
  assignment.trial = trial.id;
  assignment.point = trial.point;
  assignment.budget = spec_.search.budget;
  if (rung + 1 < rungs_.size()) {
    const bool rows = spec_.search.early_stopping.fidelity == Fidelity::rows;
    (rows ? assignment.rows : assignment.until) = rungs_[rung];
  }
  assignment.spent_seconds = trial.reached > 0 ? trial.result.seconds : 0;
  assignment.team = {to};
  send(step, std::move(assignment));
}

// To the worker that holds it, where it has room: going on costs nothing there.
bool Coordinator::dispatch_paused_trial(Step& step, WorkerId to) {
  const TrialId id = *rule_->next();
  const auto holder = paused_at_.find(id);
  if (holder != paused_at_.end()) {
    const Worker& worker = workers_.at(holder->second);
    to = worker.present && worker.holds.size() < queue_depth() ? holder->second : to;
    paused_at_.erase(holder);
  }
  if (trained_ && plan_.trial(state_, now_, id, workers_.at(to).holds) == Fit::no) {
    return false;
  }
  const TrialRecord& trial = state_.trial(id);
  send_trial(step, trial, rung_index(trial.reached) + 1, to);
  return true;
}

void Coordinator::stop_given_up(Step& step) {
  if (rule_ == nullptr) {
    return;
  }
  for (const TrialId trial : rule_->given_up()) {
    paused_at_.erase(trial);
    record(step, TrialStopped{trial});
  }
}

// Nobody is on the way to a rung any more, and nobody is to go on: the rest has come as far as it
// will.
void Coordinator::stop_all_paused(Step& step) {
  const bool under_way = std::any_of(state_.open.begin(), state_.open.end(), [](const auto& open) {
    return open.second.kind == AssignmentKind::trial;
  });
  if (under_way || !all_created()) {
    return;
  }
  const std::vector<TrialId> paused(state_.paused.begin(), state_.paused.end());
  for (const TrialId trial : paused) {
    record(step, TrialStopped{trial});
  }
}

}  // namespace twostep
