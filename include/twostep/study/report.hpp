// What the user gets: the assortment of finalists (accuracy against inference cost) and how the
// study came to it, as plain values. It is derived from the journal alone, so a report can be made
// at any time, of a running or an unfinished study too.
#pragma once

#include <cstdint>
#include <limits>
#include <string>
#include <utility>
#include <vector>

#include "twostep/study/result.hpp"
#include "twostep/study/spec.hpp"

namespace twostep {

struct TrialRow {
  TrialId trial;
  std::string status;  // "finished", "diverged", ..., "pending", "running"
  Point point;
  double objective = 0;  // NaN unless finished
  std::uint32_t best_validation = 0;
  std::uint64_t epochs = 0;
  std::uint64_t steps = 0;
  std::uint64_t parameters = 0;
  std::uint64_t reached = 0;  // the rung that it was stopped or pauses at; 0: none
  bool finalist = false;
  double inference_seconds_per_row = 0;  // NaN: not measured
  double train_seconds = 0;
  std::string message;
};

struct FinalistRow {
  TrialId trial;
  std::string status;
  std::vector<std::pair<std::string, std::string>> configuration;  // active dimensions: name, value
  std::uint32_t search_rank = 0;                                   // 1: the best of step 1
  double search_objective = 0;
  std::uint32_t rank = 0;  // by validation objective after retraining; 0: not retrained
  double objective = 0;
  std::uint64_t parameters = 0;
  double inference_seconds_per_row = 0;
  double train_seconds = 0;
  std::uint32_t team = 0;
  // No other finalist is both more accurate and cheaper: in parameters, or in seconds of inference
  // where the search weighed those.
  bool efficient = false;
  Evaluation validation;
  Evaluation test;
  std::string model_file;
  std::string message;
};

struct Report {
  std::string name;
  std::string directory;
  std::uint64_t seed = 0;
  std::string algorithm;
  SecondObjective second_objective = SecondObjective::none;
  // What trials and finalists are ranked by; all objectives below are its natural values.
  Metric objective = Metric::mse;
  bool runs_command = false;  // they are the command's own values
  Task task = Task::regression;
  std::string phase;    // "search", "retraining", "finished", "failed"
  std::string message;  // why it failed
  std::uint32_t runs = 0;
  std::string warm_start;  // where the search's first knowledge came from, and how many trials
  std::uint64_t prior_trials = 0;
  std::uint64_t prior_left_out = 0;  // that had no place in the space
  double prior_best = std::numeric_limits<double>::quiet_NaN();
  std::uint32_t planned_trials = 0;
  std::uint32_t finished = 0;
  std::uint32_t diverged = 0;
  std::uint32_t failed = 0;   // failed, timed out and crashed
  std::uint32_t stopped = 0;  // by early stopping
  std::string stopping_rule;
  std::string fidelity_unit;  // of the rungs
  // Rungs, ascending, at which trials were stopped, and how many of them.
  std::vector<std::pair<std::uint64_t, std::uint32_t>> stops;
  double epochs_spent = 0;          // by all trials, in epochs of the whole subset
  std::uint32_t open = 0;           // running or waiting
  std::uint32_t workers_lost = 0;   // over all runs; their trials were given to others
  std::vector<std::string> losses;  // "worker 3: silent for 124 s", the first ones
  std::uint64_t subset_rows = 0;
  std::uint64_t full_rows = 0;
  std::string reading;        // of the full rows; empty before the first retraining has ended
  double search_seconds = 0;  // summed over trials
  double retraining_seconds = 0;
  std::vector<std::string> dimensions;
  std::vector<TrialRow> trials;        // by id
  std::vector<FinalistRow> finalists;  // best first
  // The trivial rival (arXiv 2307.15422): the finalists that one epoch and then the top k would
  // have chosen.
  std::vector<TrialId> one_epoch_finalists;
  double one_epoch_best_objective = 0;  // best step-1 objective among them; NaN if unknown
  // Spearman correlation of step-1 and step-2 objective over the finalists; NaN below three.
  double rank_correlation = 0;
};

}  // namespace twostep
