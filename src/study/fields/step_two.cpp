#include "study/fields/rows.hpp"

namespace twostep::field_rows {

void add_step_two(Rows& t) {
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
            "otherwise another size differs by the rounding of the sum of gradients. Not with "
            "model.norm: batch, whose statistics are sums too.",
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

}  // namespace twostep::field_rows
