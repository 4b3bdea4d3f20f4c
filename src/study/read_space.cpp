// Dimensions with names of the user's (`space`).
#include <algorithm>
#include <cmath>

#include "study/reader_context.hpp"

namespace twostep {
namespace {

using Kind = ConfigNode::Kind;

constexpr std::size_t longest_name = 200;

bool good_name(const std::string& name) {
  return !name.empty() && name.size() <= longest_name &&
         std::all_of(name.begin(), name.end(), [](char c) {
           return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                  c == '_' || c == '-' || c == '.' || c == '/';
         });
}

Field as_field(const std::string& name, const ConfigNode& node) {
  Field field;
  field.path = name;
  field.tunable = true;
  field.type = node.find("int")     ? FieldType::integer
               : node.find("float") ? FieldType::real
                                    : FieldType::any;
  field.low = field.type == FieldType::integer ? -9007199254740992.0 : field.low;
  field.high = field.type == FieldType::integer ? 9007199254740992.0 : field.high;
  return field;
}

const Field* dimension_named(const std::vector<Field>& known, const std::string&,
                             const std::string& name) {
  const auto found =
      std::find_if(known.begin(), known.end(), [&](const Field& f) { return f.path == name; });
  return found == known.end() ? nullptr : &*found;
}

bool whole(const Value& value) {
  return std::holds_alternative<std::int64_t>(value);
}

void make_real(Value& value) {
  if (whole(value)) {
    value = static_cast<double>(std::get<std::int64_t>(value));
  }
}

// [0.5, 1] are two reals: numbers are all whole, or none is.
void unify_numbers(std::vector<Value>& choices) {
  const bool real = std::any_of(choices.begin(), choices.end(),
                                [](const Value& v) { return std::holds_alternative<double>(v); });
  for (Value& value : choices) {
    if (real) {
      make_real(value);
    }
  }
}

// The values of a `when` are those that the parent can have, and of its type.
void check_when(ReaderContext& context, Setting& setting) {
  if (setting.when_path.empty()) {
    return;
  }
  const Setting& parent = context.spec.setting(setting.when_path);
  for (Value& value : setting.when_any_of) {
    const auto can_be = [&] {
      return parent.range ? contains(*parent.range, value) : parent.constant == value;
    };
    if (!can_be()) {
      make_real(value);
    }
    if (!can_be()) {
      context.problem(setting.where,
                      setting.path + ": `when` names a value that " + parent.path +
                          " never has: " + to_text(value),
                      "the dimension would never exist", "name one of its values");
    }
  }
}

}  // namespace

void read_space(ReaderContext& context, const ConfigNode& node) {
  if (node.kind != Kind::map || node.members.empty()) {
    context.problem(node.where(), "space is " + (node.kind == Kind::map ? "empty" : describe(node)),
                    "expected a mapping of names to constants or ranges",
                    "write space: {learning_rate: {float: [1e-4, 1e-1], log: true}}");
    return;
  }
  std::vector<Field> known;
  for (const auto& [name, value] : node.members) {
    known.push_back(as_field(name, value));
  }
  for (std::size_t i = 0; i < node.members.size(); ++i) {
    const auto& [name, value] = node.members[i];
    if (!good_name(name)) {
      context.problem(value.where(), "space: not a name: '" + name.substr(0, 60) + "'",
                      "names are of letters, digits and _ - . /", "");
      continue;
    }
    if (dimension_named(known, "", name) != &known[i]) {
      context.problem(value.where(), "space: the same name twice: " + name, "", "remove one");
      continue;
    }
    Setting setting;
    setting.path = name;
    setting.where = value.where();
    if (value.kind == Kind::map) {
      read_range(context, known[i], value, setting, known, &dimension_named);
      if (!setting.range) {
        continue;
      }
      unify_numbers(setting.range->choices);
    } else if (const auto constant = read_value(context, known[i], value, name)) {
      setting.constant = *constant;
    }
    context.spec.space.push_back(std::move(setting));
  }
  for (Setting& setting : context.spec.space) {
    const bool there =
        std::any_of(context.spec.space.begin(), context.spec.space.end(),
                    [&](const Setting& other) { return other.path == setting.when_path; });
    if (there) {
      check_when(context, setting);
    } else {
      setting.when_path.clear();  // already told
    }
  }
}

}  // namespace twostep
