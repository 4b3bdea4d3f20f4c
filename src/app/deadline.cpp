#include "app/deadline.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <ctime>
#include <vector>

#include "twostep/base/error.hpp"

namespace twostep {
namespace {

constexpr double minute = 60;
constexpr double hour = 3600;
constexpr double day = 86400;

std::optional<double> parse_number(const std::string& text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  const bool whole = error == std::errc() && end == text.data() + text.size();
  return whole && value >= 0 && value < 1e12 ? std::optional(value) : std::nullopt;
}

std::vector<std::string> split(const std::string& text, char at) {
  std::vector<std::string> out(1);
  for (const char c : text) {
    if (c == at) {
      out.emplace_back();
    } else {
      out.back() += c;
    }
  }
  return out;
}

bool says_never(const std::string& text) {
  const std::array<const char*, 6> words{"", "NONE", "N/A", "Unknown", "UNLIMITED", "0"};
  return std::find(words.begin(), words.end(), text) != words.end();
}

}  // namespace

std::optional<double> parse_duration(const std::string& text, double unit) {
  if (text.empty()) {
    return std::nullopt;
  }
  const std::string units = "smhd";
  const double factors[] = {1, minute, hour, day};
  if (const auto at = units.find(text.back()); at != std::string::npos) {
    const auto value = parse_number(text.substr(0, text.size() - 1));
    return value ? std::optional(*value * factors[at]) : std::nullopt;
  }
  const auto days = split(text, '-');
  const auto parts = split(days.back(), ':');
  if (days.size() > 2 || parts.size() > 3) {
    return std::nullopt;
  }
  std::vector<double> values;
  for (const std::string& part : parts) {
    const auto value = parse_number(part);
    if (!value) {
      return std::nullopt;
    }
    values.push_back(*value);
  }
  if (days.size() == 2) {
    const auto whole = parse_number(days.front());
    values.resize(3);
    return whole ? std::optional(*whole * day + values[0] * hour + values[1] * minute + values[2])
                 : std::nullopt;
  }
  switch (values.size()) {
    case 1:
      return unit > 0 ? std::optional(values[0] * unit) : std::nullopt;
    case 2:
      return values[0] * minute + values[1];
    default:
      return values[0] * hour + values[1] * minute + values[2];
  }
}

std::optional<WallTime> parse_moment(const std::string& text) {
  if (const auto epoch = parse_number(text)) {
    return from_seconds(*epoch);
  }
  std::string local = text;
  const bool utc = local.ends_with("Z");
  if (utc) {
    local.pop_back();
  }
  std::tm parts{};
  const char* end = ::strptime(local.c_str(), "%Y-%m-%dT%H:%M:%S", &parts);
  if (end == nullptr || *end != '\0') {
    return std::nullopt;
  }
  parts.tm_isdst = -1;
  const std::time_t moment = utc ? ::timegm(&parts) : std::mktime(&parts);
  return std::chrono::seconds(moment);
}

std::optional<double> parse_time_left(const std::string& text) {
  const auto words = split(text.substr(0, text.find_last_not_of(" \n") + 1), ' ');
  const auto parts = split(words.front(), ':');
  if (words.size() != 2 || words.back() != "L" || parts.size() > 2) {
    return std::nullopt;
  }
  const auto hours = parts.size() == 2 ? parse_number(parts.front()) : std::optional(0.0);
  const auto minutes = parse_number(parts.back());
  return hours && minutes ? std::optional(*hours * hour + *minutes * minute) : std::nullopt;
}

std::string moment_text(WallTime moment) {
  const auto whole = static_cast<std::time_t>(seconds(moment));
  std::tm parts{};
  ::localtime_r(&whole, &parts);
  char text[32];
  std::strftime(text, sizeof text, "%Y-%m-%dT%H:%M:%S", &parts);
  return text;
}

std::optional<WallTime> find_deadline(const DeadlineOptions& options, WallTime now,
                                      const Lookup& environment) {
  if (!options.deadline.empty()) {
    if (says_never(options.deadline)) {
      return std::nullopt;
    }
    const auto moment = parse_moment(options.deadline);
    if (!moment) {
      throw Error(ErrorKind::usage, Problem{"--deadline", "not a time: " + options.deadline, "",
                                            "2026-11-25T18:40:00, or seconds since 1970"});
    }
    return moment;
  }
  if (!options.walltime.empty()) {
    const auto span = parse_duration(options.walltime, 0);
    if (!span || *span <= 0) {
      throw Error(ErrorKind::usage, Problem{"--walltime", "not a span of time: " + options.walltime,
                                            "", "2:00:00, 1-12:00:00, 90s, 45m or 2h"});
    }
    return now + from_seconds(*span);
  }
  // What a batch system says wrongly is no reason to stop a study.
  if (const auto end = environment("SLURM_JOB_END_TIME"); end && !says_never(*end)) {
    return parse_moment(*end);
  }
  for (const char* span : {"PBS_WALLTIME", "OAR_JOB_WALLTIME_SECONDS"}) {
    if (const auto value = environment(span); value && !says_never(*value)) {
      const auto length = parse_duration(*value, 1);
      return length ? std::optional(now + from_seconds(*length)) : std::nullopt;
    }
  }
  return std::nullopt;
}

Duration safety_margin(const DeadlineOptions& options, Duration left) {
  constexpr Duration least = std::chrono::seconds(10);
  constexpr Duration most = std::chrono::seconds(120);
  return options.margin >= 0 ? from_seconds(options.margin) : std::clamp(left / 20, least, most);
}

}  // namespace twostep
