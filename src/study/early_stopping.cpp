#include "twostep/study/early_stopping.hpp"

#include <algorithm>
#include <limits>

#include "study/names.hpp"
#include "twostep/study/spec.hpp"

namespace twostep {
namespace {

// Of an automatic first rung, in shares of the whole, where one epoch is no measure.
constexpr std::uint64_t automatic_share = 27;

std::uint64_t whole_of(const SearchSpec& search) {
  return search.early_stopping.fidelity == Fidelity::rows ? search.subset.rows
                                                          : search.budget.amount;
}

bool counts_epochs(const SearchSpec& search) {
  return search.early_stopping.fidelity == Fidelity::budget &&
         search.budget.unit == BudgetUnit::epochs;
}

std::uint64_t first_of(const SearchSpec& search) {
  if (search.early_stopping.minimum > 0) {
    return search.early_stopping.minimum;
  }
  return counts_epochs(search) ? 1 : std::max<std::uint64_t>(1, whole_of(search) / automatic_share);
}

std::uint64_t interval_of(const SearchSpec& search) {
  if (search.early_stopping.interval > 0) {
    return search.early_stopping.interval;
  }
  return counts_epochs(search) ? 1 : first_of(search);
}

// whole, whole / eta, whole / eta^2, ... down to the first.
std::vector<std::uint64_t> divided(std::uint64_t whole, std::uint64_t first, std::uint64_t eta) {
  std::vector<std::uint64_t> out;
  for (std::uint64_t divisor = 1; whole / divisor >= first; divisor *= eta) {
    out.push_back(whole / divisor);
    if (whole / divisor < eta) {
      break;
    }
  }
  std::reverse(out.begin(), out.end());
  return out;
}

std::vector<std::uint64_t> multiplied(std::uint64_t whole, std::uint64_t first, std::uint64_t eta) {
  std::vector<std::uint64_t> out;
  for (std::uint64_t level = first; level < whole; level *= eta) {
    out.push_back(level);
    if (level > whole / eta) {
      break;
    }
  }
  out.push_back(whole);
  return out;
}

bool grows_from_first(StoppingRule rule) {
  return rule == StoppingRule::asha || rule == StoppingRule::asha_promotion ||
         rule == StoppingRule::pasha;
}

}  // namespace

void settle_minimum(SearchSpec& search) {
  EarlyStoppingSpec& e = search.early_stopping;
  if (e.minimum > 0 || counts_epochs(search) || !grows_from_first(e.rule)) {
    return;
  }
  const std::uint64_t eta = std::max(2U, e.reduction_factor);
  std::uint64_t share = eta;
  while (share * eta <= automatic_share) {
    share *= eta;
  }
  const std::uint64_t first = (whole_of(search) + share - 1) / share;
  if (first < whole_of(search) && first <= std::numeric_limits<std::uint32_t>::max()) {
    e.minimum = static_cast<std::uint32_t>(first);
  }
}

std::vector<std::string> stopping_rule_names() {
  return {"none",   "asha",       "asha_promotion", "hyperband",
          "median", "percentile", "pasha",          "one_epoch"};
}

const char* name(StoppingRule rule) {
  static const std::vector<std::string> names = stopping_rule_names();
  return name_of(names, rule);
}

std::uint64_t rung_count(const SearchSpec& search) {
  const std::uint64_t whole = whole_of(search);
  const std::uint64_t first = first_of(search);
  switch (search.early_stopping.rule) {
    case StoppingRule::median:
    case StoppingRule::percentile:
      return first >= whole ? 1 : (whole - first - 1) / interval_of(search) + 2;
    default:
      return rung_levels(search).size();
  }
}

std::vector<std::uint64_t> rung_levels(const SearchSpec& search) {
  const std::uint64_t whole = whole_of(search);
  const std::uint64_t first = first_of(search);
  const std::uint64_t eta = std::max(2U, search.early_stopping.reduction_factor);
  std::vector<std::uint64_t> out;
  switch (search.early_stopping.rule) {
    case StoppingRule::none:
      return {whole};
    case StoppingRule::asha:
    case StoppingRule::asha_promotion:
    case StoppingRule::pasha:
      return multiplied(whole, first, eta);
    case StoppingRule::hyperband:
      out = divided(whole, first, eta);
      return out.empty() ? std::vector{whole} : out;
    case StoppingRule::median:
    case StoppingRule::percentile:
      for (std::uint64_t level = first; level < whole; level += interval_of(search)) {
        out.push_back(level);
      }
      break;
    case StoppingRule::one_epoch:
      if (first < whole) {
        out.push_back(first);
      }
      break;
  }
  out.push_back(whole);
  return out;
}

}  // namespace twostep
