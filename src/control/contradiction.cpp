// Whether an event can follow on a state. apply trusts its events: those of a live run come from
// the coordinator. Those of a file are looked at first.
#include <algorithm>
#include <set>

#include "twostep/base/error.hpp"
#include "twostep/control/state.hpp"

namespace twostep {
namespace {

bool known_trial(const State& s, TrialId id) {
  return id.value >= 1 && id.value <= s.trials.size();
}

const FinalistRecord* finalist(const State& s, TrialId id) {
  const auto found = std::find_if(s.finalists.begin(), s.finalists.end(),
                                  [&](const FinalistRecord& f) { return f.trial == id; });
  return found == s.finalists.end() ? nullptr : &*found;
}

// Where nothing can be wrong that the decoder has not seen.
std::string against(const State&, const auto&) {
  return "";
}

std::string against(const State& s, const StudyCreated&) {
  return s.events > 0 ? "the study is created a second time" : "";
}

std::string against(const State& s, const WarmStarted&) {
  return s.warm_started      ? "a study is begun with earlier trials a second time"
         : !s.trials.empty() ? "a study is begun with earlier trials after its own"
                             : "";
}

std::string against(const State& s, const TrialCreated& e) {
  return e.trial.value == s.trials.size() + 1 ? "" : "a trial is created out of order";
}

std::string against(const State& s, const Dispatched& e) {
  const Assignment& a = e.assignment;
  if (a.id <= s.last_assignment || a.team.empty()) {
    return "an assignment without a new number or without a worker";
  }
  if (a.kind == AssignmentKind::trial) {
    const bool waits =
        known_trial(s, a.trial) && (s.waiting.count(a.trial) > 0 || s.paused.count(a.trial) > 0);
    return waits ? "" : "a trial is dispatched that does not wait";
  }
  if (a.kind == AssignmentKind::retrain) {
    const FinalistRecord* f = finalist(s, a.trial);
    return f != nullptr && f->status == TrialStatus::waiting
               ? ""
               : "a finalist is dispatched that does not wait";
  }
  return "";
}

std::string against(const State& s, const Finished& e) {
  const Result& r = e.result;
  const auto open = s.open.find(r.assignment);
  const bool is_open = open != s.open.end();
  if (is_open && (open->second.kind != r.kind || open->second.trial != r.trial)) {
    return "a result of another assignment";
  }
  if (r.outcome == Outcome::interrupted) {
    return is_open ? "" : "an interruption of what was not under way";
  }
  if (r.outcome == Outcome::stopped) {
    return "a trial is stopped by a result";
  }
  if (r.outcome == Outcome::paused) {
    const bool rung = is_open && r.kind == AssignmentKind::trial && rung_of(open->second) > 0;
    if (!rung) {
      return "a pause of what was not under way to a rung";
    }
  }
  if (r.curve_from > 0 && (r.kind != AssignmentKind::trial || !known_trial(s, r.trial) ||
                           s.trial(r.trial).result.curve.size() < r.curve_from)) {
    return "a curve that goes on from one that is not there";
  }
  if (r.kind == AssignmentKind::trial) {
    const bool runs = known_trial(s, r.trial) && s.trial(r.trial).status != TrialStatus::done;
    return runs ? "" : "a result of a trial that is not under way";
  }
  if (r.kind == AssignmentKind::retrain) {
    const FinalistRecord* f = finalist(s, r.trial);
    return f != nullptr && f->status != TrialStatus::done
               ? ""
               : "a result of a finalist that is not under way";
  }
  return "";
}

std::string against(const State& s, const TrialStopped& e) {
  const bool pauses = known_trial(s, e.trial) && s.paused.count(e.trial) > 0;
  return pauses ? "" : "a trial is stopped that does not pause";
}

std::string against(const State& s, const FinalistsChosen& e) {
  const std::set<TrialId> distinct(e.finalists.begin(), e.finalists.end());
  const bool good = std::all_of(e.finalists.begin(), e.finalists.end(), [&](TrialId id) {
    return known_trial(s, id) && s.trial(id).status == TrialStatus::done &&
           succeeded(s.trial(id).result.outcome);
  });
  if (s.finalists_chosen || e.finalists.empty() || distinct.size() != e.finalists.size() || !good) {
    return "finalists that cannot have been chosen";
  }
  return "";
}

std::string against(const State& s, const TeamsPlanned& e) {
  return e.sizes.size() == s.finalists.size() ? "" : "teams for other finalists than the chosen";
}

}  // namespace

std::string contradiction(const State& state, const Event& event) {
  if (state.events == 0 && !std::holds_alternative<StudyCreated>(event)) {
    return "the study is not created by the first event";
  }
  return std::visit([&](const auto& e) { return against(state, e); }, event);
}

void require_consistent(const State& state, const Event& event, std::uint64_t seq) {
  const std::string why = contradiction(state, event);
  if (!why.empty()) {
    throw Error(
        ErrorKind::study,
        Problem{"journal", "event " + std::to_string(seq) + " contradicts those before it", why,
                "restore the study directory from a backup, or start over with --fresh "
                "--overwrite"});
  }
}

}  // namespace twostep
