#include "study/fields/rows.hpp"

namespace twostep::field_rows {

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

void add_budget(Rows& t, const std::string& section, Slot (*epochs)(StudySpec&),
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

}  // namespace twostep::field_rows
