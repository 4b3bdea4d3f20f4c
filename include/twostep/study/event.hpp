// A fact that changed the study. The journal is the ordered list of events; State is their fold.
// Events are never edited: a new fact is a new event. The JSON form of each is specified in
// docs/formats.md.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <variant>
#include <vector>

#include "twostep/study/assignment.hpp"
#include "twostep/study/result.hpp"

namespace twostep {

struct StudyCreated {       // always the first event
  std::string spec_json;    // the effective spec
  std::string data_digest;  // of shard names, rows and columns: another data set is another study
};

struct RunStarted {  // voids every open assignment of earlier runs
  RunId run;
  std::string build;  // version and library versions
  std::uint32_t workers = 0;
  std::uint64_t accepted_seq = 0;  // last event of the older journal that this run accepts
  bool subset_present = false;     // whether the extracted files were found intact at the start
  bool full_present = false;
  std::string host;
  std::int64_t wall_ns = 0;  // for people only
};

// A trial of an earlier search, as this study's algorithm learns from it.
struct PriorTrial {
  Point point;  // of this study's space
  Outcome outcome = Outcome::finished;
  double objective = 0;  // as it is minimised; NaN unless finished
  double parameters = 0;
  double seconds = 0;
  double fidelity = 1;  // share of its budget that it was given, in (0, 1]
  double inference_seconds_per_row = std::numeric_limits<double>::quiet_NaN();  // NaN: not known
};

struct WarmStarted {  // before the first trial is created
  std::string source;
  std::uint64_t left_out = 0;  // trials there that have no place in this space
  std::vector<PriorTrial> trials;
};

struct TrialCreated {
  TrialId trial;
  Point point;
};

struct Dispatched {       // journalled before the assignment is sent
  Assignment assignment;  // the point is not repeated in the journal: it is the trial's
};

struct Finished {  // a current result was accepted
  Result result;
};

struct TrialStopped {  // a paused trial goes no further
  TrialId trial;
};

struct WorkerLost {  // voids the worker's open assignments
  WorkerId worker;
  std::string why;
};

struct SearchExhausted {  // the algorithm has no further points (a finite space)
  std::uint32_t trials = 0;
};

struct FinalistsChosen {
  std::vector<TrialId> finalists;  // best first
};

struct TeamsPlanned {
  std::vector<std::uint32_t> sizes;  // ranks per finalist, in the finalists' order
  // Empty where the study file gave the size; in the finalists' order too.
  std::vector<std::uint32_t> places;  // 0: the one that begins first
  std::vector<double> seconds;        // predicted, each
  double all_seconds = 0;             // predicted, until the last is done
  std::uint32_t workers = 0;          // that the plan counts on; 0: the study file gave the size
};

struct StudyEnded {
  bool success = false;
  ErrorKind error = ErrorKind::internal;  // if not successful
  std::string message;
};

struct RunEnded {      // clean end of this run, whether or not the study is finished
  std::string reason;  // "finished", "stopped by SIGTERM", "time is up"
};

using Event = std::variant<StudyCreated, RunStarted, TrialCreated, Dispatched, Finished, WorkerLost,
                           SearchExhausted, FinalistsChosen, TeamsPlanned, StudyEnded, RunEnded,
                           TrialStopped, WarmStarted>;

}  // namespace twostep
