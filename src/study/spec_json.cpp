#include "twostep/study/spec_json.hpp"

#include <algorithm>
#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "study/reader_context.hpp"
#include "twostep/base/check.hpp"
#include "twostep/study/fields.hpp"

namespace twostep {
namespace {

using Json = nlohmann::ordered_json;

Json value_json(const Value& value) {
  if (const auto* b = std::get_if<bool>(&value)) {
    return *b;
  }
  if (const auto* i = std::get_if<std::int64_t>(&value)) {
    return *i;
  }
  if (const auto* d = std::get_if<double>(&value)) {
    return *d;
  }
  return to_text(value);
}

Json setting_json(const Setting& setting) {
  if (!setting.range) {
    const auto* text = std::get_if<std::string>(&setting.constant);
    if (!setting.per_layer || !text) {
      return value_json(setting.constant);
    }
    Json list = Json::array();
    for (std::size_t at = 0; at < text->size();
         at = std::min(text->size(), text->find('-', at)) + 1) {
      list.push_back(std::stoll(text->substr(at)));
    }
    return list;
  }
  const Dimension& d = *setting.range;
  Json out = Json::object();
  if (d.kind == DimensionKind::choice) {
    out["choice"] = Json::array();
    for (const Value& v : d.choices) {
      out["choice"].push_back(value_json(v));
    }
  } else if (d.kind == DimensionKind::integer) {
    out["int"] = {static_cast<std::int64_t>(d.low), static_cast<std::int64_t>(d.high)};
  } else {
    out["float"] = {d.low, d.high};
  }
  if (d.log) {
    out["log"] = true;
  }
  if (d.step > 0) {
    out["step"] = d.step;
  }
  if (setting.per_layer) {
    out["per"] = "layer";
  }
  if (!setting.when_path.empty()) {
    Json values = Json::array();
    for (const Value& v : setting.when_any_of) {
      values.push_back(value_json(v));
    }
    out["when"] = Json{{setting.when_path, values}};
  }
  return out;
}

Json selection_json(const LevelSelection& selection) {
  if (!selection.list.empty()) {
    return selection.list;
  }
  Json out{{"from", selection.from}, {"step", selection.step}};
  if (selection.to != LevelSelection::to_the_end) {
    out["to"] = selection.to;
  }
  return out;
}

Json variables_json(const std::vector<VariableSpec>& variables) {
  const char* transforms[] = {"none", "log10", "log", "sqrt"};
  Json out = Json::array();
  for (const VariableSpec& v : variables) {
    out.push_back({{"name", v.name},
                   {"transform", transforms[static_cast<int>(v.transform)]},
                   {"offset", v.offset}});
    if (!v.weight.empty()) {
      out.back()["weight"] = v.weight.size() == 1 ? Json(v.weight[0]) : Json(v.weight);
    }
    if (!v.dimensions.empty()) {
      out.back()["dimensions"] = v.dimensions;
    }
    for (const LevelSelection& selection : v.levels) {
      if (selection.dimension.empty()) {
        out.back()["levels"] = selection_json(selection);
      } else {
        out.back()["levels"][selection.dimension] = selection_json(selection);
      }
    }
  }
  return out;
}

Json files_json(const DataSpec& data) {
  if (data.split.kind != SplitKind::files) {
    return data.files;
  }
  return {{"train", data.files}, {"validation", data.validation_files}, {"test", data.test_files}};
}

// The value of a plain option as written in a study file; null where it is not to be written.
Json slot_json(const Field& field, StudySpec& spec) {
  const Slot slot = field.slot(spec);
  if (auto* const* text = std::get_if<std::string*>(&slot)) {
    return (*text)->empty() ? Json() : Json(**text);
  }
  if (auto* const* flag = std::get_if<bool*>(&slot)) {
    return **flag;
  }
  if (auto* const* u32 = std::get_if<std::uint32_t*>(&slot)) {
    return **u32;
  }
  if (auto* const* u64 = std::get_if<std::uint64_t*>(&slot)) {
    return **u64;
  }
  if (auto* const* real = std::get_if<double*>(&slot)) {
    return **real;
  }
  if (const auto* choice = std::get_if<EnumSlot>(&slot)) {
    return field.choices.at(choice->get(choice->target));
  }
  if (const auto* budget = std::get_if<BudgetSlot>(&slot)) {
    const bool here = budget->budget->unit == budget->unit && budget->budget->amount > 0;
    return here ? Json(budget->budget->amount) : Json();
  }
  if (const auto* automatic = std::get_if<AutoSlot>(&slot)) {
    return *automatic->value == 0 ? Json("auto") : Json(*automatic->value);
  }
  return {};
}

bool is_left_out(const std::string& path, const StudySpec& spec) {
  if (spec.runs_command()) {
    if (path == "search.objective" ||
        (path.starts_with("retraining.") && !path.starts_with("retraining.budget"))) {
      return true;
    }
  } else if (path.starts_with("trainer.")) {
    return true;
  }
  if (path.starts_with("data.") && spec.data.files.empty()) {
    return true;
  }
  if (path.starts_with("model.") || path.starts_with("training.")) {
    if (!spec.space.empty()) {
      return true;
    }
  }
  const SplitKind split = spec.data.split.kind;
  if (path.starts_with("data.split.blocks")) {
    return split != SplitKind::blocks;
  }
  if (path == "data.split.variable") {
    return split != SplitKind::variable;
  }
  if (path.starts_with("data.split.")) {
    return split == SplitKind::variable || split == SplitKind::files;
  }
  if (path.starts_with("search.early_stopping.")) {
    return spec.search.early_stopping.rule == StoppingRule::none;
  }
  if (path == "search.subset.rows") {
    return spec.search.subset.rows == 0;
  }
  if (path == "search.subset.fraction") {
    return spec.search.subset.fraction == 0;
  }
  if (path == "model.layers") {  // given by the list of widths
    return std::holds_alternative<std::string>(spec.setting("model.width").constant);
  }
  if (path.ends_with(".budget.validate_every")) {
    return (path.starts_with("search") ? spec.search.budget : spec.retraining.budget)
               .validate_every == 0;
  }
  return false;
}

Json field_json(const Field& field, StudySpec& spec) {
  if (field.tunable) {
    return setting_json(spec.setting(field.path));
  }
  if (field.path == "data.files") {
    return files_json(spec.data);
  }
  if (field.path == "trainer.command") {
    return spec.trainer.command;
  }
  if (field.path == "data.rows") {
    return spec.data.rows.empty() ? Json() : Json(spec.data.rows);
  }
  if (field.path == "data.inputs") {
    return variables_json(spec.data.inputs);
  }
  if (field.path == "space") {
    Json out;
    for (const Setting& setting : spec.space) {
      out[setting.path] = setting_json(setting);
    }
    return out;
  }
  if (field.path == "search.try_first") {
    Json out;
    for (const NamedValues& named : spec.search.try_first) {
      Json configuration = Json::object();
      for (const auto& [name, value] : named) {
        configuration[name] = value_json(value);
      }
      out.push_back(std::move(configuration));
    }
    return out;
  }
  if (field.path == "data.targets") {
    return variables_json(spec.data.targets);
  }
  return slot_json(field, spec);
}

// Option path -> its value, for all options that are to be written, in table order.
std::vector<std::pair<std::string, Json>> flat(const StudySpec& original) {
  StudySpec spec = original;
  std::vector<std::pair<std::string, Json>> out;
  for (const Field& field : fields()) {
    if (is_left_out(field.path, spec)) {
      continue;
    }
    Json value = field_json(field, spec);
    if (!value.is_null()) {
      out.emplace_back(field.path, std::move(value));
    }
  }
  return out;
}

ConfigNode from_json(const Json& json, int depth) {
  if (depth > 32) {
    throw Error(ErrorKind::config, Problem{"", "JSON nested too deeply", "", ""});
  }
  ConfigNode node;
  if (json.is_object()) {
    node.kind = ConfigNode::Kind::map;
    for (const auto& [key, value] : json.items()) {
      node.members.push_back({key, from_json(value, depth + 1)});
      node.key_lines.push_back(0);
    }
  } else if (json.is_array()) {
    node.kind = ConfigNode::Kind::sequence;
    for (const Json& item : json) {
      node.items.push_back(from_json(item, depth + 1));
    }
  } else if (!json.is_null()) {
    node.kind = ConfigNode::Kind::scalar;
    node.quoted = json.is_string();
    node.scalar = json.is_string()         ? json.get<std::string>()
                  : json.is_number_float() ? to_text(Value(json.get<double>()))
                                           : json.dump();
  }
  return node;
}

// Options whose change leaves the recorded results what they are.
bool harmless(const std::string& path) {
  return path == "study.name" || path == "study.directory" || path == "study.checkpoint_seconds" ||
         path == "retraining.team" || path == "retraining.checkpoint_steps" ||
         path == "data.files" || path == "search.attempts" || path == "search.failures.max" ||
         path == "search.trial_seconds" || path == "trainer.grace_seconds" ||
         path == "trainer.output_kib" || path == "trainer.finalists_per";
}

}  // namespace

std::string to_json(const StudySpec& spec) {
  Json root = Json::object();
  for (auto& [path, value] : flat(spec)) {
    Json* at = &root;
    std::size_t begin = 0;
    for (std::size_t dot = path.find('.'); dot != std::string::npos; dot = path.find('.', begin)) {
      at = &(*at)[path.substr(begin, dot - begin)];
      begin = dot + 1;
    }
    (*at)[path.substr(begin)] = std::move(value);
  }
  return root.dump(-1, ' ', false, Json::error_handler_t::replace);
}

ConfigNode read_json(const std::string& text) {
  try {
    return from_json(Json::parse(text), 0);
  } catch (const Json::exception& error) {
    throw Error(ErrorKind::config, Problem{"", "not JSON", error.what(), ""});
  }
}

std::string variables_to_json(const std::vector<VariableSpec>& variables) {
  return variables_json(variables).dump();
}

std::vector<VariableSpec> variables_from_json(const std::string& text) {
  ReaderContext context;
  auto out = read_variables(context, read_json(text), "variables");
  if (!context.problems.empty()) {
    throw Error(ErrorKind::data, context.problems);
  }
  return out;
}

std::vector<SpecDifference> differences(const StudySpec& before, const StudySpec& after) {
  const auto old_list = flat(before);
  const auto new_list = flat(after);
  const std::map<std::string, Json> old_values(old_list.begin(), old_list.end());
  const std::map<std::string, Json> new_values(new_list.begin(), new_list.end());
  const auto text = [](const std::map<std::string, Json>& values, const std::string& path) {
    const auto found = values.find(path);
    return found == values.end() ? std::string("(not given)") : found->second.dump();
  };
  std::vector<SpecDifference> out;
  for (const Field& field : fields()) {
    const std::string a = text(old_values, field.path);
    const std::string b = text(new_values, field.path);
    const bool first_rung = field.path == "search.early_stopping.minimum";
    if (a == b || (first_rung && rung_levels(before.search) == rung_levels(after.search))) {
      continue;
    }
    const std::string was = first_rung && before.search.early_stopping.minimum == 0
                                ? " (the first rung was " +
                                      std::to_string(rung_levels(before.search).front()) +
                                      ": say so to go on)"
                                : "";
    // The size of hyperband's last bracket follows from the number of trials.
    const bool grows = field.path == "search.trials" &&
                       after.search.trials > before.search.trials &&
                       after.search.early_stopping.rule != StoppingRule::hyperband;
    out.push_back({field.path + ": " + a + " -> " + b + was, !harmless(field.path) && !grows});
  }
  return out;
}

}  // namespace twostep
