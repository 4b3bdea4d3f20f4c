#include "study/fields/rows.hpp"

namespace twostep::field_rows {

void add_early_stopping(Rows& t) {
  using T = FieldType;
  t.push_back(choice(
      "search.early_stopping.rule", stopping_rule_names(), "none",
      "Train trials in rungs and give up the poor ones early (docs/search.md): successive halving, "
      "deciding at once (asha) or when there is more to compare with (asha_promotion; pasha: only "
      "as far as the ranking is unstable); hyperband; the median rule or a percentile; or one "
      "epoch for all and the whole budget for the top_k.",
      [](StudySpec& s) -> Slot { return enum_slot(s.search.early_stopping.rule); }));
  t.push_back(choice(
      "search.early_stopping.fidelity", {"budget", "rows"}, "budget",
      "What grows from rung to rung: the epochs or steps of the budget (a trial goes on where it "
      "paused), or the rows of the subset (it begins anew on more of them).",
      [](StudySpec& s) -> Slot { return enum_slot(s.search.early_stopping.fidelity); }));
  t.push_back(
      plain("search.early_stopping.reduction_factor", T::integer, "", "3", 2, 1000,
            "eta of asha, asha_promotion, pasha and hyperband: one of so many goes on, and a rung "
            "is so many times as far as the one before.",
            [](StudySpec& s) -> Slot { return &s.search.early_stopping.reduction_factor; }));
  t.push_back(
      plain("search.early_stopping.minimum", T::integer, "", "auto", 1, max_u32,
            "The first rung (minimum resource, grace period), in epochs, steps or rows; "
            "auto: 1 epoch, or 1/27 of the steps or rows (with another reduction factor of asha, "
            "asha_promotion, pasha its largest power up to 27).",
            [](StudySpec& s) -> Slot { return AutoSlot{&s.search.early_stopping.minimum}; }));
  t.push_back(
      plain("search.early_stopping.interval", T::integer, "", "auto", 1, max_u32,
            "median, percentile: from rung to rung; auto: 1 epoch, or as the minimum.",
            [](StudySpec& s) -> Slot { return AutoSlot{&s.search.early_stopping.interval}; }));
  t.push_back(
      plain("search.early_stopping.brackets", T::integer, "", "auto", 1, 100,
            "hyperband: brackets, from the one that begins with the least; auto: all.",
            [](StudySpec& s) -> Slot { return AutoSlot{&s.search.early_stopping.brackets}; }));
  t.push_back(plain("search.early_stopping.percentile", T::real, "%", "25", 0, 100,
                    "percentile: the part of the whole trainings that a trial must keep up with.",
                    [](StudySpec& s) -> Slot { return &s.search.early_stopping.percentile; }));
  t.push_back(plain("search.early_stopping.startup_trials", T::integer, "", "5", 0, 1e6,
                    "median, percentile: trials that have to finish before any is given up.",
                    [](StudySpec& s) -> Slot { return &s.search.early_stopping.startup_trials; }));
  t.push_back(plain("search.early_stopping.top_k", T::integer, "", "auto", 1, 1e6,
                    "one_epoch: trials that get the whole budget; auto: promotion.finalists.",
                    [](StudySpec& s) -> Slot { return AutoSlot{&s.search.early_stopping.top_k}; }));
}

}  // namespace twostep::field_rows
