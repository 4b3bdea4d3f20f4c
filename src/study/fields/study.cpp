#include "study/fields/rows.hpp"

namespace twostep::field_rows {

void add_study(Rows& t) {
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

}  // namespace twostep::field_rows
