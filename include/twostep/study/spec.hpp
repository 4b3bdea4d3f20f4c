// StudySpec: the validated study file, as plain values. It is built by read_spec
// (study/spec_reader.hpp) from a ConfigNode tree, which the YAML adapter makes from a file and
// to_config/JSON from the journal. Tunable settings are kept as Setting (a constant or a range);
// make_space turns all ranges into a Space, and resolve turns a Point back into Hyperparameters.
#pragma once

#include <cstdint>
#include <limits>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "twostep/study/budget.hpp"
#include "twostep/study/early_stopping.hpp"
#include "twostep/study/hyperparameters.hpp"
#include "twostep/study/metric.hpp"
#include "twostep/study/space.hpp"
#include "twostep/study/value.hpp"

namespace twostep {

// A hyperparameter as written: a constant, or a range with its own condition.
struct Setting {
  std::string path;  // "training.learning_rate"
  Value constant;    // if range is absent
  std::optional<Dimension>
      range;               // name == path; its condition is filled by make_space from `when`
  bool per_layer = false;  // model.width, model.dropout: one dimension per possible layer
  std::string when_path;   // `when: {training.optimizer: [sgd]}`; empty: always
  std::vector<Value> when_any_of;
  std::string where;  // file:line, for messages of later checks; not part of equality
  friend bool operator==(const Setting& a, const Setting& b) {
    return a.path == b.path && a.constant == b.constant && a.range == b.range &&
           a.per_layer == b.per_layer && a.when_path == b.when_path &&
           a.when_any_of == b.when_any_of;
  }
};

enum class Transform {
  none,
  log10,
  log,
  sqrt
};  // sqrt of a negative, log of a value <= 0: an error with its place

// Which places along a dimension that is not one of the rows become columns.
struct LevelSelection {
  static constexpr std::uint64_t to_the_end = std::numeric_limits<std::uint64_t>::max();
  std::string dimension;            // empty: the only one there is
  std::vector<std::uint64_t> list;  // ascending; empty: from, from + step, ... up to and with `to`
  std::uint64_t from = 0;
  std::uint64_t to = to_the_end;
  std::uint64_t step = 1;
  friend bool operator==(const LevelSelection&, const LevelSelection&) = default;
};

struct VariableSpec {
  std::string name;
  Transform transform = Transform::none;
  double offset = 0;  // added before the transform, in the variable's unit
  // Of a target in losses and means over targets: one for all its columns, or one for each; empty:
  // 1.
  std::vector<double> weight;
  std::string where;
  std::vector<std::string> dimensions;  // names for a file that has none; empty: the file's own
  std::vector<LevelSelection> levels;   // of dimensions not listed here every place is a column
  friend bool operator==(const VariableSpec& a, const VariableSpec& b) {
    return a.name == b.name && a.transform == b.transform && a.offset == b.offset &&
           a.weight == b.weight && a.dimensions == b.dimensions && a.levels == b.levels;
  }
};

enum class SplitKind { fraction, blocks, variable, files };

struct SplitSpec {
  SplitKind kind = SplitKind::fraction;
  double train = 0.7;  // fraction, blocks: fractions of the rows (blocks: of whole blocks)
  double validation = 0.15;
  double test = 0.15;
  std::uint64_t block_rows = 0;  // blocks
  std::string variable;          // variable: 0 train, 1 validation, 2 test
  std::string where;
  friend bool operator==(const SplitSpec& a, const SplitSpec& b) {
    return a.kind == b.kind && a.train == b.train && a.validation == b.validation &&
           a.test == b.test && a.block_rows == b.block_rows && a.variable == b.variable;
  }
};

enum class Normalisation { none, standard, min_max };
enum class MissingPolicy { error, drop };

struct DataSpec {
  std::vector<std::string> files;  // patterns as written, relative to the working directory
  std::vector<std::string> validation_files;  // split kind `files` only
  std::vector<std::string> test_files;
  std::vector<std::string> rows;  // names of the dimensions that are rows; empty: the first one
  std::vector<VariableSpec> inputs;
  std::vector<VariableSpec> targets;
  SplitSpec split;
  Normalisation normalise_inputs = Normalisation::standard;
  Normalisation normalise_targets = Normalisation::standard;
  MissingPolicy missing = MissingPolicy::error;
  std::string weights;        // variable [N] that weights the rows; empty: all alike
  std::uint32_t classes = 0;  // of a class target; 0: found from the data
  std::string files_where;
  std::string rows_where;
  friend bool operator==(const DataSpec& a, const DataSpec& b) {
    return a.files == b.files && a.validation_files == b.validation_files &&
           a.test_files == b.test_files && a.rows == b.rows && a.inputs == b.inputs &&
           a.targets == b.targets && a.split == b.split &&
           a.normalise_inputs == b.normalise_inputs && a.normalise_targets == b.normalise_targets &&
           a.missing == b.missing && a.weights == b.weights && a.classes == b.classes;
  }
};

enum class Algorithm {
  random,
  grid,
  sobol,
  halton,
  latin_hypercube,
  tpe,
  cma_es,
  evolution,
  nsga2,
  forest,
  gp
};
enum class SecondObjective { none, parameters, seconds, inference_seconds };
enum class Sampling { rows, blocks };

struct SubsetSpec {
  std::uint64_t rows = 0;             // exactly one of rows and fraction is set
  double fraction = 0;                // of the training rows
  std::uint64_t validation_rows = 0;  // 0: as many as the subset's training rows (at most all)
  Sampling sampling = Sampling::rows;
  std::uint64_t block_rows = 256;  // sampling: blocks
  friend bool operator==(const SubsetSpec&, const SubsetSpec&) = default;
};

enum class FailureValue { worst, ignore };

struct FailuresSpec {
  std::uint32_t max = 0;  // stop the study after this many failed trials; 0: no cap
  FailureValue value = FailureValue::worst;  // what a failed trial tells the algorithm
  friend bool operator==(const FailuresSpec&, const FailuresSpec&) = default;
};

// Values of some dimensions, or of all, by name.
using NamedValues = std::vector<std::pair<std::string, Value>>;

// "study.yaml:12", of an option about which more can be wrong than the reader sees. No part of what
// the option says.
struct OptionPlace {
  std::string text;
  friend bool operator==(const OptionPlace&, const OptionPlace&) { return true; }
};

struct SearchSpec {
  Algorithm algorithm = Algorithm::random;
  std::uint32_t trials = 100;
  std::uint32_t startup_trials = 0;  // random ones before a model proposes; 0: auto
  std::uint32_t population = 0;      // cma_es, evolution, nsga2; 0: auto
  std::vector<NamedValues> try_first;  // the first trials; what they leave open the sampler fills
  std::string warm_start;  // study directory or file of earlier trials; empty: none
  OptionPlace warm_start_at;
  SecondObjective second_objective = SecondObjective::none;  // nsga2
  Metric objective = Metric::mse;  // by which trials and finalists are ranked
  SubsetSpec subset;
  Budget budget;
  EarlyStoppingSpec early_stopping;
  double trial_seconds = 0;    // per-trial limit; 0: none
  std::uint32_t attempts = 2;  // a trial whose worker died this often is failed
  FailuresSpec failures;
  friend bool operator==(const SearchSpec&, const SearchSpec&) = default;
};

struct PromotionSpec {
  std::uint32_t finalists = 5;
  friend bool operator==(const PromotionSpec&, const PromotionSpec&) = default;
};

enum class Averaging { none, ema, swa };

enum class Reading { automatic, mapped, streamed };

struct RetrainingSpec {
  Budget budget;
  Averaging averaging = Averaging::none;  // of weights over steps
  double averaging_decay = 0.999;         // ema
  double averaging_start = 0.75;          // swa: fraction of the budget before the first
  std::uint32_t team = 0;            // ranks per finalist; 0: auto
  bool reproducible = false;         // the same bits for any size of the team
  std::uint32_t micro_batches = 16;  // reproducible: parts of each batch, in fixed order
  Reading reading = Reading::automatic;
  double memory = 1024;  // MiB of rows that are shuffled at a time, where they are streamed
  std::uint64_t checkpoint_steps = 0;  // also save after so many steps; 0: by time alone
  friend bool operator==(const RetrainingSpec&, const RetrainingSpec&) = default;
};

// How many finalists run at a time: one per worker, or one per node.
enum class FinalistsPer { rank, node };

// The user's program in place of the built-in trainer.
struct TrainerSpec {
  std::vector<std::string> command;  // no shell; empty: the built-in trainer
  OptionPlace command_at;
  bool maximise = false;            // larger values of the program are better
  double grace_seconds = 10;        // between SIGTERM and SIGKILL
  std::uint64_t output_kib = 1024;  // kept of stdout and of stderr, each, from both ends
  FinalistsPer finalists_per = FinalistsPer::rank;
  friend bool operator==(const TrainerSpec&, const TrainerSpec&) = default;
};

struct StudySpec {
  std::string name;
  std::uint64_t seed = 0;
  std::string directory;
  double checkpoint_seconds = 300;  // 0: never
  TrainerSpec trainer;
  DataSpec data;
  std::uint32_t threads = 1;      // training.threads: of a rank, in matrix products
  std::vector<Setting> settings;  // all tunable fields (model.*, training.*), in field-table order
  std::vector<Setting> space;     // dimensions with names of the user's, in place of those
  SearchSpec search;
  PromotionSpec promotion;
  RetrainingSpec retraining;
  friend bool operator==(const StudySpec&, const StudySpec&) = default;

  [[nodiscard]] const Setting& setting(const std::string& path) const;  // requires that it exists
  [[nodiscard]] Task task() const;
  [[nodiscard]] bool runs_command() const { return !trainer.command.empty(); }
};

// All ranges of the spec as dimensions; parents before children. Those of `space`, if there are
// any, else the settings': model.width per layer becomes model.width[1..max layers], conditional on
// model.layers when that is a range.
[[nodiscard]] Space make_space(const StudySpec& spec);
// The concrete network and training of a point of make_space(spec).
[[nodiscard]] Hyperparameters resolve(const StudySpec& spec, const Space& space,
                                      const Point& point);

}  // namespace twostep
