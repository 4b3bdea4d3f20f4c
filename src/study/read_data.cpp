#include <algorithm>

#include "study/reader_context.hpp"

namespace twostep {
namespace {

using Kind = ConfigNode::Kind;

std::vector<std::string> read_paths(ReaderContext& context, const ConfigNode& node,
                                    const std::string& name) {
  std::vector<std::string> out;
  if (node.kind == Kind::scalar && !node.scalar.empty()) {
    return {node.scalar};
  }
  if (node.kind != Kind::sequence || node.items.empty()) {
    context.problem(node.where(), name + ": no files",
                    "expected a path or a list of paths, found " + describe(node), "");
    return out;
  }
  for (const ConfigNode& item : node.items) {
    if (item.kind == Kind::scalar && !item.scalar.empty()) {
      out.push_back(item.scalar);
    } else {
      context.problem(item.where(), name + ": not a path: " + describe(item), "", "");
    }
  }
  return out;
}

void read_files(ReaderContext& context, const ConfigNode& node) {
  DataSpec& data = context.spec.data;
  data.files_where = node.where();
  if (node.kind != Kind::map) {
    data.files = read_paths(context, node, "data.files");
    return;
  }
  data.split.kind = SplitKind::files;
  for (const auto& [key, value] : node.members) {
    if (key == "train") {
      data.files = read_paths(context, value, "data.files.train");
    } else if (key == "validation") {
      data.validation_files = read_paths(context, value, "data.files.validation");
    } else if (key == "test") {
      data.test_files = read_paths(context, value, "data.files.test");
    } else {
      const std::string near = nearest(key, {"train", "validation", "test"});
      context.problem(value.where(), "data.files: unknown key '" + key + "'",
                      "expected train, validation and test",
                      near.empty() ? "" : "did you mean '" + near + "'?");
    }
  }
  for (const char* key : {"train", "validation", "test"}) {
    if (!node.find(key)) {
      context.problem(node.where(), std::string("data.files: no '") + key + "' files",
                      "separate files per split need all three of train, validation and test", "");
    }
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

void read_variable_map(ReaderContext& context, const ConfigNode& item, const std::string& path,
                       VariableSpec& variable) {
  for (const auto& [key, value] : item.members) {
    if (key == "name" && value.kind == Kind::scalar) {
      variable.name = value.scalar;
    } else if (key == "transform") {
      read_transform(context, value, path, variable.transform);
    } else if (key == "offset" && parse_real(value)) {
      variable.offset = *parse_real(value);
    } else if (key == "offset" || key == "name") {
      context.problem(value.where(), path + ": " + key + ": wrong type: " + describe(value),
                      key == "name" ? "expected a text" : "expected a number", "");
    } else {
      const std::string near = nearest(key, {"name", "transform", "offset"});
      context.problem(value.where(), path + ": unknown key '" + key + "'",
                      "a variable has name, transform and offset",
                      near.empty() ? "" : "did you mean '" + near + "'?");
    }
  }
}

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

}  // namespace

void read_data_list(ReaderContext& context, const Field& field, const ConfigNode& node) {
  if (field.path == "data.files") {
    read_files(context, node);
  } else if (field.path == "data.inputs") {
    context.spec.data.inputs = read_variables(context, node, field.path);
  } else {
    context.spec.data.targets = read_variables(context, node, field.path);
  }
}

}  // namespace twostep
