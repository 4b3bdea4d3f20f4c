// How the rows of the field table (twostep/study/fields.hpp) are written: one function per section
// of the study file, in the order in which a reader meets them.
#pragma once

#include <limits>
#include <string>
#include <vector>

#include "twostep/study/fields.hpp"

namespace twostep::field_rows {

using Rows = std::vector<Field>;

void add_study(Rows& t);
void add_trainer(Rows& t);
void add_data(Rows& t);
void add_model(Rows& t);
void add_training(Rows& t);
void add_space(Rows& t);
void add_search(Rows& t);
void add_early_stopping(Rows& t);  // of search
void add_step_two(Rows& t);
// The budget of a section, search or retraining.
void add_budget(Rows& t, const std::string& section, Slot (*epochs)(StudySpec&),
                Slot (*steps)(StudySpec&), Slot (*patience)(StudySpec&), Slot (*every)(StudySpec&));

inline constexpr double inf = std::numeric_limits<double>::infinity();
inline constexpr double max_u32 = 4294967295.0;
inline constexpr double max_exact = 9007199254740992.0;  // 2^53
inline constexpr double tiny = std::numeric_limits<double>::min();

template <class Enum>
EnumSlot enum_slot(Enum& target) {
  return {&target, [](void* t, std::size_t i) { *static_cast<Enum*>(t) = static_cast<Enum>(i); },
          [](const void* t) { return static_cast<std::size_t>(*static_cast<const Enum*>(t)); }};
}

[[nodiscard]] Field plain(std::string path, FieldType type, std::string unit,
                          std::string default_text, double low, double high, std::string sentence,
                          Slot (*slot)(StudySpec&));
[[nodiscard]] Field choice(std::string path, std::vector<std::string> choices,
                           std::string default_text, std::string sentence,
                           Slot (*slot)(StudySpec&));
[[nodiscard]] Field tunable(Field f);
[[nodiscard]] Field required(Field f);
[[nodiscard]] Field example(Field f, std::string text);

}  // namespace twostep::field_rows
