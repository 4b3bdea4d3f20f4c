#include "twostep/study/fields.hpp"

#include <charconv>

#include "twostep/base/check.hpp"
#include "twostep/study/algorithm.hpp"

namespace twostep {
namespace {

template <class Enum>
EnumSlot enum_slot(Enum& target) {
  return {&target, [](void* t, std::size_t i) { *static_cast<Enum*>(t) = static_cast<Enum>(i); },
          [](const void* t) { return static_cast<std::size_t>(*static_cast<const Enum*>(t)); }};
}

constexpr double inf = std::numeric_limits<double>::infinity();
constexpr double max_u32 = 4294967295.0;
constexpr double max_exact = 9007199254740992.0;  // 2^53
constexpr double tiny = std::numeric_limits<double>::min();

Field plain(std::string path, FieldType type, std::string unit, std::string default_text,
            double low, double high, std::string sentence, Slot (*slot)(StudySpec&)) {
  Field f;
  f.path = std::move(path);
  f.type = type;
  f.unit = std::move(unit);
  f.default_text = std::move(default_text);
  f.low = low;
  f.high = high;
  f.sentence = std::move(sentence);
  f.slot = slot;
  return f;
}

Field choice(std::string path, std::vector<std::string> choices, std::string default_text,
             std::string sentence, Slot (*slot)(StudySpec&)) {
  Field f = plain(std::move(path), FieldType::choice, "", std::move(default_text), -inf, inf,
                  std::move(sentence), slot);
  f.choices = std::move(choices);
  return f;
}

Field tunable(Field f) {
  f.tunable = true;
  return f;
}

Field required(Field f) {
  f.required = true;
  return f;
}

Field example(Field f, std::string text) {
  f.example = std::move(text);
  return f;
}

void add_study(std::vector<Field>& t) {
  using T = FieldType;
  t.push_back(
      example(required(plain("study.name", T::text, "", "", 0, 0, "Name of the study, for people.",
                             [](StudySpec& s) -> Slot { return &s.name; })),
              "my-study"));
  t.push_back(plain("study.seed", T::integer, "", "0", 0, max_exact,
                    "Seed of every random choice: split, subset, search, initial weights, batches.",
                    [](StudySpec& s) -> Slot { return &s.seed; }));
  t.push_back(
      example(required(plain("study.directory", T::text, "", "", 0, 0,
                             "Folder for the journal and the results; running again on it resumes.",
                             [](StudySpec& s) -> Slot { return &s.directory; })),
              "studies/my-study"));
  t.push_back(plain("study.checkpoint_seconds", T::real, "s", "300", 0, 1e9,
                    "How often a long training is saved; at most this much of it is repeated after "
                    "a crash. 0: never.",
                    [](StudySpec& s) -> Slot { return &s.checkpoint_seconds; }));
}

void add_data(std::vector<Field>& t) {
  using T = FieldType;
  t.push_back(example(
      required(plain(
          "data.files", T::list, "", "", 0, 0,
          "HDF5 or NetCDF-4 files (shards) or patterns, relative to the working directory; or "
          "{train: [...], validation: [...], test: [...]} for separate files per split.",
          nullptr)),
      "[data/aerosol/*.h5]"));
  t.push_back(plain(
      "data.rows", T::list, "", "", 0, 0,
      "Names of the dimensions that are rows, as in [time, ncol]; all others become columns. Not "
      "given: the first dimension is the rows, and variables are [N] or [N,k].",
      nullptr));
  t.push_back(example(
      required(plain("data.inputs", T::list, "", "", 0, 0,
                     "Input variables: a name, or {name, transform: none|log10|log|sqrt, offset, "
                     "levels, dimensions}. The offset is added before the transform; levels: [0, "
                     "5, 10] or {from: 0, to: 20, step: 5} chooses columns; dimensions: [time, "
                     "lev, ncol] names them in a file that does not.",
                     nullptr)),
      "[tair, pressure, {name: wbar, transform: log10}]"));
  t.push_back(example(
      required(plain("data.targets", T::list, "", "", 0, 0,
                     "Target variables, written like the inputs; {name, weight} gives a target (or "
                     "with a list each of its columns) a weight in losses and means over targets.",
                     nullptr)),
      "[fn]"));
  t.push_back(plain("data.weights", T::text, "", "", 0, 0,
                    "Variable [N] that weights the rows (an area, a mass) in the training loss, "
                    "the objective and all metrics; not negative.",
                    [](StudySpec& s) -> Slot { return &s.data.weights; }));
  t.push_back(plain("data.classes", T::integer, "", "auto", 2, 65536,
                    "Loss categorical_cross_entropy: the classes of the target, numbered from 0; "
                    "auto: one more than the largest that the data hold.",
                    [](StudySpec& s) -> Slot { return AutoSlot{&s.data.classes}; }));
  t.push_back(plain("data.split.train", T::real, "", "0.7", 0, 1,
                    "Fraction of the rows to train on.",
                    [](StudySpec& s) -> Slot { return &s.data.split.train; }));
  t.push_back(
      plain("data.split.validation", T::real, "", "0.15", 0, 1,
            "Fraction of the rows that choose: early stopping, ranking of trials and finalists.",
            [](StudySpec& s) -> Slot { return &s.data.split.validation; }));
  t.push_back(plain("data.split.test", T::real, "", "0.15", 0, 1,
                    "Fraction of the rows that are looked at once, at the end.",
                    [](StudySpec& s) -> Slot { return &s.data.split.test; }));
  t.push_back(
      plain("data.split.variable", T::text, "", "", 0, 0,
            "Integer variable [N] that says the split of each row: 0 train, 1 validation, 2 test; "
            "replaces the fractions.",
            [](StudySpec& s) -> Slot { return &s.data.split.variable; }));
  t.push_back(plain("data.split.blocks.rows", T::integer, "rows", "", 1, max_exact,
                    "Split whole blocks of this many neighbouring rows (one time step of a grid, "
                    "say), so that correlated "
                    "rows stay together.",
                    [](StudySpec& s) -> Slot { return &s.data.split.block_rows; }));
  t.push_back(choice("data.normalise.inputs", {"none", "standard", "min_max"}, "standard",
                     "Scaling of each input column, from the training rows: mean 0 and deviation "
                     "1, or range 0 to 1.",
                     [](StudySpec& s) -> Slot { return enum_slot(s.data.normalise_inputs); }));
  t.push_back(choice("data.normalise.targets", {"none", "standard", "min_max"}, "standard",
                     "Scaling of each target column, from the training rows.",
                     [](StudySpec& s) -> Slot { return enum_slot(s.data.normalise_targets); }));
  t.push_back(choice("data.missing", {"error", "drop"}, "error",
                     "What to do with rows that hold NaN, _FillValue or missing_value.",
                     [](StudySpec& s) -> Slot { return enum_slot(s.data.missing); }));
}

void add_model(std::vector<Field>& t) {
  using T = FieldType;
  t.push_back(example(tunable(plain("model.layers", T::integer, "", "2", 0, 100,
                                    "Number of hidden layers; 0: a linear model.", nullptr)),
                      "{int: [1, 6]}"));
  t.push_back(example(
      tunable(plain(
          "model.width", T::integer, "", "64", 1, 65536,
          "Width of the hidden layers; with `per: layer` each layer has its own, which exists "
          "only where the layer does. A list of numbers gives all widths (and the layers).",
          nullptr)),
      "{int: [8, 256], log: true, per: layer}"));
  t.push_back(tunable(choice(
      "model.shape", width_rule_names(), "free",
      "Widths from one width: constant; pyramid: geometrically to `taper` times the width at the "
      "last layer; bottleneck: to `taper` times the width in the middle and back. free: as "
      "model.width says, each layer its own with `per: layer` or a list, else all the same.",
      nullptr)));
  t.push_back(tunable(plain("model.taper", T::real, "", "0.25", 0.001, 1000,
                            "See model.shape; above 1 the layers widen.", nullptr)));
  t.push_back(example(tunable(choice("model.activation", activation_names(), "relu",
                                     "Activation of the hidden layers.", nullptr)),
                      "{choice: [relu, tanh, gelu]}"));
  t.push_back(tunable(choice("model.output_activation", output_activation_names(), "identity",
                             "Activation of the output layer; softmax: over the targets of a row, "
                             "which are fractions of one whole.",
                             nullptr)));
  t.push_back(tunable(
      choice("model.initialisation", initialisation_names(), "automatic",
             "Distribution of the initial weights; automatic: he_uniform for the relu family, "
             "lecun_normal for selu, else glorot_uniform.",
             nullptr)));
  t.push_back(tunable(choice(
      "model.norm", norm_names(), "none",
      "Normalisation of the hidden layers before their activation: over the rows of the global "
      "batch (running statistics later), or over the units of each row.",
      nullptr)));
  t.push_back(tunable(plain("model.dropout", T::real, "", "0", 0, 0.95,
                            "Probability that a unit of a hidden layer is dropped in a step; with "
                            "`per: layer` each layer has its own.",
                            nullptr)));
  t.push_back(tunable(plain("model.input_noise", T::real, "", "0", 0, 100,
                            "Deviation of normal noise that is added to the normalised inputs "
                            "while training.",
                            nullptr)));
  t.push_back(tunable(plain("model.residual", T::boolean, "", "false", 0, 1,
                            "Add a hidden layer's input to its output, in every hidden layer but "
                            "the first that is as wide as the one before it.",
                            nullptr)));
}

void add_training(std::vector<Field>& t) {
  using T = FieldType;
  t.push_back(tunable(
      choice("training.loss", loss_names(), "mse",
             "Loss to minimise, over normalised targets. Cross-entropies work on logits and "
             "apply the sigmoid or softmax themselves: the model predicts "
             "probabilities; see docs/losses.md.",
             nullptr)));
  t.push_back(tunable(plain("training.huber_delta", T::real, "", "1", tiny, 1e6,
                            "Loss huber: where the parabola becomes a line, in normalised units.",
                            nullptr)));
  t.push_back(tunable(plain("training.quantile", T::real, "", "0.5", 1e-6, 1 - 1e-6,
                            "Loss quantile: which one is predicted.", nullptr)));
  t.push_back(
      tunable(choice("training.optimizer", optimizer_names(), "adam", "Optimiser.", nullptr)));
  t.push_back(example(tunable(plain("training.learning_rate", T::real, "", "0.001", tiny, 1e3,
                                    "Learning rate at its highest.", nullptr)),
                      "{float: [1e-4, 1e-1], log: true}"));
  t.push_back(tunable(
      plain("training.momentum", T::real, "", "0.9", 0, 0.9999, "Momentum of sgd.", nullptr)));
  t.push_back(tunable(plain("training.nesterov", T::boolean, "", "false", 0, 1,
                            "Nesterov's momentum in sgd.", nullptr)));
  t.push_back(tunable(plain("training.beta1", T::real, "", "0.9", 0, 0.999999,
                            "Decay of the first moment of adam and its kin; of lion's direction.",
                            nullptr)));
  t.push_back(
      tunable(plain("training.beta2", T::real, "", "0.999", 0, 0.9999999,
                    "Decay of the second moment of adam and its kin; of lion's memory (0.99 "
                    "is usual there).",
                    nullptr)));
  t.push_back(tunable(plain("training.rho", T::real, "", "0.99", 0, 0.9999999,
                            "Decay of rmsprop's mean square.", nullptr)));
  t.push_back(
      tunable(plain("training.epsilon", T::real, "", "1e-08", tiny, 1,
                    "Offset of the denominator of adam and its kin and of rmsprop.", nullptr)));
  t.push_back(tunable(plain("training.weight_decay", T::real, "", "0", 0, 10,
                            "Weight decay: added to the gradient, or decoupled (adamw, lion); "
                            "biases are left alone.",
                            nullptr)));
  t.push_back(tunable(plain("training.l1", T::real, "", "0", 0, 10,
                            "L1 penalty: its sign is added to the gradient; biases are left alone.",
                            nullptr)));
  t.push_back(tunable(plain("training.clip_norm", T::real, "", "0", 0, 1e6,
                            "Longest gradient, as its norm over all parameters and before decay; "
                            "0: any.",
                            nullptr)));
  t.push_back(tunable(choice(
      "training.schedule", schedule_names(), "constant",
      "Course of the learning rate over the whole budget in optimiser steps: cosine and linear end "
      "at 0; step drops schedule_count times by schedule_factor; exponential ends at "
      "schedule_factor; one_cycle rises for 30 % and falls to nothing; cyclic swings between "
      "schedule_factor and 1, schedule_count times; reduce_on_plateau multiplies by "
      "schedule_factor "
      "after schedule_count validations without improvement.",
      nullptr)));
  t.push_back(tunable(plain("training.schedule_factor", T::real, "", "0.1", tiny, 1,
                            "See training.schedule.", nullptr)));
  t.push_back(tunable(plain("training.schedule_count", T::integer, "", "3", 1, 1000,
                            "See training.schedule.", nullptr)));
  t.push_back(tunable(
      plain("training.warmup", T::real, "", "0", 0, 1,
            "Fraction of the budget's steps in which the learning rate rises linearly.", nullptr)));
  t.push_back(example(tunable(plain("training.batch_size", T::integer, "rows", "256", 1, max_u32,
                                    "Rows per optimiser step, over the whole team.", nullptr)),
                      "{choice: [64, 128, 256]}"));
  t.push_back(tunable(choice(
      "training.precision", precision_names(), "float32",
      "Of the operands of matrix products; weights and sums are float32. bf16 needs a processor "
      "with it, and is about twice as fast for wide layers; bf16_emulated gives its rounding "
      "anywhere, slower than float32.",
      nullptr)));
}

void add_budget(std::vector<Field>& t, const std::string& section, Slot (*epochs)(StudySpec&),
                Slot (*steps)(StudySpec&), Slot (*patience)(StudySpec&),
                Slot (*every)(StudySpec&)) {
  using T = FieldType;
  t.push_back(example(plain(section + ".budget.epochs", T::integer, "epochs", "", 1, 1e9,
                            "How long to train, in passes over the rows.", epochs),
                      "30"));
  t.push_back(plain(
      section + ".budget.steps", T::integer, "steps", "", 1, 1e15,
      "How long to train, in optimiser steps: means the same on a subset and on all the data. "
      "One of epochs and steps is given.",
      steps));
  t.push_back(plain(section + ".budget.patience", T::integer, "validations", "0", 0, max_u32,
                    "Stop after this many validations without improvement; 0: never.", patience));
  t.push_back(plain(section + ".budget.validate_every", T::integer, "steps", "0", 0, 1e15,
                    "Optimiser steps between validations; 0: after every epoch.", every));
}

void add_search(std::vector<Field>& t) {
  using T = FieldType;
  t.push_back(choice(
      "search.algorithm", algorithm_names(), "random",
      "How configurations are chosen (docs/search.md): at random, all combinations, a scrambled "
      "Sobol or Halton sequence, a Latin hypercube of search.trials points; or by a model of what "
      "was seen so far: tpe, cma_es, evolution, nsga2, forest, gp.",
      [](StudySpec& s) -> Slot { return enum_slot(s.search.algorithm); }));
  t.push_back(plain("search.trials", T::integer, "", "100", 1, 1e7,
                    "Number of configurations to try in step 1.",
                    [](StudySpec& s) -> Slot { return &s.search.trials; }));
  t.push_back(
      plain("search.startup_trials", T::integer, "", "auto", 1, 1e6,
            "Random trials before the model of tpe, forest or gp proposes; auto: as many as "
            "there are dimensions, at least 10 and at most 30.",
            [](StudySpec& s) -> Slot { return AutoSlot{&s.search.startup_trials}; }));
  t.push_back(plain("search.population", T::integer, "", "auto", 2, 1e5,
                    "Trials of a generation of cma_es or nsga2, living trials of evolution; auto: "
                    "4 + 3 ln(dimensions), 32, 50.",
                    [](StudySpec& s) -> Slot { return AutoSlot{&s.search.population}; }));
  t.push_back(
      choice("search.second_objective", {"none", "parameters", "seconds"}, "none",
             "What nsga2 trades against the loss: the network's parameters, or the seconds of "
             "training. Finalists are chosen by the loss alone.",
             [](StudySpec& s) -> Slot { return enum_slot(s.search.second_objective); }));
  t.push_back(choice("search.objective", metric_names(), "mse",
                     "What trials and finalists are compared by, over the validation rows: a loss "
                     "(training.loss may be another) or a metric, in its natural direction. With a "
                     "cross-entropy for training.loss the default is that.",
                     [](StudySpec& s) -> Slot { return enum_slot(s.search.objective); }));
  t.push_back(example(plain("search.subset.rows", T::integer, "rows", "", 1, max_exact,
                            "Training rows in step 1. One of rows and fraction is given.",
                            [](StudySpec& s) -> Slot { return &s.search.subset.rows; }),
                      "5000"));
  t.push_back(plain("search.subset.fraction", T::real, "", "", tiny, 1,
                    "The same as a fraction of all training rows.",
                    [](StudySpec& s) -> Slot { return &s.search.subset.fraction; }));
  t.push_back(
      plain("search.subset.validation_rows", T::integer, "rows", "0", 0, max_exact,
            "Validation rows in step 1, the same for every trial; 0: as many as the subset has.",
            [](StudySpec& s) -> Slot { return &s.search.subset.validation_rows; }));
  t.push_back(choice("search.subset.sampling", {"rows", "blocks"}, "rows",
                     "Single rows at random, or blocks of neighbouring rows (less to read where "
                     "files are chunked).",
                     [](StudySpec& s) -> Slot { return enum_slot(s.search.subset.sampling); }));
  t.push_back(plain("search.subset.block_rows", T::integer, "rows", "256", 1, max_exact,
                    "Rows of a block with `sampling: blocks`.",
                    [](StudySpec& s) -> Slot { return &s.search.subset.block_rows; }));
  add_budget(
      t, "search",
      [](StudySpec& s) -> Slot {
        return BudgetSlot{&s.search.budget, BudgetUnit::epochs};
      },
      [](StudySpec& s) -> Slot {
        return BudgetSlot{&s.search.budget, BudgetUnit::steps};
      },
      [](StudySpec& s) -> Slot { return &s.search.budget.patience; },
      [](StudySpec& s) -> Slot { return &s.search.budget.validate_every; });
  t.push_back(plain("search.trial_seconds", T::real, "s", "0", 0, 1e9,
                    "Time limit of one trial; 0: none.",
                    [](StudySpec& s) -> Slot { return &s.search.trial_seconds; }));
  t.push_back(plain(
      "search.attempts", T::integer, "", "2", 1, 100,
      "How often a trial is started before it counts as crashed, when its worker dies under it.",
      [](StudySpec& s) -> Slot { return &s.search.attempts; }));
  t.push_back(plain("search.failures.max", T::integer, "", "0", 0, 1e7,
                    "Stop the study when more trials than this have failed (diverged ones do not "
                    "count); 0: no limit.",
                    [](StudySpec& s) -> Slot { return &s.search.failures.max; }));
}

void add_step_two(std::vector<Field>& t) {
  using T = FieldType;
  t.push_back(plain("promotion.finalists", T::integer, "", "5", 1, 1e6,
                    "How many of the best trials are retrained on all training rows.",
                    [](StudySpec& s) -> Slot { return &s.promotion.finalists; }));
  add_budget(
      t, "retraining",
      [](StudySpec& s) -> Slot {
        return BudgetSlot{&s.retraining.budget, BudgetUnit::epochs};
      },
      [](StudySpec& s) -> Slot {
        return BudgetSlot{&s.retraining.budget, BudgetUnit::steps};
      },
      [](StudySpec& s) -> Slot { return &s.retraining.budget.patience; },
      [](StudySpec& s) -> Slot { return &s.retraining.budget.validate_every; });
  t.push_back(choice("retraining.averaging", {"none", "ema", "swa"}, "none",
                     "Average of the weights over the steps of a retraining, which is then what is "
                     "validated and kept: exponential (ema), or equal over the validations at the "
                     "end of the budget (swa).",
                     [](StudySpec& s) -> Slot { return enum_slot(s.retraining.averaging); }));
  t.push_back(plain("retraining.averaging_decay", T::real, "", "0.999", 0, 0.9999999,
                    "ema: what a step leaves of the older average.",
                    [](StudySpec& s) -> Slot { return &s.retraining.averaging_decay; }));
  t.push_back(plain("retraining.averaging_start", T::real, "", "0.75", 0, 1,
                    "swa: fraction of the budget after which weights are averaged.",
                    [](StudySpec& s) -> Slot { return &s.retraining.averaging_start; }));
  t.push_back(plain("retraining.team", T::integer, "ranks", "auto", 1, 1e6,
                    "Worker ranks that retrain one finalist together; auto: what lets all "
                    "finalists together end earliest, from the times of step 1.",
                    [](StudySpec& s) -> Slot { return AutoSlot{&s.retraining.team}; }));
  t.push_back(
      plain("retraining.reproducible", T::boolean, "", "false", 0, 1,
            "The same bits whatever the size of a team, at some cost (docs/performance.md); "
            "otherwise another size differs by the rounding of the sum of gradients.",
            [](StudySpec& s) -> Slot { return &s.retraining.reproducible; }));
  t.push_back(plain("retraining.micro_batches", T::integer, "", "16", 1, 1024,
                    "With reproducible: parts that every batch is cut into; no team is larger.",
                    [](StudySpec& s) -> Slot { return &s.retraining.micro_batches; }));
  t.push_back(
      choice("retraining.reading", {"auto", "mapped", "streamed"}, "auto",
             "Whether step 2 maps its rows into memory and shuffles all of them, or streams "
             "them and shuffles within a window; auto: streamed beyond retraining.memory.",
             [](StudySpec& s) -> Slot { return enum_slot(s.retraining.reading); }));
  t.push_back(plain("retraining.memory", T::real, "MiB", "1024", 1e-3, 1e9,
                    "Rows that streamed reading shuffles together, for a whole team: larger is "
                    "closer to a shuffle of all rows.",
                    [](StudySpec& s) -> Slot { return &s.retraining.memory; }));
  t.push_back(plain("retraining.checkpoint_steps", T::integer, "steps", "0", 0, 1e15,
                    "Save a retraining after so many optimiser steps too; 0: only every "
                    "study.checkpoint_seconds.",
                    [](StudySpec& s) -> Slot { return &s.retraining.checkpoint_steps; }));
}

std::vector<Field> make_fields() {
  std::vector<Field> table;
  add_study(table);
  add_data(table);
  add_model(table);
  add_training(table);
  add_search(table);
  add_step_two(table);
  return table;
}

}  // namespace

const std::vector<Field>& fields() {
  static const std::vector<Field> table = make_fields();
  return table;
}

const Field* find_field(const std::string& path) {
  for (const Field& field : fields()) {
    if (field.path == path) {
      return &field;
    }
  }
  return nullptr;
}

Value default_value(const Field& field) {
  const std::string& text = field.default_text;
  switch (field.type) {
    case FieldType::integer:
      return static_cast<std::int64_t>(std::stoll(text));
    case FieldType::real: {
      double v = 0;
      std::from_chars(text.data(), text.data() + text.size(), v);
      return v;
    }
    case FieldType::boolean:
      return text == "true";
    default:
      return text;
  }
}

}  // namespace twostep
