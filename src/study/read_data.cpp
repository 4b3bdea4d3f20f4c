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

// Words of a command, the first of which names a program. Numbers are words as well.
void read_command(ReaderContext& context, const ConfigNode& node) {
  std::vector<std::string>& command = context.spec.trainer.command;
  context.spec.trainer.command_at.text = node.where();
  const bool list = node.kind == Kind::sequence && !node.items.empty();
  for (const ConfigNode& item : list ? node.items : std::vector<ConfigNode>()) {
    if (item.kind == Kind::scalar && item.scalar.find('\0') == std::string::npos) {
      command.push_back(item.scalar);
    } else {
      context.problem(item.where(), "trainer.command: not a word: " + describe(item), "", "");
    }
  }
  if (!list || command.empty() || command.front().empty()) {
    context.problem(node.where(), "trainer.command names no program",
                    "expected a list of words, found " + describe(node) + "; no shell reads it",
                    "write [python3, train.py]");
  }
}

void read_rows(ReaderContext& context, const ConfigNode& node) {
  context.spec.data.rows_where = node.where();
  std::vector<std::string>& rows = context.spec.data.rows;
  rows = read_names(context, node, "data.rows", "dimension");
  for (std::size_t i = 0; i < rows.size(); ++i) {
    if (std::find(rows.begin(), rows.begin() + static_cast<long>(i), rows[i]) !=
        rows.begin() + static_cast<long>(i)) {
      context.problem(node.where(), "data.rows: the same dimension twice: " + rows[i], "",
                      "remove one");
    }
  }
}

}  // namespace

void read_data_list(ReaderContext& context, const Field& field, const ConfigNode& node) {
  if (field.path == "data.files") {
    read_files(context, node);
  } else if (field.path == "data.inputs") {
    context.spec.data.inputs = read_variables(context, node, field.path);
  } else if (field.path == "trainer.command") {
    read_command(context, node);
  } else if (field.path == "data.rows") {
    read_rows(context, node);
  } else {
    context.spec.data.targets = read_variables(context, node, field.path);
  }
}

}  // namespace twostep
