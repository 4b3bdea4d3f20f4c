#include "twostep/control/state.hpp"

#include <algorithm>
#include <cmath>

#include "twostep/base/bytes.hpp"
#include "twostep/base/check.hpp"
#include "twostep/study/prior_trials.hpp"

namespace twostep {
namespace {

FinalistRecord* find_finalist(State& state, TrialId trial) {
  const auto found = std::find_if(state.finalists.begin(), state.finalists.end(),
                                  [&](const FinalistRecord& f) { return f.trial == trial; });
  return found == state.finalists.end() ? nullptr : &*found;
}

enum class Cause { stopped, worker_lost, unclean_end };

template <class Record>
void count_cause(Record& record, Cause cause) {
  record.status = TrialStatus::waiting;
  record.crashes += cause == Cause::worker_lost ? 1 : 0;
  record.unclean_ends += cause == Cause::unclean_end ? 1 : 0;
}

// An open assignment has come to nothing: what it was for waits again.
void void_assignment(State& state, const Assignment& assignment, Cause cause) {
  if (assignment.kind == AssignmentKind::trial) {
    TrialRecord& trial = state.trials.at(assignment.trial.value - 1);
    count_cause(trial, cause);
    state.waiting.insert(trial.id);
  } else if (assignment.kind == AssignmentKind::retrain) {
    FinalistRecord* finalist = find_finalist(state, assignment.trial);
    TWOSTEP_CHECK(finalist);
    count_cause(*finalist, cause);
  }
}

void apply_event(State& s, const StudyCreated& e) {
  TWOSTEP_CHECK(s.events == 0);
  s.spec_json = e.spec_json;
  s.data_digest = e.data_digest;
}

// What an earlier run has left open. One that ended without a word may have been ended by a trial
// that took the whole job with it. A launcher asks the others to stop before it kills them: where
// all workers but one have answered that, it is known who died first, and under what.
void void_all(State& s) {
  std::set<WorkerId> workers;
  for (const auto& [id, assignment] : s.open) {
    workers.insert(assignment.team.front());
  }
  const bool known = workers.size() == 1 && s.interruptions > 0;
  std::set<WorkerId> blamed;
  for (const auto& [id, assignment] : s.open) {
    const bool first = blamed.insert(assignment.team.front()).second;  // the one under way
    Cause cause = Cause::stopped;
    if (first && !s.run_ended) {
      cause = known ? Cause::worker_lost : Cause::unclean_end;
    }
    void_assignment(s, assignment, cause);
  }
}

void apply_event(State& s, const RunStarted& e) {
  void_all(s);
  s.open.clear();
  s.run = e;
  s.run_ended = false;
  s.run_end_reason.clear();
  s.extraction_attempts = 0;
  s.interruptions = 0;
  s.subset_extracted = s.subset_extracted && e.subset_present;
  s.full_extracted = s.full_extracted && e.full_present;
  if (s.ended && !s.end.success) {  // whatever stopped the study may have been mended
    s.ended = false;
    s.end = {};
  }
}

void apply_event(State& s, const WarmStarted& e) {
  TWOSTEP_CHECK(!s.warm_started && s.trials.empty());
  s.warm_started = true;
  s.warm_start = e.source;
  s.prior_trials = e.trials.size();
  s.prior_left_out = e.left_out;
  s.prior_best = best_objective(e);
}

void apply_event(State& s, const TrialCreated& e) {
  TWOSTEP_CHECK(e.trial.value == s.trials.size() + 1);
  TrialRecord trial;
  trial.id = e.trial;
  trial.point = e.point;
  s.trials.push_back(std::move(trial));
  s.waiting.insert(e.trial);
}

void apply_event(State& s, const Dispatched& e) {
  const Assignment& a = e.assignment;
  TWOSTEP_CHECK(a.id > s.last_assignment);
  s.last_assignment = a.id;
  if (a.kind == AssignmentKind::trial) {
    TrialRecord& trial = s.trials.at(a.trial.value - 1);
    TWOSTEP_CHECK(trial.status == TrialStatus::waiting || trial.status == TrialStatus::paused);
    trial.status = TrialStatus::running;
    ++trial.attempts;
    trial.until = rung_of(a);
    s.waiting.erase(a.trial);
    s.paused.erase(a.trial);
  } else if (a.kind == AssignmentKind::retrain) {
    FinalistRecord* finalist = find_finalist(s, a.trial);
    TWOSTEP_CHECK(finalist && finalist->status == TrialStatus::waiting);
    finalist->status = TrialStatus::running;
    ++finalist->attempts;
  } else {
    ++s.extraction_attempts;
  }
  s.open.emplace(a.id, a);
}

// What reaches further is better, then what is smaller.
bool is_better(const TrialRecord& a, const TrialRecord& b) {
  const bool whole = a.result.outcome == Outcome::finished;
  if (whole != (b.result.outcome == Outcome::finished)) {
    return whole;
  }
  if (!whole && a.reached != b.reached) {
    return a.reached > b.reached;
  }
  return a.result.objective < b.result.objective;
}

void note_best(State& s, const TrialRecord& trial) {
  if (s.best.value == 0 || is_better(trial, s.trial(s.best))) {
    s.best = trial.id;
  }
}

// The result with the part of the curve that earlier pauses have recorded.
Result whole_result(const TrialRecord& trial, const Result& r) {
  Result out = r;
  if (r.curve_from > 0) {
    TWOSTEP_CHECK(r.curve_from <= trial.result.curve.size());
    const auto begin = trial.result.curve.begin();
    out.curve.assign(begin, begin + static_cast<std::ptrdiff_t>(r.curve_from));
    out.curve.insert(out.curve.end(), r.curve.begin(), r.curve.end());
    out.curve_from = 0;
  }
  return out;
}

void pause_trial(State& s, const Assignment& a, const Result& r) {
  TrialRecord& trial = s.trials.at(r.trial.value - 1);
  TWOSTEP_CHECK(trial.status == TrialStatus::running);
  if (a.rows > 0 && trial.reached == 0 && !r.curve.empty()) {
    trial.first_validation = r.curve.front();
  }
  trial.status = TrialStatus::paused;
  trial.reached = trial.until;
  trial.row_epochs += a.rows * r.epochs;
  trial.result = whole_result(trial, r);
  s.paused.insert(r.trial);
}

void finish_trial(State& s, const Result& r) {
  TrialRecord& trial = s.trials.at(r.trial.value - 1);
  TWOSTEP_CHECK(trial.status != TrialStatus::done);
  trial.status = TrialStatus::done;
  trial.result = whole_result(trial, r);
  s.waiting.erase(r.trial);
  s.paused.erase(r.trial);
  ++s.trials_done;
  if (r.outcome == Outcome::finished) {
    ++s.trials_finished;
    note_best(s, trial);
  } else if (r.outcome == Outcome::diverged) {
    ++s.trials_diverged;
  } else {
    ++s.trials_failed;
  }
}

void apply_event(State& s, const Finished& e) {
  const Result& r = e.result;
  const auto open = s.open.find(r.assignment);
  if (r.outcome == Outcome::interrupted) {
    TWOSTEP_CHECK(open != s.open.end());
    void_assignment(s, open->second, Cause::stopped);
    // Else the worker could not even begin it.
    s.interruptions += r.error == ErrorKind::internal ? 1 : 0;
  } else if (r.outcome == Outcome::paused) {
    TWOSTEP_CHECK(open != s.open.end());
    pause_trial(s, open->second, r);
  } else if (r.kind == AssignmentKind::trial) {
    finish_trial(s, r);
  } else if (r.kind == AssignmentKind::retrain) {
    FinalistRecord* finalist = find_finalist(s, r.trial);
    TWOSTEP_CHECK(finalist && finalist->status != TrialStatus::done);
    finalist->status = TrialStatus::done;
    finalist->result = r;
    ++s.finalists_done;
  } else {
    const bool subset = r.kind == AssignmentKind::extract_subset;
    (subset ? s.subset_extracted : s.full_extracted) = r.outcome == Outcome::finished;
    (subset ? s.subset : s.full) = r;
  }
  if (open != s.open.end()) {
    s.open.erase(open);
  }
}

void apply_event(State& s, const TrialStopped& e) {
  TrialRecord& trial = s.trials.at(e.trial.value - 1);
  TWOSTEP_CHECK(trial.status == TrialStatus::paused);
  trial.status = TrialStatus::done;
  trial.result.outcome = Outcome::stopped;
  s.paused.erase(e.trial);
  ++s.trials_done;
  ++s.trials_stopped;
  note_best(s, trial);
}

void apply_event(State& s, const WorkerLost& e) {
  ++s.workers_lost;
  if (s.losses.size() < State::most_losses_kept) {
    s.losses.push_back(e);
  }
  // A worker does its assignments one after the other: what waited behind the first is not to blame
  // for its death.
  bool first = true;
  for (auto at = s.open.begin(); at != s.open.end();) {
    const auto& team = at->second.team;
    if (std::find(team.begin(), team.end(), e.worker) != team.end()) {
      void_assignment(s, at->second, first ? Cause::worker_lost : Cause::stopped);
      first = false;
      at = s.open.erase(at);
    } else {
      ++at;
    }
  }
}

void apply_event(State& s, const SearchExhausted&) {
  s.exhausted = true;
}

void apply_event(State& s, const FinalistsChosen& e) {
  TWOSTEP_CHECK(!s.finalists_chosen);
  s.finalists_chosen = true;
  for (const TrialId trial : e.finalists) {
    FinalistRecord finalist;
    finalist.trial = trial;
    s.finalists.push_back(std::move(finalist));
  }
}

void apply_event(State& s, const TeamsPlanned& e) {
  TWOSTEP_CHECK(e.sizes.size() == s.finalists.size());
  TWOSTEP_CHECK(e.places.empty() || e.places.size() == e.sizes.size());
  TWOSTEP_CHECK(e.seconds.empty() || e.seconds.size() == e.sizes.size());
  s.planned_workers = e.workers;
  s.planned_seconds = e.all_seconds;
  for (std::size_t i = 0; i < e.sizes.size(); ++i) {
    if (s.finalists[i].status == TrialStatus::waiting) {
      s.finalists[i].team = e.sizes[i];
      s.finalists[i].place = e.places.empty() ? static_cast<std::uint32_t>(i) : e.places[i];
      s.finalists[i].predicted_seconds = e.seconds.empty() ? 0 : e.seconds[i];
    }
  }
}

void apply_event(State& s, const StudyEnded& e) {
  s.ended = true;
  s.end = e;
}

void apply_event(State& s, const RunEnded& e) {
  s.run_ended = true;
  s.run_end_reason = e.reason;
}

void add_result(ByteWriter& w, const Result& r) {
  w.u64(r.assignment.value);
  w.u32(static_cast<std::uint32_t>(r.outcome));
  w.f64(r.objective);
  w.f64s(r.curve);
  w.u64(r.epochs);
  w.u64(r.steps);
  w.u64(r.parameters);
  w.f64(r.seconds);
  w.text(r.message);
  w.f64(r.test.loss);
  if (!std::isnan(r.inference_seconds_per_row)) {
    w.f64(r.inference_seconds_per_row);
  }
}

}  // namespace

void State::apply(const Event& event) {
  std::visit([&](const auto& e) { apply_event(*this, e); }, event);
  ++events;
}

std::uint64_t State::digest() const {
  ByteWriter w;
  w.text(spec_json);
  w.text(data_digest);
  for (const TrialRecord& t : trials) {
    Point point = t.point;
    w.u64(fingerprint(point));
    w.u32(static_cast<std::uint32_t>(t.status));
    w.u32(t.attempts);
    w.u32(t.crashes);
    w.u32(t.unclean_ends);
    w.u64(t.until);
    w.u64(t.reached);
    w.u64(t.row_epochs);
    if (t.status == TrialStatus::done || t.reached > 0) {
      add_result(w, t.result);
    }
  }
  for (const FinalistRecord& f : finalists) {
    w.u32(f.trial.value);
    w.u32(static_cast<std::uint32_t>(f.status));
    w.u32(f.attempts);
    w.u32(f.team);
    if (f.status == TrialStatus::done) {
      add_result(w, f.result);
    }
  }
  for (const auto& [id, assignment] : open) {
    w.u64(id.value);
    w.u32(assignment.trial.value);
    for (const WorkerId worker : assignment.team) {
      w.u32(worker.value);
    }
  }
  for (const TrialId id : waiting) {
    w.u32(id.value);
  }
  w.u32(run.run.value);
  w.u8(static_cast<std::uint8_t>((exhausted ? 1 : 0) | (subset_extracted ? 2 : 0) |
                                 (full_extracted ? 4 : 0) | (finalists_chosen ? 8 : 0) |
                                 (ended ? 16 : 0) | (run_ended ? 32 : 0) |
                                 (warm_started ? 64 : 0)));
  w.u64(prior_trials);
  w.u32(workers_lost);
  w.u64(events);
  const Bytes bytes = w.take();
  const auto half = bytes.size() / 2;
  const std::uint64_t high = crc32c(std::span(bytes));
  return (high << 32) | crc32c(std::span(bytes).subspan(half));
}

}  // namespace twostep
