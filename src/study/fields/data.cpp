#include "study/fields/rows.hpp"

namespace twostep::field_rows {

void add_data(Rows& t) {
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

}  // namespace twostep::field_rows
