#include "twostep/study/json_line.hpp"

#include <limits>
#include <string_view>
#include <utility>

#include "study/reader_context.hpp"
#include "twostep/study/spec_json.hpp"

namespace twostep {
// With the words that are no JSON in quotes, where they stand outside of texts.
std::string as_json(std::string_view line) {
  constexpr std::pair<std::string_view, std::string_view> words[] = {
      {"NaN", "\"nan\""}, {"-Infinity", "\"-inf\""}, {"Infinity", "\"inf\""}};
  std::string out;
  bool text = false;
  for (std::size_t i = 0; i < line.size(); ++i) {
    if (line[i] == '"') {
      text = !text;
    } else if (text && line[i] == '\\' && i + 1 < line.size()) {
      out += line[i++];
    } else if (!text) {
      bool replaced = false;
      for (const auto& [word, instead] : words) {
        if (line.compare(i, word.size(), word) == 0) {
          out += instead;
          i += word.size() - 1;
          replaced = true;
          break;
        }
      }
      if (replaced) {
        continue;
      }
    }
    out += line[i];
  }
  return out;
}

ConfigNode read_json_line(const std::string& line) {
  return read_json(as_json(line));
}

std::optional<double> json_number(const ConfigNode& node) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  if (node.quoted && node.scalar == "nan") {
    return std::numeric_limits<double>::quiet_NaN();
  }
  if (node.quoted && (node.scalar == "inf" || node.scalar == "-inf")) {
    return node.scalar == "inf" ? infinity : -infinity;
  }
  return parse_real(node);
}

}  // namespace twostep
