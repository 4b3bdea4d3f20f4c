// What search.early_stopping asks of the rest of the study file. What is said of a journal is only
// what could not be run: it may have been written before a check was added.
#include <algorithm>

#include "study/reader_context.hpp"

namespace twostep {
namespace {

// Rungs cost a message each, and a rule keeps what it has seen at every one.
constexpr std::uint64_t most_rungs = 10000;

// Options that only some rules read.
void check_unused(ReaderContext& c, const EarlyStoppingSpec& e) {
  using R = StoppingRule;
  struct Use {
    const char* option;
    std::vector<R> rules;
  };
  const std::vector<R> halving{R::asha, R::asha_promotion, R::pasha, R::hyperband};
  const Use uses[] = {{"reduction_factor", halving},
                      {"interval", {R::median, R::percentile}},
                      {"brackets", {R::hyperband}},
                      {"percentile", {R::percentile}},
                      {"startup_trials", {R::median, R::percentile}},
                      {"top_k", {R::one_epoch}}};
  for (const Use& use : uses) {
    const std::string path = std::string("search.early_stopping.") + use.option;
    bool used = false;
    std::string names;
    for (const R rule : use.rules) {
      used = used || rule == e.rule;
      names += (names.empty() ? "" : ", ") + std::string(name(rule));
    }
    // In a journal, which is no file, every option is given.
    if (!used && c.given(path) && !c.file.empty()) {
      c.problem(c.place(path), path + " goes with " + names,
                std::string("the rule is ") + name(e.rule), "leave it out, or choose such a rule");
    }
  }
}

bool halves(StoppingRule rule) {
  return rule != StoppingRule::median && rule != StoppingRule::percentile &&
         rule != StoppingRule::one_epoch;
}

// Where the first rung is said, or that there are rungs at all.
std::string place_of_first(const ReaderContext& c) {
  const std::string section = "search.early_stopping";
  return c.place(c.given(section + ".minimum") ? section + ".minimum" : section + ".rule");
}

// Rungs of rows hold a batch of every configuration, else it would be trained with another one.
void check_rows_hold_a_batch(ReaderContext& c, std::uint64_t first) {
  const double batch = largest_batch(c);
  if (static_cast<double>(first) < batch) {
    c.problem(
        place_of_first(c), "the first rung of search.early_stopping is smaller than a batch",
        std::to_string(first) + " rows, and training.batch_size can be " + short_number(batch),
        "set search.early_stopping.minimum to that or more, or lower the batch size");
  }
}

// A trial pauses when it is validated: rungs that lie closer would be one.
void check_steps_hold_a_validation(ReaderContext& c, std::uint64_t first) {
  const SearchSpec& search = c.spec.search;
  const std::string section = "search.early_stopping";
  std::uint64_t every = search.budget.validate_every;
  std::string why = "search.budget.validate_every is " + std::to_string(every);
  if (every == 0 && search.subset.rows > 0) {  // after each epoch
    const auto batch = static_cast<std::uint64_t>(std::max(1.0, largest_batch(c)));
    every = (search.subset.rows + batch - 1) / batch;
    why =
        "without search.budget.validate_every, trials are validated after each epoch, which has " +
        std::to_string(every) + " steps or more";
  }
  const std::string hint = "set search.budget.validate_every to that or less";
  if (first < every) {
    c.problem(place_of_first(c), "search.early_stopping has rungs before the first validation",
              "the first rung is at " + std::to_string(first) + " steps; " + why,
              hint + ", or raise search.early_stopping.minimum");
  } else if (!halves(search.early_stopping.rule) && search.early_stopping.interval > 0 &&
             search.early_stopping.interval < every) {
    c.problem(c.place(section + ".interval"),
              "search.early_stopping has several rungs at one validation",
              "a rung every " + std::to_string(search.early_stopping.interval) + " steps; " + why,
              hint + ", or raise the interval");
  }
}

// Trials of which the rule could never stop one, or never train one to its end.
void check_trials(ReaderContext& c) {
  const SearchSpec& search = c.spec.search;
  const EarlyStoppingSpec& e = search.early_stopping;
  const std::string section = "search.early_stopping";
  const auto option = [&](const char* name) {
    const std::string path = section + "." + name;
    return c.place(c.given(path) ? path : section + ".rule");
  };
  const std::string trials = std::to_string(search.trials);
  const bool promotes = e.rule == StoppingRule::asha_promotion || e.rule == StoppingRule::pasha;
  if (promotes && search.trials < e.reduction_factor) {
    c.problem(option("reduction_factor"), section + ": no trial would go beyond the first rung",
              std::string(name(e.rule)) + " promotes one of " + std::to_string(e.reduction_factor) +
                  ", and search.trials is " + trials,
              "lower reduction_factor, or enlarge search.trials");
  }
  const bool compares = e.rule == StoppingRule::median || e.rule == StoppingRule::percentile;
  if (compares && e.startup_trials >= search.trials) {
    c.problem(option("startup_trials"), section + ": no trial would ever be stopped",
              std::to_string(e.startup_trials) +
                  " trials have to finish before any is stopped, and search.trials is " + trials,
              "lower startup_trials, or enlarge search.trials");
  }
  const std::uint32_t top_k = e.top_k > 0 ? e.top_k : c.spec.promotion.finalists;
  if (e.rule == StoppingRule::one_epoch && top_k == search.trials) {
    c.problem(option("top_k"), section + ": no trial would ever be stopped",
              "all " + trials + " trials are among the top " + std::to_string(top_k),
              "lower top_k, or enlarge search.trials");
  }
  const std::uint64_t rungs = rung_count(search);
  if (e.rule == StoppingRule::hyperband && e.brackets > rungs) {
    c.problem(option("brackets"), section + ".brackets: more than there are rungs",
              std::to_string(e.brackets) +
                  " brackets, each of which begins at a rung of its own, " + "and " +
                  std::to_string(rungs) + " rungs",
              "leave it out for all that there are");
  }
}

}  // namespace

void check_early_stopping(ReaderContext& c) {
  const SearchSpec& search = c.spec.search;
  const EarlyStoppingSpec& e = search.early_stopping;
  const std::string section = "search.early_stopping";
  if (e.rule == StoppingRule::none) {
    if (c.given(section) && !c.given(section + ".rule")) {
      c.problem(c.place(section), "search.early_stopping without a rule",
                "its options would have no effect", "add rule: asha");
    }
    return;
  }
  check_unused(c, e);
  const bool rows = e.fidelity == Fidelity::rows;
  if (rows && search.subset.rows == 0) {
    c.problem(c.place(section + ".fidelity"), "fidelity: rows needs search.subset.rows",
              "the rungs are numbers of rows", "give the subset in rows, not as a fraction");
    return;
  }
  if (rows && search.budget.unit == BudgetUnit::steps) {
    c.problem(c.place(section + ".fidelity"), "fidelity: rows with a budget in steps",
              "a rung of fewer rows would cost as many steps, and save nothing",
              "give search.budget in epochs, or use fidelity: budget");
  }
  const std::uint64_t whole = rows ? search.subset.rows : search.budget.amount;
  const std::string unit = rows                                       ? "rows"
                           : search.budget.unit == BudgetUnit::epochs ? "epochs"
                                                                      : "steps";
  if (c.use == StudyUse::ask) {
    if (whole == 0) {
      c.problem(c.place(section), section + " without search.budget",
                "a rung is a share of a whole training", "add budget: {epochs: 27}");
    } else if (e.rule == StoppingRule::one_epoch) {
      c.problem(
          c.place(section + ".rule"), section + ".rule: one_epoch goes with twostep run",
          "it decides when all trials have come to the first rung, and whoever asks may always "
          "ask for more",
          "use asha or hyperband");
    }
  }
  if (whole == 0) {
    return;  // said elsewhere
  }
  if (!c.file.empty()) {
    settle_minimum(c.spec.search);
  }
  if (e.minimum >= whole) {
    c.problem(c.place(section + ".minimum"),
              section + ".minimum is not below the whole: " + std::to_string(e.minimum) + " of " +
                  std::to_string(whole) + " " + unit,
              "no trial would ever be stopped early", "lower it");
  } else if (rung_count(search) < 2) {
    c.problem(c.place(section + ".rule"), "search.early_stopping has a single rung",
              halves(e.rule)
                  ? std::to_string(whole) + " " + unit + " are too few for a reduction factor of " +
                        std::to_string(e.reduction_factor)
                  : "the whole is " + std::to_string(whole) + " " + unit +
                        ", so there is nothing to stop before",
              halves(e.rule) ? "enlarge the budget, or lower reduction_factor or minimum"
                             : "enlarge the budget");
  } else if (rung_count(search) > most_rungs) {
    c.problem(c.place(section + ".interval"), "search.early_stopping has too many rungs",
              std::to_string(rung_count(search)) + " pauses of every trial, " +
                  std::to_string(most_rungs) + " are allowed",
              "raise search.early_stopping.interval");
  }
  if (e.rule == StoppingRule::one_epoch && e.top_k > search.trials) {
    c.problem(c.place(section + ".top_k"), section + ".top_k is larger than search.trials",
              std::to_string(e.top_k) + " of " + std::to_string(search.trials) + " trials", "");
  }
  if (!c.file.empty() && c.use == StudyUse::run) {
    const std::uint64_t first = rung_count(search) <= most_rungs ? rung_levels(search).front() : 0;
    const bool built_in = !c.spec.runs_command() && c.spec.space.empty();
    if (rows && built_in && first > 0 && search.budget.unit == BudgetUnit::epochs) {
      check_rows_hold_a_batch(c, first);
    } else if (!rows && built_in && first > 0 && search.budget.unit == BudgetUnit::steps) {
      check_steps_hold_a_validation(c, first);
    }
    check_trials(c);
  }
  if (search.algorithm == Algorithm::nsga2) {
    c.problem(c.place(section + ".rule"), "search.early_stopping with nsga2",
              "the rules look at the loss alone and would stop the small or fast networks that "
              "nsga2 keeps",
              "leave it out, or use another search.algorithm");
  }
}

}  // namespace twostep
