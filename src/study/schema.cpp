#include <algorithm>

#include "twostep/study/fields.hpp"

namespace twostep {
namespace {

constexpr std::size_t page_width = 100;

std::vector<std::string> split_path(const std::string& path) {
  std::vector<std::string> out;
  for (std::size_t from = 0; from <= path.size();) {
    const std::size_t dot = std::min(path.find('.', from), path.size());
    out.push_back(path.substr(from, dot - from));
    from = dot + 1;
  }
  return out;
}

std::string wrap(const std::string& text, const std::string& prefix) {
  std::string out;
  std::string line = prefix;
  std::size_t at = 0;
  while (at < text.size()) {
    const std::size_t end = std::min(text.find(' ', at), text.size());
    const std::string word = text.substr(at, end - at);
    if (line.size() > prefix.size() && line.size() + 1 + word.size() > page_width) {
      out += line + "\n";
      line = prefix;
    }
    line += (line.size() > prefix.size() ? " " : "") + word;
    at = end + 1;
  }
  return out + line + "\n";
}

std::string join(const std::vector<std::string>& words) {
  std::string out;
  for (const std::string& word : words) {
    out += (out.empty() ? "" : ", ") + word;
  }
  return out;
}

std::string limit(double value) {
  return to_text(Value(value));
}

// "integer 1..100, rows", "one of a, b", "text"
std::string kind(const Field& field) {
  std::string out;
  const bool bounded = field.high > field.low && field.high < 1e14;
  switch (field.type) {
    case FieldType::text:
      out = "text";
      break;
    case FieldType::list:
      out = "list";
      break;
    case FieldType::map:
      out = "mapping";
      break;
    case FieldType::any:
      out = "value";
      break;
    case FieldType::boolean:
      out = "true or false";
      break;
    case FieldType::choice:
      out = "one of " + join(field.choices);
      break;
    case FieldType::integer:
    case FieldType::real:
      out = field.type == FieldType::integer ? "integer" : "number";
      if (bounded && field.high < 1e9) {
        out += " " + limit(field.low) + ".." + limit(field.high);
      } else if (field.low > 0) {
        out += field.type == FieldType::integer ? " >= " + limit(field.low) : " > 0";
      }
      break;
  }
  return out + (field.unit.empty() ? "" : ", " + field.unit);
}

std::string standing(const Field& field) {
  if (field.required) {
    return "required";
  }
  return field.default_text.empty() ? "optional" : "default " + field.default_text;
}

}  // namespace

std::string schema_text() {
  std::string out =
      "Every option of the study file. Options marked * take a constant or a range:\n"
      "  {int: [low, high]}  {float: [low, high], log: true}  {choice: [a, b]}  and, beside it,\n"
      "  step: a grid of values; per: layer (width, dropout); when: {optimizer: sgd} (only then)\n";
  std::string section;
  for (const Field& field : fields()) {
    const std::string here = field.path.substr(0, field.path.find('.'));
    if (here != section) {
      out += "\n" + here + "\n";
      section = here;
    }
    const std::string name = here == field.path ? "NAME" : field.path.substr(here.size() + 1);
    const std::string head = "  " + name + (field.tunable ? "*" : "");
    const std::string type = "(" + kind(field) + "; " + standing(field) + ")";
    const bool fits = head.size() + 2 + type.size() <= page_width;
    out += head + (fits ? "  " + type + "\n" : "\n" + wrap(type, "      "));
    out += wrap(field.sentence, "      ");
  }
  return out;
}

std::string annotated_yaml() {
  std::string out =
      "# A study file with every option. What is commented out is the alternative to its\n"
      "# neighbour. Options marked (*) take a constant or a range:\n"
      "#   {int: [low, high]}, {float: [low, high], log: true}, {choice: [a, b]}, and beside it\n"
      "#   step: a grid of values; per: layer (width, dropout); when: {optimizer: sgd} (only "
      "then).\n"
      "# Made by `twostep schema --format yaml`.\n";
  std::vector<std::string> open;
  for (const Field& field : fields()) {
    const std::vector<std::string> path = split_path(field.path);
    const std::size_t depth = path.size() - 1;
    std::size_t same = 0;
    while (same < std::min(open.size(), depth) && open[same] == path[same]) {
      ++same;
    }
    open.resize(same);
    for (; open.size() < depth; open.push_back(path[open.size()])) {
      out += (open.empty() ? "\n" : "") + std::string(2 * open.size(), ' ') + path[open.size()] +
             ":\n";
    }
    const std::string indent(2 * depth, ' ');
    out += wrap(field.sentence + (field.tunable ? " (*)" : "") + " [" + kind(field) + "; " +
                    standing(field) + "]",
                indent + "# ");
    const std::string value = field.example.empty() ? field.default_text : field.example;
    out += indent + (value.empty() ? "# " + path.back() + ":" : path.back() + ": " + value) + "\n";
  }
  return out;
}

std::string config_markdown() {
  std::string out =
      "# The study file\n\n"
      "Made by `twostep schema --format markdown` from the table that the reader itself uses; do "
      "not edit it\nhere. `configs/annotated.yaml` is the same as a study file.\n\n"
      "A hyperparameter (marked `*`) is a constant or a range:\n\n"
      "| written | means |\n| --- | --- |\n"
      "| `0.001` | always this value |\n"
      "| `{int: [1, 6]}` | whole numbers, both ends included |\n"
      "| `{float: [1e-4, 1e-1], log: true}` | real numbers, evenly spread in the logarithm |\n"
      "| `{int: [8, 256], step: 8}` | only 8, 16, 24, ... |\n"
      "| `{choice: [relu, tanh]}` | one of these |\n"
      "| `{int: [8, 256], per: layer}` | `model.width` and `model.dropout` only: a dimension of "
      "its own for each layer that exists |\n"
      "| `{float: [0.5, 0.99], when: {optimizer: sgd}}` | a dimension that exists only then |\n";
  std::string section;
  for (const Field& field : fields()) {
    const std::string here = field.path.substr(0, field.path.find('.'));
    if (here != section) {
      out +=
          "\n## " + here + "\n\n| option | type | default | meaning |\n| --- | --- | --- | --- |\n";
      section = here;
    }
    out += "| `" + field.path + "`" + (field.tunable ? " `*`" : "") + " | " + kind(field) + " | " +
           (field.required               ? "required"
            : field.default_text.empty() ? ""
                                         : "`" + field.default_text + "`") +
           " | " + field.sentence + " |\n";
  }
  return out;
}

}  // namespace twostep
