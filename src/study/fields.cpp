#include "twostep/study/fields.hpp"

#include <charconv>

#include "study/fields/rows.hpp"

namespace twostep {
namespace {

std::vector<Field> make_fields() {
  namespace rows = field_rows;
  std::vector<Field> table;
  rows::add_study(table);
  rows::add_trainer(table);
  rows::add_data(table);
  rows::add_model(table);
  rows::add_training(table);
  rows::add_space(table);
  rows::add_search(table);
  rows::add_step_two(table);
  return table;
}

}  // namespace

const std::vector<Field>& fields() {
  static const std::vector<Field> table = make_fields();
  return table;
}

const Field* find_field(const std::string& path) {
  for (const Field& field : fields()) {
    if (field.path == path) {
      return &field;
    }
  }
  return nullptr;
}

Value default_value(const Field& field) {
  const std::string& text = field.default_text;
  switch (field.type) {
    case FieldType::integer:
      return static_cast<std::int64_t>(std::stoll(text));
    case FieldType::real: {
      double v = 0;
      std::from_chars(text.data(), text.data() + text.size(), v);
      return v;
    }
    case FieldType::boolean:
      return text == "true";
    default:
      return text;
  }
}

}  // namespace twostep
