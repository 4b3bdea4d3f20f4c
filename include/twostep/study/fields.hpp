// The field table: one row per option of the study file. It is the single source of the reader
// (names, types, ranges), of `twostep schema`, of configs/annotated.yaml and of docs/config.md; a
// test compares the committed texts with it.
#pragma once

#include <limits>
#include <string>
#include <variant>
#include <vector>

#include "twostep/study/spec.hpp"

namespace twostep {

enum class FieldType { text, integer, real, boolean, choice, list, map, any };

// Where a plain option lives in a StudySpec.
struct EnumSlot {
  void* target;
  void (*set)(void* target, std::size_t index);
  std::size_t (*get)(const void* target);
};
struct BudgetSlot {
  Budget* budget;
  BudgetUnit unit;
};
struct AutoSlot {  // an integer whose 0 is written "auto"
  std::uint32_t* value;
};
using Slot = std::variant<std::monostate, std::string*, bool*, std::uint32_t*, std::uint64_t*,
                          double*, EnumSlot, BudgetSlot, AutoSlot>;

struct Field {
  std::string path;  // "search.subset.rows"
  FieldType type = FieldType::text;
  std::string unit;          // "rows", "s", or empty
  std::string default_text;  // as written in a study file; empty: none
  bool required = false;
  double low = -std::numeric_limits<double>::infinity();  // allowed values, both ends included
  double high = std::numeric_limits<double>::infinity();
  std::vector<std::string> choices;  // FieldType::choice
  bool tunable = false;              // may be a range: becomes a Setting
  std::string example;               // for annotated.yaml, where the default does not do
  std::string sentence;
  Slot (*slot)(StudySpec& spec) = nullptr;  // none: read by code of its own
};

[[nodiscard]] const std::vector<Field>& fields();
[[nodiscard]] const Field* find_field(const std::string& path);
// The default of a tunable field as a Value of the field's type.
[[nodiscard]] Value default_value(const Field& field);

// The table as text: for a terminal (100 columns), as a whole study file with comments, as a page
// of the manual.
[[nodiscard]] std::string schema_text();
[[nodiscard]] std::string annotated_yaml();
[[nodiscard]] std::string config_markdown();

}  // namespace twostep
