// What a worker measured: the outcome of one Assignment, reported by the team's leader. Failures
// are data too.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <vector>

#include "twostep/base/error.hpp"
#include "twostep/base/ids.hpp"
#include "twostep/study/assignment.hpp"

namespace twostep {

enum class Outcome {
  finished,
  diverged,     // loss or gradient became NaN or infinite
  failed,       // an Error at the trial boundary; `message` says which
  timed_out,    // exceeded its time limit
  interrupted,  // stopped on request, or given back by its worker; will be dispatched again
  crashed,      // its worker died under it as often as allowed (set by the coordinator)
  paused,       // a rung below the last is reached
  stopped,      // given up at a rung by the early-stopping rule (set by the coordinator)
};

// Over the rows of one split, weighted as the rows are; NaN: not defined (r2 of a constant target,
// rmse of classes, accuracy of a regression). rmse, mae, r2 and bias are in the target's own units,
// of binary targets those of the probability; bias is the mean of prediction - truth.
struct TargetMetrics {
  static constexpr double undefined = std::numeric_limits<double>::quiet_NaN();
  std::string target;
  double rmse = undefined;
  double mae = undefined;
  double r2 = undefined;
  double bias = undefined;
  double accuracy = undefined;
  double balanced_accuracy = undefined;  // mean over the classes of the part predicted right
  double loss = undefined;               // the training's, in normalised units
  double objective = undefined;          // search.objective, its natural value, in its units
  friend bool operator==(const TargetMetrics& a, const TargetMetrics& b);  // NaN equals NaN
};

struct Evaluation {
  std::uint64_t rows = 0;
  double loss = 0;  // the training loss on this split, in normalised target units
  std::vector<TargetMetrics> targets;
  // Means over the targets by their weights. Targets differ in unit, so rmse, mae and bias are here
  // in the units of the subset's normalised targets; the bias is the mean of the absolute ones.
  TargetMetrics overall;
  friend bool operator==(const Evaluation&, const Evaluation&) = default;
};

struct Result {
  AssignmentId assignment;
  RunId run;
  AssignmentKind kind = AssignmentKind::trial;
  TrialId trial;
  Outcome outcome = Outcome::finished;
  // Best value of search.objective on the validation rows, as it is minimised (of r2 and its like
  // the negative); NaN unless finished, paused or stopped.
  double objective = 0;
  std::vector<double> curve;          // the same after each validation
  std::uint32_t best_validation = 0;  // 1-based index into curve
  // In a journal: the values that an earlier pause of the trial has recorded and that are not
  // repeated at the head of the curve.
  std::uint64_t curve_from = 0;
  std::uint64_t epochs = 0;
  std::uint64_t steps = 0;
  std::uint64_t parameters = 0;
  // Of training, on the leader, and of measuring the next where it is an objective; decided by a
  // clock, as that is.
  double seconds = 0;
  // With a batch of 1024 rows, or as a command says; NaN: not measured. Of a trial only where it is
  // an objective.
  double inference_seconds_per_row = std::numeric_limits<double>::quiet_NaN();
  std::string message;                    // why it failed
  ErrorKind error = ErrorKind::internal;  // if failed, or given back
  // retrain:
  Evaluation validation;
  Evaluation test;
  std::string model_file;  // relative to the study directory
  std::string reading;     // how the training rows were read, for people
  // extract_*:
  std::uint64_t train_rows = 0;
  std::uint64_t validation_rows = 0;
  std::uint64_t test_rows = 0;
  std::uint64_t dropped_rows = 0;
};

// Whether there is an objective.
[[nodiscard]] constexpr bool succeeded(Outcome outcome) {
  return outcome == Outcome::finished || outcome == Outcome::paused || outcome == Outcome::stopped;
}

[[nodiscard]] const char* name(Outcome);
[[nodiscard]] bool parse_name(const std::string& text, Outcome& out);

}  // namespace twostep
