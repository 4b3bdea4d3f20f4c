// The part of the coordinator that hands out work.
#include <algorithm>
#include <cmath>
#include <limits>

#include "twostep/base/check.hpp"
#include "twostep/control/coordinator.hpp"

namespace twostep {
namespace {

// A run that ends without a word may have been ended by a trial that took the whole job with it
// (out of memory), or by a node failure or a walltime limit that no trial is to blame for. A trial
// that was under way at this many such ends is not tried again, so that no study is restarted for
// ever.
constexpr std::uint32_t most_unclean_ends = 10;
// Near the end of a run: waiting trials that are looked at for one that is short enough, and those
// that are created for it.
constexpr std::size_t most_looked_at = 256;
constexpr std::size_t most_held_back = 16;

}  // namespace

std::vector<WorkerId> Coordinator::present_workers() const {
  std::vector<WorkerId> out;
  for (const auto& [id, worker] : workers_) {
    if (worker.present) {
      out.push_back(id);
    }
  }
  return out;
}

// Also those that have yet to appear, or are lost and may come back.
std::size_t Coordinator::expected_workers() const {
  return static_cast<std::size_t>(std::count_if(workers_.begin(), workers_.end(),
                                                [](const auto& w) { return !w.second.left_out; }));
}

std::vector<WorkerId> Coordinator::idle_workers() const {
  std::vector<WorkerId> out;
  for (auto at = load_.begin(); at != load_.end() && at->first == 0; ++at) {
    out.push_back(at->second);
  }
  return out;
}

// Where a host retrains one finalist at a time, the first idle worker of each host that retrains
// none.
std::vector<WorkerId> Coordinator::idle_retrainers() const {
  std::vector<WorkerId> idle = idle_workers();
  if (options_.hosts.empty()) {
    return idle;
  }
  std::set<std::uint32_t> busy;
  for (const auto& [id, assignment] : state_.open) {
    if (assignment.kind == AssignmentKind::retrain) {
      for (const WorkerId member : assignment.team) {
        busy.insert(options_.hosts.at(member));
      }
    }
  }
  std::erase_if(idle, [&](WorkerId id) { return !busy.insert(options_.hosts.at(id)).second; });
  return idle;
}

// One assignment beside the running one hides a message's way. Where trials are so short that this
// is not enough, more are queued, until the queue covers `queue_target` of work.
std::uint32_t Coordinator::queue_depth() const {
  if (mean_trial_seconds_ < 0) {
    return 2;
  }
  const double wanted = seconds(options_.queue_target) / std::max(mean_trial_seconds_, 1e-6);
  return 2 +
         static_cast<std::uint32_t>(std::min(wanted, static_cast<double>(options_.deepest_queue)));
}

void Coordinator::send(Step& step, Assignment assignment) {
  assignment.id = AssignmentId(state_.last_assignment.value + 1);
  assignment.run = state_.run.run;
  record(step, Dispatched{assignment});
  trained_ = trained_ || assignment.kind == AssignmentKind::trial ||
             assignment.kind == AssignmentKind::retrain;
  for (const WorkerId id : assignment.team) {
    workers_.at(id).holds.push_back(assignment.id);
    list(id);
    step.messages.push_back({id, Assign{assignment}});
  }
}

void Coordinator::fail_crashed(Step& step, AssignmentKind kind, TrialId trial,
                               std::uint32_t crashes) {
  Result result;
  result.run = state_.run.run;
  result.kind = kind;
  result.trial = trial;
  result.outcome = Outcome::crashed;
  result.objective = std::numeric_limits<double>::quiet_NaN();
  result.message = "its worker died under it " + std::to_string(crashes) + " times";
  record(step, Finished{result});
}

// The trial to hand out next, of those that wait. Near the end of the run's time one that will be
// done is preferred, then one that can be saved, in the order of their numbers.
std::optional<TrialId> Coordinator::choose_waiting(WorkerId to) {
  if (!plan_.limited() || !trained_) {
    return *state_.waiting.begin();  // a run tries at least one, whatever is predicted
  }
  std::optional<TrialId> saved;
  std::size_t looked_at = 0;
  for (const TrialId id : state_.waiting) {
    const Fit fit = plan_.trial(state_, now_, id, workers_.at(to).holds);
    if (fit == Fit::finishes) {
      return id;
    }
    if (fit == Fit::resumes && !saved) {
      saved = id;
    }
    if (++looked_at == most_looked_at) {
      break;
    }
  }
  return saved;
}

bool Coordinator::dispatch_waiting_trial(Step& step, WorkerId to) {
  while (!state_.waiting.empty()) {
    const auto chosen = choose_waiting(to);
    if (!chosen) {
      return false;
    }
    const TrialRecord& trial = state_.trial(*chosen);
    if (trial.crashes >= spec_.search.attempts || trial.unclean_ends >= most_unclean_ends) {
      fail_crashed(step, AssignmentKind::trial, trial.id, trial.crashes + trial.unclean_ends);
      continue;
    }
    // One that was under way goes to the rung that it was under way to.
    const bool begun = trial.attempts > 0 && trial.until > 0;
    const std::size_t first =
        rule_ != nullptr && trial.attempts == 0 ? rule_->first_rung(trial.id) : rungs_.size() - 1;
    send_trial(step, trial, begun ? rung_index(trial.until) : first, to);
    return true;
  }
  return false;
}

bool Coordinator::dispatch_next_trial(Step& step, WorkerId to) {
  // Trials that are too long for the time that is left stay for the next run; a few more are drawn
  // in search of shorter ones.
  while (!dispatch_waiting_trial(step, to)) {
    if (rule_ != nullptr && rule_->next()) {
      return dispatch_paused_trial(step, to);
    }
    if (state_.waiting.size() >= most_held_back || !create_trial(step, to)) {
      return false;
    }
  }
  return true;
}

// Nothing is under way and nothing that is left can be started any more.
void Coordinator::end_if_time_is_up(Step& step) {
  if (plan_.limited() && state_.open.empty() && !load_.empty() && !asked_) {
    end_run(step, "stopped because what is left is too long for the time that is left");
  }
}

// Workers that hold no trial, though they may soon have nothing else to do: those that are here,
// and for a while those that have yet to appear. Counted until each has had one.
std::size_t Coordinator::unserved_workers() {
  if (all_served_) {
    return 0;
  }
  const bool expected = now_ - begun_ < options_.hello_patience;
  std::size_t unserved = 0;
  for (const auto& [id, worker] : workers_) {
    const auto open =
        worker.holds.empty() ? state_.open.end() : state_.open.find(worker.holds.front());
    const bool trains = open != state_.open.end() && open->second.kind == AssignmentKind::trial;
    unserved += !trains && !worker.left_out && (worker.present || expected) ? 1 : 0;
  }
  all_served_ = unserved == 0;
  return unserved;
}

void Coordinator::dispatch_search(Step& step) {
  stop_given_up(step);
  const std::uint32_t depth = queue_depth();
  // The least loaded first, so that no worker queues while another is idle; nor while another, who
  // has yet to appear or to report, may soon have nothing to do.
  std::size_t unserved = unserved_workers();
  while (!load_.empty() && load_.begin()->first < depth) {
    const std::size_t created = std::max<std::size_t>(state_.trials.size(), spec_.search.trials);
    const std::size_t left = created - state_.trials.size() + state_.waiting.size() +
                             (rule_ != nullptr && rule_->next() ? 1 : 0);
    const bool idle = load_.begin()->first == 0;
    if (!idle && left <= unserved) {
      return;
    }
    unserved -= idle && unserved > 0 ? 1 : 0;
    if (!dispatch_next_trial(step, load_.begin()->second)) {
      if (!state_.waiting.empty() || (rule_ != nullptr && rule_->next())) {
        end_if_time_is_up(step);
      } else {
        stop_all_paused(step);
      }
      return;
    }
  }
}

void Coordinator::dispatch_extraction(Step& step, AssignmentKind kind) {
  const auto open = std::any_of(state_.open.begin(), state_.open.end(),
                                [&](const auto& entry) { return entry.second.kind == kind; });
  const std::vector<WorkerId> team = idle_workers();
  // All workers take part: those that are busy are waited for, those that have not appeared only
  // for a while.
  if (open || team.empty() || team.size() < load_.size() ||
      (team.size() < expected_workers() && now_ - begun_ < options_.hello_patience)) {
    return;
  }
  Assignment assignment;
  assignment.kind = kind;
  assignment.attempt = state_.extraction_attempts + 1;
  assignment.team = team;
  send(step, std::move(assignment));
}

void Coordinator::dispatch_retraining(Step& step) {
  if (state_.finalists_done == state_.finalists.size()) {
    const bool any =
        std::any_of(state_.finalists.begin(), state_.finalists.end(),
                    [](const auto& f) { return f.result.outcome == Outcome::finished; });
    if (any) {
      end_study(step, true, ErrorKind::internal, "");
    } else {
      end_study(step, false, ErrorKind::trial,
                "no finalist could be retrained: " + state_.finalists.front().result.message);
    }
    return;
  }
  if (!teams_current_ && !plan_teams_now(step)) {
    return;
  }
  bool held_back = false;
  std::vector<std::size_t> queue;  // in the planned order
  for (std::size_t i = 0; i < state_.finalists.size(); ++i) {
    if (state_.finalists[i].status == TrialStatus::waiting) {
      queue.push_back(i);
    }
  }
  std::stable_sort(queue.begin(), queue.end(), [&](std::size_t a, std::size_t b) {
    return state_.finalists[a].place < state_.finalists[b].place;
  });
  for (const std::size_t i : queue) {
    const FinalistRecord& f = state_.finalists[i];
    if (trained_ && plan_.retraining(state_, now_, f) == Fit::no) {
      held_back = true;
      continue;
    }
    if (f.crashes >= spec_.search.attempts || f.unclean_ends >= most_unclean_ends) {
      fail_crashed(step, AssignmentKind::retrain, f.trial, f.crashes + f.unclean_ends);
      continue;
    }
    std::vector<WorkerId> idle = idle_retrainers();
    if (idle.size() < f.team) {
      // Smaller teams may begin; if a worker was lost the plan is made again.
      teams_current_ = teams_current_ && present_workers().size() >= f.team;
      continue;
    }
    idle.resize(f.team);
    Assignment assignment;
    assignment.kind = AssignmentKind::retrain;
    assignment.attempt = f.attempts + 1;
    assignment.trial = f.trial;
    assignment.point = state_.trial(f.trial).point;
    assignment.budget = spec_.retraining.budget;
    assignment.team = std::move(idle);
    send(step, std::move(assignment));
  }
  if (held_back) {
    end_if_time_is_up(step);
  }
}

}  // namespace twostep
