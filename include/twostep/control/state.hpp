// State: the fold of the journal. It changes through apply alone, so live state and replayed state
// are the same thing. Nothing in it depends on a clock or on the order of arrival of anything that
// is not an event.
#pragma once

#include <cstdint>
#include <limits>
#include <map>
#include <set>
#include <string>
#include <vector>

#include "twostep/study/event.hpp"

namespace twostep {

// paused: at a rung, until its early-stopping rule has decided.
enum class TrialStatus { waiting, running, paused, done };

struct TrialRecord {
  TrialId id;
  Point point;
  TrialStatus status = TrialStatus::waiting;
  std::uint32_t attempts = 0;      // dispatches
  std::uint32_t crashes = 0;       // dispatches that ended with the loss of the worker
  std::uint32_t unclean_ends = 0;  // dispatches under which a run ended without a word
  // Of a trial that is trained in rungs: the rung that its last dispatch was for, and the last one
  // that it has reached (0: none).
  std::uint64_t until = 0;
  std::uint64_t reached = 0;
  std::uint64_t row_epochs = 0;  // rows times epochs, over rungs of rows
  // Where its first rung was one of rows: the objective after the first validation there. The curve
  // is that of its last training.
  double first_validation = std::numeric_limits<double>::quiet_NaN();
  Result result;  // when done; of a rung, when paused or on the way to the next
};

struct FinalistRecord {
  TrialId trial;
  TrialStatus status = TrialStatus::waiting;
  std::uint32_t attempts = 0;
  std::uint32_t crashes = 0;
  std::uint32_t unclean_ends = 0;
  std::uint32_t team = 0;   // planned ranks
  std::uint32_t place = 0;  // in the order of beginning
  double predicted_seconds = 0;
  Result result;  // when done
};

enum class Phase { extract_subset, search, extract_full, retrain, ended };

struct State {
  // The study.
  std::string spec_json;
  std::string data_digest;
  std::vector<TrialRecord> trials;  // trials[i].id == i + 1
  bool exhausted = false;           // the search has no further points
  bool warm_started = false;
  std::string warm_start;            // where the trials came from that the search began with,
  std::uint64_t prior_trials = 0;    // how many they are,
  std::uint64_t prior_left_out = 0;  // how many had no place in the space,
  double prior_best = std::numeric_limits<double>::quiet_NaN();  // and the least objective
  bool subset_extracted = false;
  bool full_extracted = false;
  Result subset;  // of the last extraction
  Result full;
  bool finalists_chosen = false;
  std::vector<FinalistRecord> finalists;
  std::uint32_t planned_workers = 0;  // that the teams were planned for; 0: sizes were given
  double planned_seconds = 0;
  bool ended = false;
  StudyEnded end;
  // The present run.
  RunStarted run;
  bool run_ended = false;
  std::string run_end_reason;
  std::map<AssignmentId, Assignment> open;
  AssignmentId last_assignment;
  std::uint32_t extraction_attempts = 0;
  std::uint32_t interruptions = 0;  // answers of workers that were asked to stop
  // Counters that follow from the above, kept so that nobody has to walk 100,000 trials.
  std::set<TrialId> waiting;  // trials to be dispatched (again)
  std::uint32_t trials_done = 0;
  std::uint32_t trials_finished = 0;
  std::uint32_t trials_diverged = 0;
  std::uint32_t trials_stopped = 0;
  std::set<TrialId> paused;
  std::uint32_t trials_failed = 0;  // failed, timed out, crashed
  std::uint32_t finalists_done = 0;
  std::uint32_t workers_lost = 0;
  static constexpr std::size_t most_losses_kept = 20;
  std::vector<WorkerLost> losses;  // the first of them, for the report
  TrialId best;                    // of the finished trials, else of those stopped latest; 0: none
  std::uint64_t events = 0;

  void apply(const Event& event);

  [[nodiscard]] const TrialRecord& trial(TrialId id) const { return trials.at(id.value - 1); }
  // A digest of everything that the journal determines: equal for a live and a replayed state.
  [[nodiscard]] std::uint64_t digest() const;
};

// Why the event cannot follow on the state, though its line is whole; empty: it can.
[[nodiscard]] std::string contradiction(const State& state, const Event& event);
// The same for an event read from a journal, before it is applied: Error{study}.
void require_consistent(const State& state, const Event& event, std::uint64_t seq);

}  // namespace twostep
