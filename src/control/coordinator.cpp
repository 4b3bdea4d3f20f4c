#include "twostep/control/coordinator.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "twostep/base/check.hpp"
#include "twostep/control/worker.hpp"
#include "twostep/search/finalists.hpp"

namespace twostep {
namespace {

// A new result counts this much in the mean duration of a trial.
constexpr double mean_weight = 0.1;
constexpr Duration silence_check_every = std::chrono::seconds(1);

}  // namespace

Coordinator::Coordinator(const StudySpec& spec, const Space& space, CoordinatorOptions options)
    : spec_(spec),
      space_(space),
      options_(options),
      proposer_(make_proposer(spec, space)),
      rungs_(rung_levels(spec.search)),
      rule_(make_fidelity_rule(spec)),
      plan_(spec_, space_, options.stop_at, options.inputs, options.targets) {
  if (options.fits_elsewhere) {
    StudySpec chance = spec;
    chance.search.algorithm = Algorithm::random;
    chance_.emplace(make_proposer(chance, space));
  }
}

void Coordinator::replay(const Event& event) {
  const auto* ended = std::get_if<Finished>(&event);
  const bool trial = ended != nullptr && ended->result.kind == AssignmentKind::trial;
  const std::uint64_t passed = trial ? state_.trial(ended->result.trial).reached : 0;
  const double before = passed > 0 ? state_.trial(ended->result.trial).result.seconds : 0;
  state_.apply(event);
  tell_rule(event);
  if (trial && rule_ != nullptr) {
    tell_rule(ended->result, passed > 0 ? rung_index(passed) + 1 : 0);
  }
  if (const auto* created = std::get_if<TrialCreated>(&event)) {
    tell_proposer({SearchNews::Kind::created, created->trial, created->point, {}});
  } else if (const auto* warm = std::get_if<WarmStarted>(&event)) {
    for (const PriorTrial& t : warm->trials) {
      tell_proposer(
          {SearchNews::Kind::learnt, {}, t.point, as_told(observe(t), spec_.search.failures)});
    }
  } else if (const auto* finished = std::get_if<Finished>(&event)) {
    const Result& r = finished->result;
    const bool anew = trial && spec_.search.early_stopping.fidelity == Fidelity::rows;
    plan_.finished(r, anew ? state_.trial(r.trial).until : 0, anew ? before : 0);
    if (r.kind == AssignmentKind::trial && r.outcome == Outcome::paused) {
      tell_proposer({SearchNews::Kind::observed, r.trial, {}, observe_trial(r.trial)});
    } else if (r.kind == AssignmentKind::trial && r.outcome != Outcome::interrupted) {
      tell_proposer({SearchNews::Kind::finished, r.trial, {}, observe_trial(r.trial)});
    }
  } else if (const auto* stopped = std::get_if<TrialStopped>(&event)) {
    tell_proposer({SearchNews::Kind::finished, stopped->trial, {}, observe_trial(stopped->trial)});
  }
}

void Coordinator::record(Step& step, const Event& event) {
  replay(event);
  step.events.push_back(event);
}

Step Coordinator::start(Time now, const RunStarted& started, const std::vector<WorkerId>& workers,
                        const std::optional<WarmStarted>& warm) {
  Step step;
  record(step, started);
  if (warm) {
    record(step, *warm);
  }
  for (const WorkerId id : workers) {
    workers_[id].heard = now;
  }
  begun_ = now_ = last_alive_ = now;
  return step;
}

Step Coordinator::on(Time now, const Input& input) {
  Step step;
  if (state_.run_ended) {
    return step;
  }
  now_ = now;
  if (const auto* said = std::get_if<WorkerSaid>(&input)) {
    hear(step, now, said->worker, said->message);
  } else if (const auto* stop = std::get_if<StopRequested>(&input)) {
    request_stop(step, now, stop->reason);
  } else if (const auto* proposal = std::get_if<Proposal>(&input)) {
    take_proposal(step, *proposal);
  } else if (const auto* gone = std::get_if<WorkerGone>(&input)) {
    const auto found = workers_.find(gone->worker);
    if (found != workers_.end() && found->second.present) {
      lose(step, gone->worker, gone->why);
    }
  } else {
    check_silence(step, now);
    if (now - last_alive_ >= options_.alive_every) {
      last_alive_ = now;
      for (const auto& [id, worker] : workers_) {
        step.messages.push_back({id, Alive{}});
      }
    }
  }
  if (!state_.run_ended) {
    proceed(step, now);
  }
  return step;
}

void Coordinator::hear(Step& step, Time now, WorkerId from, const FromWorker& message) {
  const auto found = workers_.find(from);
  if (found == workers_.end() || found->second.left_out) {
    return;
  }
  Worker& worker = found->second;
  if (!worker.holds.empty() && worker.present) {
    const Duration beyond = now - worker.heard - options_.heartbeat_every;
    worker.slice = (worker.slice + std::max(beyond, Duration{0})) / 2;
  }
  worker.heard = now;
  worker.present = true;  // one that was given up and speaks again is taken back
  worker.silent = false;
  if (const auto* done = std::get_if<Done>(&message)) {
    std::erase(worker.holds, done->result.assignment);
    accept(step, from, done->result);
  } else if (const auto* unavailable = std::get_if<Unavailable>(&message)) {
    leave_out(step, from, *unavailable);
  }
  list(from);
}

// Keeps load_ in step with a worker.
void Coordinator::list(WorkerId id) {
  Worker& worker = workers_.at(id);
  if (worker.listed) {
    load_.erase({*worker.listed, id});
    worker.listed.reset();
  }
  if (worker.present) {
    worker.listed = worker.holds.size();
    load_.emplace(*worker.listed, id);
  }
}

void Coordinator::accept(Step& step, WorkerId from, const Result& result) {
  const auto open = state_.open.find(result.assignment);
  if (open == state_.open.end() || result.run != state_.run.run ||
      open->second.team.front() != from || open->second.kind != result.kind ||
      open->second.trial != result.trial) {
    return;  // stale, or a team member's report: the leader's counts
  }
  if (result.kind == AssignmentKind::trial && result.outcome != Outcome::interrupted) {
    // Of this rung alone.
    const double before = open->second.spent_seconds;
    const double taken = result.seconds - (result.seconds >= before ? before : 0);
    mean_trial_seconds_ = mean_trial_seconds_ < 0
                              ? taken
                              : (1 - mean_weight) * mean_trial_seconds_ + mean_weight * taken;
  }
  if (result.outcome == Outcome::paused) {
    paused_at_[result.trial] = from;
  }
  record(step, Finished{without_known_curve(result)});
  const bool extraction =
      result.kind == AssignmentKind::extract_subset || result.kind == AssignmentKind::extract_full;
  if (extraction && result.outcome != Outcome::finished && result.outcome != Outcome::interrupted) {
    end_study(step, false, result.error, result.message);
  }
}

// What an earlier pause has recorded of the curve is not recorded again.
Result Coordinator::without_known_curve(const Result& result) const {
  Result out = result;
  if (result.kind != AssignmentKind::trial || rule_ == nullptr) {
    return out;
  }
  const std::vector<double>& known = state_.trial(result.trial).result.curve;
  const bool goes_on =
      known.size() <= out.curve.size() && std::equal(known.begin(), known.end(), out.curve.begin());
  if (goes_on && !known.empty()) {
    out.curve_from = known.size();
    out.curve.erase(out.curve.begin(), out.curve.begin() + static_cast<long>(known.size()));
  }
  return out;
}

void Coordinator::lose(Step& step, WorkerId id, const std::string& why) {
  Worker& worker = workers_.at(id);
  worker.present = false;
  for (const AssignmentId assignment : worker.holds) {
    step.messages.push_back({id, Cancel{assignment}});  // read if it ever comes back
  }
  const bool team = std::any_of(state_.open.begin(), state_.open.end(), [&](const auto& open) {
    const std::vector<WorkerId>& members = open.second.team;
    return members.size() > 1 && std::find(members.begin(), members.end(), id) != members.end();
  });
  worker.holds.clear();
  list(id);
  record(step, WorkerLost{id, why});
  if (team) {
    stranded_ = true;
    end_run(step, "worker " + std::to_string(id.value) + " was lost (" + why +
                      ") and its team cannot go on without it");
  } else if (load_.empty() && !worker.left_out) {
    stranded_ = true;
    end_run(step, "all workers were lost, the last one " + why);
  }
}

// None of what it holds is to blame: it is handed to others as if it had been stopped.
void Coordinator::leave_out(Step& step, WorkerId id, const Unavailable& said) {
  const Problem& problem = said.problem;
  const std::string why = problem.what + (problem.why.empty() ? "" : " (" + problem.why + ")");
  workers_.at(id).left_out = true;
  unavailable_ = said;
  for (const AssignmentId assignment : std::exchange(workers_.at(id).holds, {})) {
    const auto open = state_.open.find(assignment);
    if (open != state_.open.end() && open->second.team.size() == 1) {
      Result result = empty_result(open->second, Outcome::interrupted, why);
      result.error = said.error;
      record(step, Finished{result});
    }
  }
  lose(step, id, why);
}

// Those that have yet to appear are waited for.
bool Coordinator::none_left() const {
  return unavailable_ && load_.empty() &&
         (expected_workers() == 0 || now_ - begun_ >= options_.hello_patience);
}

void Coordinator::check_silence(Step& step, Time now) {
  if (now < next_silence_check_) {
    return;
  }
  next_silence_check_ = now + silence_check_every;
  for (auto& [id, worker] : workers_) {
    if (!worker.present || state_.run_ended) {
      continue;
    }
    const auto open =
        worker.holds.empty() ? state_.open.end() : state_.open.find(worker.holds.front());
    const bool team = open != state_.open.end() && open->second.team.size() > 1;
    const Duration limit = team
                               ? options_.team_lost_after
                               : std::max(options_.lost_after, options_.slices_lost * worker.slice);
    if (now - worker.heard > limit) {
      worker.silent = true;
      lose(step, id,
           "silent for " + std::to_string(static_cast<long>(seconds(now - worker.heard))) + " s");
    }
  }
}

bool Coordinator::any_hung() const {
  return std::any_of(workers_.begin(), workers_.end(),
                     [](const auto& w) { return w.second.silent; });
}

Time Coordinator::next_timer() const {
  Time next = last_alive_ + options_.alive_every;
  if (stopping_) {
    next = std::min(next, stop_since_ + options_.stop_grace);
  }
  return plan_.limited() && !stopping_ ? std::min(next, *plan_.stop_at()) : next;
}

void Coordinator::request_stop(Step& step, Time now, const std::string& reason) {
  if (stopping_) {
    end_run(step, reason + " (not waiting for the workers)");
    return;
  }
  stopping_ = true;
  stop_reason_ = reason;
  stop_since_ = now;
  for (const auto& [id, worker] : workers_) {
    for (const AssignmentId assignment : worker.holds) {
      step.messages.push_back({id, Cancel{assignment}});
    }
  }
}

void Coordinator::proceed(Step& step, Time now) {
  if (plan_.over(now) && !stopping_) {
    request_stop(step, now, "stopped because its time is up");
  }
  if (stopping_) {
    const bool quiet = std::all_of(workers_.begin(), workers_.end(),
                                   [](const auto& w) { return w.second.holds.empty(); });
    if (quiet || now - stop_since_ >= options_.stop_grace) {
      end_run(step, stop_reason_);
    }
    return;
  }
  if (none_left() && !state_.ended) {
    Problem problem = unavailable_->problem;
    problem.what += "; no worker is left";
    end_study(step, false, unavailable_->error, problem.text());
    return;
  }
  const std::uint32_t cap = spec_.search.failures.max;
  if (cap > 0 && state_.trials_failed > cap && !state_.ended) {
    end_study(step, false, ErrorKind::trial,
              std::to_string(state_.trials_failed) +
                  " trials failed, more than search.failures.max allows (" + std::to_string(cap) +
                  ")");
    return;
  }
  switch (phase()) {
    case Phase::extract_subset:
      dispatch_extraction(step, AssignmentKind::extract_subset);
      break;
    case Phase::search:
      dispatch_search(step);
      if (search_complete()) {
        choose(step);
      }
      break;
    case Phase::extract_full:
      dispatch_extraction(step, AssignmentKind::extract_full);
      break;
    case Phase::retrain:
      dispatch_retraining(step);
      break;
    case Phase::ended:
      end_run(step, state_.end.success ? "finished" : state_.end.message);
      break;
  }
}

Phase Coordinator::phase() const {
  if (state_.ended) {
    return Phase::ended;
  }
  if (spec_.runs_command()) {  // which reads its own data
    return state_.finalists_chosen ? Phase::retrain : Phase::search;
  }
  if (!state_.finalists_chosen) {
    return state_.subset_extracted ? Phase::search : Phase::extract_subset;
  }
  if (state_.finalists_done == state_.finalists.size()) {
    return Phase::retrain;
  }
  if (!state_.subset_extracted) {
    return Phase::extract_subset;  // the full extraction is stored relative to the subset's scales
  }
  return state_.full_extracted ? Phase::retrain : Phase::extract_full;
}

bool Coordinator::all_created() const {
  return state_.exhausted || state_.trials.size() >= spec_.search.trials;
}

bool Coordinator::search_complete() const {
  return all_created() && state_.trials_done == state_.trials.size();
}

void Coordinator::end_study(Step& step, bool success, ErrorKind error, const std::string& message) {
  record(step, StudyEnded{success, error, message});
  end_run(step, success ? "finished" : message);
}

void Coordinator::end_run(Step& step, const std::string& reason) {
  record(step, RunEnded{reason});
  for (const auto& [id, worker] : workers_) {
    step.messages.push_back({id, Shutdown{reason}});
  }
}

void Coordinator::choose(Step& step) {
  std::vector<Candidate> candidates;
  for (const TrialRecord& trial : state_.trials) {
    if (succeeded(trial.result.outcome)) {
      candidates.push_back({trial.id, trial.result.objective, observe_trial(trial.id).fidelity});
    }
  }
  const auto finalists = choose_finalists(std::move(candidates), spec_.promotion.finalists);
  if (finalists.empty()) {
    end_study(step, false, ErrorKind::trial,
              "none of " + std::to_string(state_.trials.size()) +
                  " trials finished: " + std::to_string(state_.trials_diverged) + " diverged, " +
                  std::to_string(state_.trials_failed) + " failed");
    return;
  }
  record(step, FinalistsChosen{finalists});
  if (!spec_.runs_command()) {
    dispatch_extraction(step, AssignmentKind::extract_full);
  }
}

}  // namespace twostep
