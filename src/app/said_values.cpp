#include "app/said_values.hpp"

#include <algorithm>
#include <cmath>
#include <cstdlib>
#include <iterator>
#include <limits>
#include <nlohmann/json.hpp>

#include "twostep/base/utf8.hpp"
#include "twostep/study/algorithm.hpp"

namespace twostep {
namespace {

using SaidJson = nlohmann::json;

constexpr double no_value = std::numeric_limits<double>::quiet_NaN();

// With null for what JSON has no number for and programs write all the same: NaN, Infinity, and
// numbers beyond the range of a double. Texts stay as they are.
std::string without_specials(std::string_view line) {
  constexpr std::string_view of_numbers = "+-.0123456789eE";
  std::string out;
  bool text = false;
  for (std::size_t i = 0; i < line.size();) {
    const char c = line[i];
    std::size_t taken = 1;
    std::string_view instead = line.substr(i, 1);
    if (c == '"') {
      text = !text;
    } else if (text) {
      taken = c == '\\' ? 2 : 1;
      instead = line.substr(i, taken);
    } else if (c == '-' || (c >= '0' && c <= '9')) {
      const std::size_t end = std::min(line.find_first_not_of(of_numbers, i), line.size());
      taken = end - i;
      instead = line.substr(i, taken);
      if (std::isinf(std::strtod(std::string(instead).c_str(), nullptr))) {
        instead = "null";
      } else if (line.substr(i).starts_with("-Infinity")) {
        taken = std::string_view("-Infinity").size();
        instead = "null";
      }
    } else {
      for (const std::string_view word : {"NaN", "Infinity"}) {
        if (line.substr(i).starts_with(word)) {
          taken = word.size();
          instead = "null";
        }
      }
    }
    out += instead;
    i += taken;
  }
  return out;
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

// Where a control sequence ends that begins at `at` with ESC (ECMA-48; OSC too).
std::size_t end_of_sequence(std::string_view text, std::size_t at) {
  if (at + 1 >= text.size()) {
    return text.size();
  }
  if (text[at + 1] == ']') {
    const std::size_t bell = text.find('\a', at);
    const std::size_t end = text.find("\x1b\\", at + 1);
    return std::min({bell == std::string_view::npos ? bell : bell + 1,
                     end == std::string_view::npos ? end : end + 2, text.size()});
  }
  std::size_t end = at + 2;
  if (text[at + 1] == '[') {
    while (end < text.size() && (text[end] < 0x40 || text[end] > 0x7e)) {
      ++end;
    }
    ++end;
  }
  return std::min(end, text.size());
}

}  // namespace

std::optional<SaidValue> parse_said(std::string_view line) {
  // A progress bar before it leaves it on a line of its own only to a terminal.
  while (!line.empty() && (line.back() == '\r' || line.back() == ' ')) {
    line.remove_suffix(1);
  }
  if (const std::size_t back = line.rfind('\r'); back != std::string_view::npos) {
    line.remove_prefix(back + 1);
  }
  const std::size_t first = line.find_first_not_of(" \t");
  if (line.size() > SaidCurve::longest_line || first == std::string_view::npos ||
      line[first] != '{') {
    return std::nullopt;
  }
  const std::string text = without_specials(as_utf8(line));
  const SaidJson json = SaidJson::parse(text, nullptr, false);
  if (!json.is_object() || !json.contains("value")) {
    return std::nullopt;
  }
  SaidValue out;
  out.value = number_at(json, "value").value_or(no_value);
  out.at = std::max(count_at(json, "epoch"), count_at(json, "step"));
  out.parameters = number_at(json, "parameters");
  out.inference_seconds = number_at(json, "inference_seconds");
  return out;
}

std::string lacking_of(const SaidValue& said, SecondObjective second) {
  const bool time = second == SecondObjective::inference_seconds;
  if (!time && second != SecondObjective::parameters) {
    return "";  // what twostep measures itself
  }
  const std::optional<double> given = time ? said.inference_seconds : said.parameters;
  const double least = time ? 0 : 1;  // parameters are counted in whole numbers
  if (given && *given >= least && std::isfinite(*given)) {
    return "";
  }
  const std::string key = name(second);
  const char* wrong = !given           ? "no "
                      : *given < 0     ? "negative "
                      : *given < least ? "less than one of "
                                       : "infinite ";
  return "the command's last value came with " + std::string(wrong) + key +
         ", which search.second_objective weighs it against; it should print lines like "
         "{\"value\": 0.25, \"" +
         key + "\": " + (time ? "2e-6}" : "1200}");
}

void SaidCurve::hear(std::string_view text) {
  while (!text.empty() && !diverged_ && !reached_) {
    const std::size_t end = text.find('\n');
    // One byte more than may be says that it is too long.
    const std::size_t room = longest_line + 1 - line_.size();
    line_ += text.substr(0, std::min(end, room));
    if (end == std::string_view::npos) {
      return;
    }
    hear_line();
    text.remove_prefix(end + 1);
  }
}

void SaidCurve::hear_end() {
  if (!diverged_ && !reached_) {
    hear_line();
  }
}

void SaidCurve::hear_line() {
  const auto said = parse_said(line_);
  line_.clear();
  if (!said) {
    return;
  }
  ++said_;
  last_ = *said;
  last_.value = maximise_ ? -said->value : said->value;
  const std::uint64_t at = said->at > 0 ? said->at : said_;
  points_.erase(points_.lower_bound(at), points_.end());
  points_[at] = last_.value;
  thin();
  diverged_ = !std::isfinite(last_.value);
  reached_ = !diverged_ && until_ > 0 && at >= until_;
}

void SaidCurve::thin() {
  if (points_.size() <= most_points) {
    return;
  }
  bool keep = true;
  for (auto point = points_.begin(); std::next(point) != points_.end();) {
    point = keep ? std::next(point) : points_.erase(point);
    keep = !keep;
  }
}

std::string last_words(std::string_view printed, std::size_t most) {
  // Some of it is no letters; more than this is not looked at.
  constexpr std::size_t looked_at = 16;
  printed.remove_prefix(printed.size() - std::min(printed.size(), looked_at * most));
  std::string out;
  std::size_t line = 0;
  for (std::size_t i = 0; i < printed.size(); ++i) {
    const char c = printed[i];
    if (c == '\x1b') {
      i = end_of_sequence(printed, i) - 1;
    } else if (c == '\r') {
      if (i + 1 < printed.size() && printed[i + 1] != '\n') {
        out.resize(line);
      }
    } else if (c == '\n') {
      out += c;
      line = out.size();
    } else if (static_cast<unsigned char>(c) >= 0x20 && c != 0x7f) {
      out += c;
    } else if (c == '\t') {
      out += ' ';
    }
  }
  out.erase(out.find_last_not_of(" \n") + 1);
  out = as_utf8(out);
  if (out.size() > most) {
    out.erase(0, out.size() - most);
    const std::size_t end = out.find('\n');
    out.erase(0, end == std::string::npos ? 0 : end + 1);
    while (!out.empty() && (static_cast<unsigned char>(out[0]) & 0xC0U) == 0x80) {
      out.erase(0, 1);  // not from the middle of a character
    }
  }
  return out;
}

}  // namespace twostep
