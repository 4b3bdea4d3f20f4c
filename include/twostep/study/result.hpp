// What a worker measured: the outcome of one Assignment, reported by the team's leader. Failures
// are data too.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "twostep/base/error.hpp"
#include "twostep/base/ids.hpp"
#include "twostep/study/assignment.hpp"

namespace twostep {

enum class Outcome {
  finished,
  diverged,     // loss became NaN or infinite
  failed,       // an Error at the trial boundary; `message` says which
  timed_out,    // exceeded its time limit
  interrupted,  // stopped on request before its end; will be dispatched again
  crashed,      // its worker died under it as often as allowed (set by the coordinator)
};

struct TargetMetrics {  // in the target's own units, over the rows of one split
  std::string target;
  double rmse = 0;
  double mae = 0;
  double r2 = 0;  // NaN where the target is constant
  friend bool operator==(const TargetMetrics&, const TargetMetrics&) = default;
};

struct Evaluation {
  std::uint64_t rows = 0;
  double loss = 0;  // the training loss on this split, in normalised target units
  std::vector<TargetMetrics> targets;
  friend bool operator==(const Evaluation&, const Evaluation&) = default;
};

struct Result {
  AssignmentId assignment;
  RunId run;
  AssignmentKind kind = AssignmentKind::trial;
  TrialId trial;
  Outcome outcome = Outcome::finished;
  double objective =
      0;  // best validation loss in target units (smaller is better); NaN unless finished
  std::vector<double> curve;          // validation loss after each validation
  std::uint32_t best_validation = 0;  // 1-based index into curve
  std::uint64_t epochs = 0;
  std::uint64_t steps = 0;
  std::uint64_t parameters = 0;
  double seconds = 0;   // of training, on the leader; the only field that a clock decides
  std::string message;  // why it failed
  ErrorKind error = ErrorKind::internal;  // if failed
  // retrain:
  Evaluation validation;
  Evaluation test;
  double inference_seconds_per_row = 0;  // measured with a batch of 1024 rows (time field too)
  std::string model_file;                // relative to the study directory
  std::string reading;                   // how the training rows were read, for people
  // extract_*:
  std::uint64_t train_rows = 0;
  std::uint64_t validation_rows = 0;
  std::uint64_t test_rows = 0;
  std::uint64_t dropped_rows = 0;
};

[[nodiscard]] const char* name(Outcome);
[[nodiscard]] bool parse_name(const std::string& text, Outcome& out);

}  // namespace twostep
