#include "app/said_values.hpp"

#include <algorithm>
#include <limits>
#include <nlohmann/json.hpp>

namespace twostep {
namespace {

using SaidJson = nlohmann::json;

// Python writes NaN and Infinity, which JSON does not know.
std::string without_specials(std::string line) {
  for (const std::string word : {"-Infinity", "Infinity", "NaN"}) {
    for (std::size_t at = 0; (at = line.find(word, at)) != std::string::npos;) {
      line.replace(at, word.size(), "null");
    }
  }
  return line;
}

std::optional<double> number_at(const SaidJson& json, const char* key) {
  const auto found = json.find(key);
  return found != json.end() && found->is_number() ? std::optional(found->get<double>())
                                                   : std::nullopt;
}

std::uint64_t count_at(const SaidJson& json, const char* key) {
  const double value = number_at(json, key).value_or(0);
  return value >= 1 && value < 1e15 ? static_cast<std::uint64_t>(value) : 0;
}

}  // namespace

std::optional<SaidValue> parse_said(const std::string& line) {
  const std::size_t first = line.find_first_not_of(" \t");
  if (line.size() > longest_line || first == std::string::npos || line[first] != '{') {
    return std::nullopt;
  }
  SaidJson json = SaidJson::parse(line, nullptr, false);
  if (json.is_discarded()) {
    json = SaidJson::parse(without_specials(line), nullptr, false);
  }
  if (!json.is_object() || !json.contains("value")) {
    return std::nullopt;
  }
  SaidValue out;
  out.value = number_at(json, "value").value_or(std::numeric_limits<double>::quiet_NaN());
  out.at = std::max(count_at(json, "epoch"), count_at(json, "step"));
  out.parameters = number_at(json, "parameters");
  out.inference_seconds = number_at(json, "inference_seconds");
  return out;
}

void SaidCurve::add(std::uint64_t at, double value) {
  points_[at] = value;
  if (points_.size() <= most) {
    return;
  }
  for (auto point = points_.begin(); point != points_.end() && std::next(point) != points_.end();) {
    point = std::next(points_.erase(point));
  }
}

}  // namespace twostep
