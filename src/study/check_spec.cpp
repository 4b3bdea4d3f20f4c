#include <algorithm>
#include <cmath>

#include "study/reader_context.hpp"
#include "twostep/study/algorithm.hpp"

namespace twostep {
namespace {

const Setting& setting_of(const ReaderContext& context, const std::string& path) {
  return context.spec.setting(path);
}

void check_split(ReaderContext& c) {
  SplitSpec& split = c.spec.data.split;
  split.where = c.place("data.split");
  const bool fractions =
      c.given("data.split.train") || c.given("data.split.validation") || c.given("data.split.test");
  if (split.kind == SplitKind::files) {
    if (c.given("data.split")) {
      c.problem(split.where, "data.split beside separate files per split",
                "the files already say which rows are what", "remove data.split");
    }
    return;
  }
  if (!split.variable.empty()) {
    if (fractions || c.given("data.split.blocks")) {
      c.problem(split.where, "data.split has a variable and also fractions or blocks",
                "the variable already says the split of every row", "keep one of them");
    }
    split.kind = SplitKind::variable;
    return;
  }
  if (c.given("data.split.blocks.rows")) {
    split.kind = SplitKind::blocks;
    if (split.block_rows == 0) {
      c.problem(c.place("data.split.blocks.rows"), "data.split.blocks.rows is 0", "",
                "give the rows of a block");
    }
  }
  const double sum = split.train + split.validation + split.test;
  if (std::abs(sum - 1) > 1e-9) {
    c.problem(split.where, "data.split: the fractions do not sum to 1",
              short_number(split.train) + " + " + short_number(split.validation) + " + " +
                  short_number(split.test) + " = " + short_number(sum),
              "give all three of train, validation and test");
  }
  if (split.train <= 0 || split.validation <= 0 || split.test <= 0) {
    c.problem(split.where, "data.split: an empty split",
              "training, choosing and the final test each need rows",
              "give each a fraction above 0");
  }
}

void check_budget(ReaderContext& c, const std::string& section, const Budget& budget) {
  const bool epochs = c.given(section + ".budget.epochs");
  const bool steps = c.given(section + ".budget.steps");
  if (epochs && steps) {
    c.problem(c.place(section + ".budget.steps"), section + ".budget has both epochs and steps", "",
              "keep one of them");
  } else if (!epochs && !steps) {
    c.problem(c.place(c.given(section) ? section : ""), "missing: " + section + ".budget",
              "a budget in epochs or in optimiser steps says how long to train",
              "add budget: {epochs: 30}");
  } else if (epochs && budget.validate_every > 0) {
    c.problem(c.place(section + ".budget.validate_every"),
              section + ".budget.validate_every goes with steps",
              "with epochs, validation comes after every epoch",
              "leave it out, or give the budget in steps");
  }
}

void check_subset_size(ReaderContext& c) {
  if (c.given("search.subset.rows") && c.given("search.subset.fraction")) {
    c.problem(c.place("search.subset.fraction"), "search.subset has both rows and fraction", "",
              "keep one of them");
  }
}

void check_subset(ReaderContext& c) {
  const bool rows = c.given("search.subset.rows");
  check_subset_size(c);
  if (!rows && !c.given("search.subset.fraction")) {
    c.problem(c.place("search"), "missing: search.subset",
              "step 1 trains on a subset of the training rows", "add subset: {rows: 5000}");
  }
  const Setting& batch = setting_of(c, "training.batch_size");
  const double largest = largest_batch(c);
  if (rows && largest > static_cast<double>(c.spec.search.subset.rows)) {
    c.problem(batch.where.empty() ? c.place("search.subset.rows") : batch.where,
              "training.batch_size can be larger than the subset",
              short_number(largest) + " rows in a batch, " +
                  std::to_string(c.spec.search.subset.rows) + " in search.subset.rows",
              "lower the batch size or enlarge the subset");
  }
}

void check_names(ReaderContext& c) {
  for (const VariableSpec& target : c.spec.data.targets) {
    for (const VariableSpec& input : c.spec.data.inputs) {
      if (input.name == target.name) {
        c.problem(target.where, "data.targets: " + target.name + " is also an input",
                  "the network would be given what it is to predict",
                  "remove it from one of the two");
      }
    }
  }
}

bool may_choose(const Setting& setting, const std::string& choice) {
  if (!setting.range) {
    return setting.constant == Value(choice);
  }
  const auto& choices = setting.range->choices;
  return std::find(choices.begin(), choices.end(), Value(choice)) != choices.end();
}

void check_output(ReaderContext& c) {
  const Setting& output = setting_of(c, "model.output_activation");
  const Normalisation targets = c.spec.data.normalise_targets;
  for (const char* bounded : {"sigmoid", "tanh", "relu", "softplus"}) {
    const bool positive = std::string(bounded) != "tanh";
    if (may_choose(output, bounded) && targets == Normalisation::standard) {
      c.problem(output.where,
                std::string("model.output_activation: ") + bounded + " with standardised targets",
                positive
                    ? "standardised targets are negative half of the time, which it cannot reach"
                    : "standardised targets exceed 1, which it cannot reach",
                "set data.normalise.targets to none or min_max, or use identity");
    }
  }
}

void check_widths(ReaderContext& c) {
  const Setting& width = setting_of(c, "model.width");
  const Setting& layers = setting_of(c, "model.layers");
  if (const auto* list = std::get_if<std::string>(&width.constant)) {
    const auto count = std::count(list->begin(), list->end(), '-') + 1;
    if (c.given("model.layers") &&
        (layers.range || std::get<std::int64_t>(layers.constant) != count)) {
      c.problem(
          width.where,
          "model.width lists " + std::to_string(count) + " layers, and model.layers says otherwise",
          "", "remove model.layers");
    }
  }
  if (width.per_layer && !width.when_path.empty()) {
    c.problem(width.where, "model.width: `per: layer` and `when` together",
              "a dimension has one condition at most", "leave out `when`");
  }
}

void check_conditions(ReaderContext& c) {
  for (const Setting& setting : c.spec.space.empty() ? c.spec.settings : c.spec.space) {
    std::string path = setting.when_path;
    for (int depth = 0; !path.empty(); ++depth) {
      if (path == setting.path || depth > 100) {
        c.problem(setting.where, setting.path + ": `when` runs in a circle",
                  "it depends on itself through " + path, "");
        (c.spec.space.empty() ? c.spec.settings : c.spec.space)
            .clear();  // later steps could not order the dimensions
        return;
      }
      path = setting_of(c, path).when_path;
    }
  }
}

// What ranks the trials must be the same for all of them.
void check_objective(ReaderContext& c) {
  const Metric objective = c.spec.search.objective;
  const std::string parameter = objective == Metric::huber      ? "training.huber_delta"
                                : objective == Metric::quantile ? "training.quantile"
                                                                : "";
  if (!parameter.empty() && !c.spec.settings.empty() && c.spec.setting(parameter).range) {
    c.problem(
        c.place("search.objective"),
        std::string("search.objective is ") + name(objective) + " and " + parameter + " a range",
        "trials with other values of it could not be compared",
        "make it a constant, or choose another search.objective");
  }
}

void check_finalists(ReaderContext& c) {
  const std::uint32_t finalists = c.spec.promotion.finalists;
  if (finalists > c.spec.search.trials) {
    c.problem(c.place("promotion.finalists"), "promotion.finalists is larger than search.trials",
              std::to_string(finalists) + " finalists of " + std::to_string(c.spec.search.trials) +
                  " trials",
              "lower promotion.finalists, or ask for more trials");
  }
}

// A dimension of a setting: "model.width[3]" is of model.width.
std::string place_of(const ReaderContext& c, const std::string& dimension) {
  return setting_of(c, dimension.substr(0, dimension.find('['))).where;
}

void check_algorithm(ReaderContext& c) {
  if (!c.problems.empty()) {
    return;  // there may be no space to speak of
  }
  const Space space = make_space(c.spec);
  read_try_first(c, space);
  for (Refusal& refusal : refusals(c.spec.search, space)) {
    refusal.problem.where = refusal.dimension
                                ? place_of(c, space.dimensions[*refusal.dimension].name)
                                : c.place("search.algorithm");
    c.problems.push_back(std::move(refusal.problem));
  }
}

void check_warm_start(ReaderContext& c) {
  const SearchSpec& search = c.spec.search;
  if (search.warm_start.empty()) {
    return;
  }
  const std::string at = c.place("search.warm_start");
  c.spec.search.warm_start_at.text = at;
  if (c.use == StudyUse::ask) {
    c.problem(at, "search.warm_start goes with twostep run",
              "whoever asks and tells can tell earlier trials too",
              R"(leave it out, and send {"tell": {"configuration": ..., "value": ...}} first)");
  } else if (!learns(search.algorithm)) {
    c.problem(at,
              std::string("search.warm_start teaches nothing to search.algorithm: ") +
                  name(search.algorithm),
              "its points do not depend on results", "use tpe, gp, forest or cma_es");
  } else if (search.warm_start == c.spec.directory) {
    c.problem(at, "search.warm_start is the study's own directory",
              "a study goes on with its own trials without it", "name an earlier study's");
  }
}

void check_reproducible(ReaderContext& c) {
  const RetrainingSpec& r = c.spec.retraining;
  if (r.reproducible && r.team > r.micro_batches) {
    c.problem(
        c.place("retraining.team"), "retraining.team is larger than retraining.micro_batches",
        "with reproducible a member computes whole micro-batches: " +
            std::to_string(r.team - r.micro_batches) + " ranks would have none",
        "raise retraining.micro_batches to " + std::to_string(r.team) + ", or lower the team");
  }
}

// A command knows its own data and networks. Journals, which are no files, name every option.
void check_command(ReaderContext& c) {
  const std::string why = "it is about the built-in trainer, which has no part in this study";
  if (c.spec.space.empty()) {
    c.problem(c.place("trainer.command"), "trainer.command without a space",
              "it is told a configuration, and there is nothing to choose",
              "add space: {lr: {float: [1e-4, 1e-1], log: true}}");
  }
  if (c.given("search.objective")) {
    c.problem(c.place("search.objective"), "search.objective beside trainer.command",
              "trials are compared by the values that the command prints",
              "leave it out; trainer.goal says whether larger ones are better");
  }
  check_subset_size(c);
  for (const Field& field : fields()) {
    const bool budget = field.path.starts_with("retraining.budget");
    const bool idle = (field.path.starts_with("retraining.") && !budget) ||
                      field.path.ends_with(".budget.patience") ||
                      field.path.ends_with(".budget.validate_every");
    if (idle && c.given(field.path) && !c.file.empty()) {
      c.problem(c.place(field.path), field.path + " beside trainer.command", why, "leave it out");
    }
  }
  c.spec.search.objective = c.spec.trainer.maximise ? Metric::r2 : Metric::mse;
  c.spec.retraining.team = 1;
}

// Dimensions of the user's are for whoever asks; the built-in networks have their own.
void check_space(ReaderContext& c) {
  if (c.spec.space.empty()) {
    return;
  }
  if (c.use == StudyUse::run && !c.spec.runs_command()) {
    c.problem(c.place("space"), "space in a study that is to be run",
              "the built-in networks know no dimensions but those of model and training",
              "write ranges in model and training; space is for trainer.command and for twostep "
              "suggest");
    return;
  }
  for (const std::string section : {"model", "training", "data"}) {
    if (c.given(section)) {
      c.problem(c.place(section), section + " beside space",
                "it is about the built-in networks, which have no part in this study",
                "move its dimensions to space, under any names");
    }
  }
}

}  // namespace

double largest_batch(const ReaderContext& context) {
  const Setting& batch = context.spec.setting("training.batch_size");
  if (!batch.range) {
    return static_cast<double>(std::get<std::int64_t>(batch.constant));
  }
  if (batch.range->kind != DimensionKind::choice) {
    return batch.range->high;
  }
  double largest = 0;
  for (const Value& v : batch.range->choices) {
    largest = std::max(largest, static_cast<double>(std::get<std::int64_t>(v)));
  }
  return largest;
}

void check_spec(ReaderContext& context) {
  check_space(context);
  if (context.spec.runs_command()) {
    check_command(context);
    if (context.use == StudyUse::run) {
      check_budget(context, "search", context.spec.search.budget);
      check_budget(context, "retraining", context.spec.retraining.budget);
    }
  } else if (context.spec.space.empty()) {
    const bool data = context.use == StudyUse::run || context.given("data");
    if (data) {
      check_split(context);
      check_budget(context, "search", context.spec.search.budget);
      check_budget(context, "retraining", context.spec.retraining.budget);
      check_subset(context);
      check_names(context);
    }
    check_targets(context);
    check_output(context);
    check_widths(context);
    check_model(context);
    check_reproducible(context);
    check_objective(context);
  }
  check_conditions(context);
  if (context.use == StudyUse::run || context.given("promotion.finalists")) {
    check_finalists(context);
  }
  check_early_stopping(context);
  check_warm_start(context);
  check_algorithm(context);
}

}  // namespace twostep
