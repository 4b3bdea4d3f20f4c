#include "study/fields/rows.hpp"
#include "twostep/study/algorithm.hpp"

namespace twostep::field_rows {

void add_search(Rows& t) {
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
  t.push_back(
      plain("search.population", T::integer, "", "auto", 2, 1e5,
            "Trials of a generation of cma_es, parents of nsga2, living trials of evolution; "
            "auto: 4 + 3 ln(dimensions), 32, 50.",
            [](StudySpec& s) -> Slot { return AutoSlot{&s.search.population}; }));
  t.push_back(plain("search.try_first", T::list, "", "", 0, 0,
                    "Configurations to try before the algorithm chooses, by dimension: "
                    "[{training.learning_rate: 0.01, model.layers: 2}]; it fills what is left out.",
                    nullptr));
  t.push_back(plain("search.warm_start", T::text, "", "", 0, 0,
                    "Directory of an earlier study, a .csv file of trials, or an Optuna journal "
                    "(docs/search.md), that the algorithm learns from before its first trial.",
                    [](StudySpec& s) -> Slot { return &s.search.warm_start; }));
  t.push_back(
      choice("search.second_objective", second_objective_names(), "none",
             "What nsga2 trades against the loss: the network's parameters, the seconds of "
             "training, or the seconds of inference per row, which each trial then measures. "
             "Finalists are chosen by the loss alone.",
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
  add_early_stopping(t);
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
  t.push_back(choice("search.failures.value", {"worst", "ignore"}, "worst",
                     "What failed and diverged trials tell the search algorithm: that their "
                     "configurations are as bad as the worst, or nothing.",
                     [](StudySpec& s) -> Slot { return enum_slot(s.search.failures.value); }));
}

}  // namespace twostep::field_rows
