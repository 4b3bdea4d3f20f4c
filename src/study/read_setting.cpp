#include <algorithm>
#include <cmath>

#include "study/reader_context.hpp"

namespace twostep {
namespace {

using Kind = ConfigNode::Kind;

constexpr const char* range_forms =
    "write a constant, {int: [low, high]}, {float: [low, high]} or {choice: [a, b, ...]}";

// The keys that a range may have beside its kind.
const std::vector<std::string> range_keys{"int", "float", "choice", "log", "step", "per", "when"};

bool check_keys(ReaderContext& context, const Field& field, const ConfigNode& node) {
  bool good = true;
  for (std::size_t i = 0; i < node.members.size(); ++i) {
    const std::string& key = node.members[i].first;
    if (std::find(range_keys.begin(), range_keys.end(), key) == range_keys.end()) {
      const std::string near = nearest(key, range_keys);
      context.problem(node.members[i].second.where(),
                      field.path + ": unknown key in a range: '" + key + "'",
                      "a range has one of int, float, choice, and may have log, step, per, when",
                      near.empty() ? range_forms : "did you mean '" + near + "'?");
      good = false;
    }
  }
  const int kinds =
      (node.find("int") ? 1 : 0) + (node.find("float") ? 1 : 0) + (node.find("choice") ? 1 : 0);
  if (good && kinds != 1) {
    context.problem(node.where(),
                    field.path + (kinds == 0 ? ": a mapping that is no range"
                                             : ": more than one kind of range"),
                    "a range has exactly one of int, float, choice", range_forms);
    good = false;
  }
  return good;
}

bool read_choices(ReaderContext& context, const Field& field, const ConfigNode& list,
                  Dimension& dimension) {
  if (list.kind != Kind::sequence || list.items.empty()) {
    context.problem(list.where(), field.path + ": empty range",
                    "choice needs a list of at least one value", "");
    return false;
  }
  dimension.kind = DimensionKind::choice;
  bool good = true;
  for (const ConfigNode& item : list.items) {
    const auto value = read_value(context, field, item, field.path);
    if (!value) {
      good = false;
    } else if (std::find(dimension.choices.begin(), dimension.choices.end(), *value) !=
               dimension.choices.end()) {
      context.problem(item.where(), field.path + ": the same choice twice: " + to_text(*value), "",
                      "remove one");
      good = false;
    } else {
      dimension.choices.push_back(*value);
    }
  }
  return good;
}

bool read_bounds(ReaderContext& context, const Field& field, const ConfigNode& pair,
                 Dimension& dimension) {
  const std::string& name = field.path;
  if (pair.kind != Kind::sequence || pair.items.size() != 2) {
    context.problem(pair.where(), name + ": a range needs two numbers", "found " + describe(pair),
                    "write [low, high]");
    return false;
  }
  const auto low = read_value(context, field, pair.items[0], name + " (low)");
  const auto high = read_value(context, field, pair.items[1], name + " (high)");
  if (!low || !high) {
    return false;
  }
  const auto number = [](const Value& v) {
    const auto* i = std::get_if<std::int64_t>(&v);
    return i ? static_cast<double>(*i) : std::get<double>(v);
  };
  dimension.low = number(*low);
  dimension.high = number(*high);
  if (dimension.low > dimension.high) {
    context.problem(pair.where(), name + ": low is above high",
                    to_text(*low) + " > " + to_text(*high),
                    "write [" + to_text(*high) + ", " + to_text(*low) + "]");
    return false;
  }
  return true;
}

bool read_numeric(ReaderContext& context, const Field& field, const ConfigNode& node,
                  Dimension& dimension) {
  const ConfigNode* integer = node.find("int");
  const ConfigNode& pair = integer ? *integer : *node.find("float");
  const FieldType wanted = integer ? FieldType::integer : FieldType::real;
  if (field.type != wanted) {
    context.problem(
        node.where(), field.path + ": wrong kind of range",
        integer ? "this option takes no whole-number range" : "this option takes no float range",
        field.type == FieldType::integer ? "write {int: [low, high]}"
        : field.type == FieldType::real  ? "write {float: [low, high]}"
                                         : "write {choice: [...]}");
    return false;
  }
  dimension.kind = integer ? DimensionKind::integer : DimensionKind::real;
  if (!read_bounds(context, field, pair, dimension)) {
    return false;
  }
  if (const ConfigNode* log = node.find("log")) {
    const auto v = parse_boolean(*log);
    if (!v) {
      context.problem(log->where(), field.path + ": log: wrong type: " + describe(*log),
                      "expected true or false", "");
      return false;
    }
    dimension.log = *v;
  }
  if (dimension.log && dimension.low <= 0) {
    context.problem(pair.where(), field.path + ": a log range cannot touch 0",
                    "low is " + short_number(dimension.low) + ", and log(0) is minus infinity",
                    "start above 0, or leave out `log: true`");
    return false;
  }
  if (const ConfigNode* step = node.find("step")) {
    const auto v =
        integer ? (parse_integer(*step) ? parse_real(*step) : std::nullopt) : parse_real(*step);
    if (!v || *v <= 0 || (dimension.low<dimension.high&& * v> dimension.high - dimension.low)) {
      context.problem(step->where(), field.path + ": step does not fit: " + describe(*step),
                      "expected a number above 0, at most high - low", "");
      return false;
    }
    dimension.step = *v;
  }
  return true;
}

const Field* tunable_parent(const std::vector<Field>&, const std::string& of,
                            const std::string& name) {
  const std::string section = of.substr(0, of.find('.'));
  const Field* parent = find_field(name);
  parent = parent ? parent : find_field(section + "." + name);
  return parent && parent->tunable ? parent : nullptr;
}

// `when: {optimizer: sgd}` or {training.optimizer: [sgd, adam]}.
bool read_when(ReaderContext& context, const Field& field, const ConfigNode& when, Setting& setting,
               const std::vector<Field>& known, ParentOf parent_of) {
  if (when.kind != Kind::map || when.members.size() != 1) {
    context.problem(when.where(), field.path + ": `when` needs one option and its values", "",
                    "write when: {optimizer: sgd}");
    return false;
  }
  const auto& [key, values] = when.members[0];
  const Field* parent = parent_of(known, field.path, key);
  if (!parent || parent->path == field.path) {
    context.problem(values.where(),
                    field.path + ": `when` names no other tunable option: '" + key + "'", "",
                    known.empty() ? "name an option of model or training"
                                  : "name another dimension of space");
    return false;
  }
  setting.when_path = parent->path;
  const auto add = [&](const ConfigNode& item) {
    const auto value = read_value(context, *parent, item, field.path + ": when: " + parent->path);
    if (value) {
      setting.when_any_of.push_back(*value);
    }
    return value.has_value();
  };
  if (values.kind != Kind::sequence) {
    return add(values);
  }
  bool good = !values.items.empty();
  for (const ConfigNode& item : values.items) {
    good = add(item) && good;
  }
  return good;
}

bool read_per(ReaderContext& context, const Field& field, const ConfigNode& per, Setting& setting) {
  const bool per_layer = field.path == "model.width" || field.path == "model.dropout";
  if (per_layer && per.kind == Kind::scalar && per.scalar == "layer") {
    setting.per_layer = true;
    return true;
  }
  context.problem(per.where(),
                  field.path + ": `per` is only for model.width and model.dropout, as `per: layer`",
                  "", "leave it out");
  return false;
}

}  // namespace

void read_range(ReaderContext& context, const Field& field, const ConfigNode& node,
                Setting& setting, const std::vector<Field>& known, ParentOf parent_of) {
  if (!check_keys(context, field, node)) {
    return;
  }
  Dimension dimension;
  dimension.name = field.path;
  const ConfigNode* choice = node.find("choice");
  bool good = choice ? read_choices(context, field, *choice, dimension)
                     : read_numeric(context, field, node, dimension);
  if (choice && (node.find("log") || node.find("step"))) {
    context.problem(node.where(), field.path + ": log and step do not go with choice", "",
                    "leave them out");
  }
  if (const ConfigNode* when = node.find("when")) {
    good = read_when(context, field, *when, setting, known, parent_of) && good;
  }
  if (const ConfigNode* per = node.find("per")) {
    good = read_per(context, field, *per, setting) && good;
  }
  if (good) {
    setting.range = dimension;
  }
}

namespace {

void read_widths(ReaderContext& context, const Field& field, const ConfigNode& node,
                 Setting& setting) {
  std::string text;
  for (const ConfigNode& item : node.items) {
    const auto value = read_value(context, field, item, field.path);
    if (value) {
      text += (text.empty() ? "" : "-") + to_text(*value);
    }
  }
  setting.constant = text;  // "64-32": the widths of all layers
  setting.per_layer = true;
}

}  // namespace

void read_setting(ReaderContext& context, const Field& field, const ConfigNode& node) {
  Setting setting;
  setting.path = field.path;
  setting.where = node.where();
  setting.constant = default_value(field);
  if (node.kind == Kind::map) {
    read_range(context, field, node, setting, {}, &tunable_parent);
  } else if (field.path == "model.width" && node.kind == Kind::sequence && !node.items.empty()) {
    read_widths(context, field, node, setting);
  } else if (const auto value = read_value(context, field, node, field.path)) {
    setting.constant = *value;
  }
  context.spec.settings.push_back(std::move(setting));
}

}  // namespace twostep
