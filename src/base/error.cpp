#include "twostep/base/error.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "twostep/base/check.hpp"

namespace twostep {
namespace {

struct KindInfo {
  ErrorKind kind;
  const char* name;
  int exit_code;
};

constexpr std::array<KindInfo, 8> kinds{{{ErrorKind::usage, "usage", 2},
                                         {ErrorKind::config, "config", 3},
                                         {ErrorKind::data, "data", 4},
                                         {ErrorKind::study, "study", 5},
                                         {ErrorKind::io, "io", 6},
                                         {ErrorKind::resources, "resources", 7},
                                         {ErrorKind::trial, "trial", 8},
                                         {ErrorKind::internal, "internal", 1}}};

std::size_t edit_distance(const std::string& a, const std::string& b) {
  std::vector<std::size_t> row(b.size() + 1);
  for (std::size_t j = 0; j <= b.size(); ++j) {
    row[j] = j;
  }
  for (std::size_t i = 1; i <= a.size(); ++i) {
    std::size_t diagonal = row[0];
    row[0] = i;
    for (std::size_t j = 1; j <= b.size(); ++j) {
      const std::size_t substitute = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
      diagonal = row[j];
      row[j] = std::min({row[j] + 1, row[j - 1] + 1, substitute});
    }
  }
  return row[b.size()];
}

// Names out of other people's files must not command the terminal.
std::string printable(std::string text) {
  std::replace_if(
      text.begin(), text.end(),
      [](char c) { return (c >= 0 && c < ' ' && c != '\n' && c != '\t') || c == 0x7f; }, '?');
  return text;
}

}  // namespace

std::string Problem::text() const {
  std::string out = where.empty() ? what : where + ": " + what;
  if (!why.empty()) {
    out += "\n  why: " + why;
  }
  if (!hint.empty()) {
    out += "\n  hint: " + hint;
  }
  return printable(std::move(out));
}

Error::Error(ErrorKind kind, Problem problem)
    : Error(kind, std::vector<Problem>{std::move(problem)}) {}

Error::Error(ErrorKind kind, std::vector<Problem> problems)
    : kind_(kind), problems_(std::move(problems)) {
  TWOSTEP_REQUIRE(!problems_.empty());
  for (const Problem& problem : problems_) {
    text_ += (text_.empty() ? "" : "\n") + problem.text();
  }
}

int exit_code(ErrorKind kind) noexcept {
  const auto* info =
      std::find_if(kinds.begin(), kinds.end(), [&](const KindInfo& k) { return k.kind == kind; });
  return info == kinds.end() ? 1 : info->exit_code;
}

const char* name(ErrorKind kind) noexcept {
  const auto* info =
      std::find_if(kinds.begin(), kinds.end(), [&](const KindInfo& k) { return k.kind == kind; });
  return info == kinds.end() ? "internal" : info->name;
}

ErrorKind error_kind_from_name(const std::string& name) noexcept {
  const auto* info =
      std::find_if(kinds.begin(), kinds.end(), [&](const KindInfo& k) { return k.name == name; });
  return info == kinds.end() ? ErrorKind::internal : info->kind;
}

std::string nearest(const std::string& word, const std::vector<std::string>& candidates) {
  std::string best;
  std::size_t best_distance = std::max<std::size_t>(2, word.size() / 3) + 1;
  for (const std::string& candidate : candidates) {
    const std::size_t distance = edit_distance(word, candidate);
    if (distance < best_distance) {
      best_distance = distance;
      best = candidate;
    }
  }
  return best;
}

}  // namespace twostep
