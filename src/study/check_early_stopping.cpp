// What search.early_stopping asks of the rest of the study file.
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
  if (e.minimum >= whole) {
    c.problem(c.place(section + ".minimum"),
              section + ".minimum is not below the whole: " + std::to_string(e.minimum) + " of " +
                  std::to_string(whole) + " " + unit,
              "no trial would ever be stopped early", "lower it");
  } else if (rung_count(search) < 2) {
    c.problem(c.place(section + ".rule"), "search.early_stopping has a single rung",
              std::to_string(whole) + " " + unit + " are too few for a reduction factor of " +
                  std::to_string(e.reduction_factor),
              "enlarge the budget, or lower reduction_factor or minimum");
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
  if (search.algorithm == Algorithm::nsga2) {
    c.problem(c.place(section + ".rule"), "search.early_stopping with nsga2",
              "the rules look at the loss alone and would stop the small networks that nsga2 keeps "
              "for their size",
              "leave it out, or use another search.algorithm");
  }
}

}  // namespace twostep
