// The lists of variables: name, transform, and which part of an array is meant.
#include <algorithm>

#include "study/reader_context.hpp"

namespace twostep {

using Kind = ConfigNode::Kind;

std::vector<std::string> read_names(ReaderContext& context, const ConfigNode& node,
                                    const std::string& name, const std::string& kind) {
  std::vector<std::string> out;
  if (node.kind != Kind::sequence || node.items.empty()) {
    context.problem(node.where(), name + ": wrong type: " + describe(node),
                    "expected a list of " + kind + " names", "as in [time, ncol]");
    return out;
  }
  for (const ConfigNode& item : node.items) {
    if (item.kind == Kind::scalar && !item.scalar.empty()) {
      out.push_back(item.scalar);
    } else {
      context.problem(item.where(), name + ": not a name: " + describe(item), "", "");
    }
  }
  return out;
}

namespace {

void read_weight(ReaderContext& context, const ConfigNode& node, const std::string& path,
                 std::vector<double>& out) {
  if (path == "data.inputs") {
    context.problem(node.where(), path + ": weight: only targets have one", "",
                    "data.weights names a variable that weights the rows");
    return;
  }
  const std::vector<ConfigNode> one{node};
  for (const ConfigNode& item : node.kind == Kind::sequence ? node.items : one) {
    const auto v = parse_real(item);
    if (!v || *v < 0) {
      context.problem(item.where(), path + ": weight: out of range: " + describe(item),
                      "expected a number, not below 0, or a list of them, one for each column", "");
      return;
    }
    out.push_back(*v);
  }
  if (std::none_of(out.begin(), out.end(), [](double v) { return v > 0; })) {
    context.problem(node.where(), path + ": weight: nothing above 0",
                    "such a target would not be learnt", "leave it out of the targets");
  }
}

bool read_transform(ReaderContext& context, const ConfigNode& node, const std::string& name,
                    Transform& out) {
  const std::vector<std::string> names{"none", "log10", "log", "sqrt"};
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (node.kind == Kind::scalar && node.scalar == names[i]) {
      out = static_cast<Transform>(i);
      return true;
    }
  }
  const std::string near = node.kind == Kind::scalar ? nearest(node.scalar, names) : "";
  context.problem(node.where(), name + ": no such transform: " + describe(node),
                  "expected none, log10, log or sqrt",
                  near.empty() ? "" : "did you mean '" + near + "'?");
  return false;
}

std::optional<std::uint64_t> read_level(ReaderContext& context, const ConfigNode& node,
                                        const std::string& name) {
  const auto v = parse_integer(node);
  if (v && *v >= 0) {
    return static_cast<std::uint64_t>(*v);
  }
  context.problem(node.where(), name + ": not a level: " + describe(node),
                  "levels are whole numbers, counted from 0", "");
  return std::nullopt;
}

void read_level_range(ReaderContext& context, const ConfigNode& node, const std::string& name,
                      LevelSelection& out) {
  for (const auto& [key, value] : node.members) {
    const auto v = read_level(context, value, name + ": " + key);
    if (v) {
      (key == "from" ? out.from : key == "to" ? out.to : out.step) = *v;
    }
  }
  if (out.step == 0) {
    context.problem(node.where(), name + ": the step is 0", "", "give a step of 1 or more");
    out.step = 1;
  }
  if (out.from > out.to) {
    context.problem(node.where(), name + ": `from` is above `to`", "`to` is included",
                    "exchange them");
    out.to = out.from;
  }
}

bool is_level_range(const ConfigNode& node) {
  return node.kind == Kind::map && !node.members.empty() &&
         std::all_of(node.members.begin(), node.members.end(), [](const auto& member) {
           return member.first == "from" || member.first == "to" || member.first == "step";
         });
}

// 5, [0, 5, 10], or {from: 0, to: 20, step: 5}.
void read_selection(ReaderContext& context, const ConfigNode& node, const std::string& name,
                    LevelSelection out, std::vector<LevelSelection>& selections) {
  if (is_level_range(node)) {
    read_level_range(context, node, name, out);
  } else if (node.kind == Kind::scalar || (node.kind == Kind::sequence && !node.items.empty())) {
    const std::vector<ConfigNode> one{node};
    for (const ConfigNode& item : node.kind == Kind::scalar ? one : node.items) {
      const auto level = read_level(context, item, name);
      if (level && !out.list.empty() && *level <= out.list.back()) {
        context.problem(item.where(), name + ": levels must ascend",
                        std::to_string(*level) + " comes after " + std::to_string(out.list.back()),
                        "sort them; each may stand there once");
      } else if (level) {
        out.list.push_back(*level);
      }
    }
    if (out.list.empty()) {
      return;
    }
  } else {
    context.problem(node.where(), name + ": wrong type: " + describe(node),
                    "expected levels, counted from 0",
                    "write [0, 5, 10], or {from: 0, to: 20, step: 5}, or {lev: [0, 5, 10]}");
    return;
  }
  selections.push_back(std::move(out));
}

void read_levels(ReaderContext& context, const ConfigNode& node, const std::string& name,
                 std::vector<LevelSelection>& selections) {
  if (node.kind != Kind::map || node.members.empty() || is_level_range(node)) {
    read_selection(context, node, name, {}, selections);
    return;
  }
  for (const auto& [dimension, value] : node.members) {
    LevelSelection selection;
    selection.dimension = dimension;
    read_selection(context, value, name + " of " + dimension, selection, selections);
  }
}

void read_variable_map(ReaderContext& context, const ConfigNode& item, const std::string& path,
                       VariableSpec& variable) {
  for (const auto& [key, value] : item.members) {
    if (key == "name" && value.kind == Kind::scalar) {
      variable.name = value.scalar;
    } else if (key == "dimensions") {
      variable.dimensions = read_names(context, value, path + ": dimensions", "dimension");
    } else if (key == "levels") {
      read_levels(context, value, path + ": levels", variable.levels);
    } else if (key == "transform") {
      read_transform(context, value, path, variable.transform);
    } else if (key == "weight") {
      read_weight(context, value, path, variable.weight);
    } else if (key == "offset" && parse_real(value)) {
      variable.offset = *parse_real(value);
    } else if (key == "offset" || key == "name") {
      context.problem(value.where(), path + ": " + key + ": wrong type: " + describe(value),
                      key == "name" ? "expected a text" : "expected a number", "");
    } else {
      const std::string near =
          nearest(key, {"name", "transform", "offset", "dimensions", "levels", "weight"});
      context.problem(
          value.where(), path + ": unknown key '" + key + "'",
          "a variable has name, transform, offset, dimensions, levels and (targets) weight",
          near.empty() ? "" : "did you mean '" + near + "'?");
    }
  }
}

}  // namespace

std::vector<VariableSpec> read_variables(ReaderContext& context, const ConfigNode& node,
                                         const std::string& path) {
  std::vector<VariableSpec> out;
  if (node.kind != Kind::sequence || node.items.empty()) {
    context.problem(node.where(), path + ": no variables",
                    "expected a list of variables, found " + describe(node),
                    "write " + path.substr(5) + ": [a, {name: b, transform: log10}]");
    return out;
  }
  for (const ConfigNode& item : node.items) {
    VariableSpec variable;
    variable.where = item.where();
    if (item.kind == Kind::scalar && !item.scalar.empty()) {
      variable.name = item.scalar;
    } else if (item.kind == Kind::map) {
      read_variable_map(context, item, path, variable);
    }
    if (variable.name.empty()) {
      context.problem(item.where(), path + ": a variable without a name: " + describe(item), "",
                      "write its name, or {name: ..., transform: ...}");
      continue;
    }
    const bool twice = std::any_of(out.begin(), out.end(),
                                   [&](const VariableSpec& v) { return v.name == variable.name; });
    if (twice) {
      context.problem(item.where(), path + ": the same variable twice: " + variable.name, "",
                      "remove one");
      continue;
    }
    out.push_back(variable);
  }
  return out;
}

}  // namespace twostep
