#include "twostep/study/spec_reader.hpp"

#include <algorithm>

#include "study/reader_context.hpp"
#include "twostep/base/check.hpp"

namespace twostep {
namespace {

using Kind = ConfigNode::Kind;

// Paths of the options and sections directly below a section ("" for the file itself).
std::vector<std::string> names_below(const std::string& section) {
  std::vector<std::string> out;
  const std::string prefix = section.empty() ? "" : section + ".";
  for (const Field& field : fields()) {
    if (field.path.starts_with(prefix)) {
      const std::string rest = field.path.substr(prefix.size());
      const std::string name = rest.substr(0, rest.find('.'));
      if (std::find(out.begin(), out.end(), name) == out.end()) {
        out.push_back(name);
      }
    }
  }
  return out;
}

void store(StudySpec& spec, const Field& field, const Value& value) {
  const Slot slot = field.slot(spec);
  const auto integer = [&] { return std::get<std::int64_t>(value); };
  if (auto* const* text = std::get_if<std::string*>(&slot)) {
    **text = std::get<std::string>(value);
  } else if (auto* const* flag = std::get_if<bool*>(&slot)) {
    **flag = std::get<bool>(value);
  } else if (auto* const* u32 = std::get_if<std::uint32_t*>(&slot)) {
    **u32 = static_cast<std::uint32_t>(integer());
  } else if (auto* const* u64 = std::get_if<std::uint64_t*>(&slot)) {
    **u64 = static_cast<std::uint64_t>(integer());
  } else if (auto* const* real = std::get_if<double*>(&slot)) {
    **real = std::get<double>(value);
  } else if (const auto* choice = std::get_if<EnumSlot>(&slot)) {
    const auto found =
        std::find(field.choices.begin(), field.choices.end(), std::get<std::string>(value));
    TWOSTEP_CHECK(found != field.choices.end());
    choice->set(choice->target, static_cast<std::size_t>(found - field.choices.begin()));
  } else if (const auto* budget = std::get_if<BudgetSlot>(&slot)) {
    budget->budget->unit = budget->unit;
    budget->budget->amount = static_cast<std::uint64_t>(integer());
  } else if (const auto* automatic = std::get_if<AutoSlot>(&slot)) {
    *automatic->value = static_cast<std::uint32_t>(integer());
  }
}

void read_field(ReaderContext& context, const Field& field, const ConfigNode& node) {
  if (field.tunable) {
    read_setting(context, field, node);
    return;
  }
  if (field.type == FieldType::map) {
    read_space(context, node);
    return;
  }
  if (field.path == "search.try_first") {
    keep_try_first(context, node);
    return;
  }
  if (field.type == FieldType::list) {
    read_data_list(context, field, node);
    return;
  }
  const bool automatic = std::holds_alternative<AutoSlot>(field.slot(context.spec));
  if (automatic && node.kind == Kind::scalar && node.scalar == "auto") {
    return;
  }
  if (const auto value = read_value(context, field, node, field.path)) {
    store(context.spec, field, *value);
  }
}

void read_section(ReaderContext& context, const std::string& section, const ConfigNode& node) {
  if (node.kind == Kind::null) {
    return;
  }
  const std::vector<std::string> names = names_below(section);
  if (node.kind != Kind::map) {
    std::string list;
    for (const std::string& name : names) {
      list += (list.empty() ? "" : ", ") + name;
    }
    context.problem(node.where(),
                    (section.empty() ? "the study file" : section) + " is " + describe(node),
                    "expected a mapping with " + list, "");
    return;
  }
  std::vector<std::string> seen;
  for (std::size_t i = 0; i < node.members.size(); ++i) {
    const auto& [key, value] = node.members[i];
    const std::string path = section.empty() ? key : section + "." + key;
    ConfigNode key_node = value;
    key_node.line = i < node.key_lines.size() ? node.key_lines[i] : value.line;
    const std::string at = key_node.where();
    if (std::find(seen.begin(), seen.end(), key) != seen.end()) {
      context.problem(at, "the same key twice: " + path, "", "remove one");
      continue;
    }
    seen.push_back(key);
    context.where[path] = at;
    if (const Field* field = find_field(path)) {
      read_field(context, *field, value);
    } else if (std::find(names.begin(), names.end(), key) != names.end()) {
      read_section(context, path, value);
    } else {
      const std::string near = nearest(key, names);
      std::string hint = near.empty() ? "" : "did you mean '" + near + "'?";
      if (near.empty()) {
        for (const std::string& name : names) {
          hint += (hint.empty() ? "known here: " : ", ") + name;
        }
      }
      context.problem(at, "unknown key: " + path,
                      section.empty() ? "" : "there is no such option in " + section, hint);
    }
  }
}

void complete(ReaderContext& context) {
  std::vector<Setting> ordered;
  for (const Field& field : fields()) {
    const bool needed = field.required && context.use == StudyUse::run &&
                        !(context.spec.runs_command() && field.path.starts_with("data."));
    if (needed && !context.given(field.path)) {
      context.problem(context.file, "missing: " + field.path, field.sentence,
                      "add it, for example " + field.path.substr(field.path.rfind('.') + 1) + ": " +
                          field.example);
    }
    if (!field.tunable) {
      continue;
    }
    auto& settings = context.spec.settings;
    const auto found = std::find_if(settings.begin(), settings.end(),
                                    [&](const Setting& s) { return s.path == field.path; });
    if (found != settings.end()) {
      ordered.push_back(*found);
    } else {
      Setting setting;
      setting.path = field.path;
      setting.constant = default_value(field);
      setting.where = context.file;
      ordered.push_back(std::move(setting));
    }
  }
  context.spec.settings = std::move(ordered);
}

}  // namespace

StudySpec read_spec(const ConfigNode& root, StudyUse use) {
  ReaderContext context;
  context.file = root.file;
  context.use = use;
  read_section(context, "", root);
  complete(context);
  check_spec(context);
  if (!context.problems.empty()) {
    throw Error(ErrorKind::config, context.problems);
  }
  return context.spec;
}

}  // namespace twostep
