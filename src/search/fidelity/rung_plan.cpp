#include "twostep/search/rung_plan.hpp"

#include <algorithm>
#include <cmath>

#include "search/fidelity/rules.hpp"
#include "twostep/base/check.hpp"

namespace twostep {
namespace {

// least: come to every rung, however few there are.
std::vector<double> halved_trials(double trials, double eta, std::size_t rungs, double least) {
  std::vector<double> out;
  for (std::size_t i = 0; i < rungs; ++i) {
    out.push_back(std::max(least, trials));
    trials = std::floor(trials / eta);
  }
  return out;
}

// What comes of each bracket of hyperband: visit(rung, its trials there, whether they begin there).
template <class Visit>
void walk_brackets(const StudySpec& spec, std::size_t rungs, Visit visit) {
  const EarlyStoppingSpec& e = spec.search.early_stopping;
  const std::vector<std::uint64_t> sizes = bracket_sizes(rungs, e.reduction_factor, e.brackets);
  std::uint64_t left = spec.search.trials;
  for (std::size_t kind = 0; left > 0; kind = (kind + 1) % sizes.size()) {
    const std::uint64_t n = std::min(left, sizes[kind]);
    left -= n;
    std::uint64_t there = n;
    std::uint64_t share = 1;
    for (std::size_t rung = kind; rung < rungs; ++rung) {
      visit(rung, static_cast<double>(there), rung == kind);
      share *= e.reduction_factor;
      there = std::max<std::uint64_t>(1, n / share);
    }
  }
}

std::vector<double> trials_of(const StudySpec& spec, std::size_t rungs) {
  const EarlyStoppingSpec& e = spec.search.early_stopping;
  const double trials = spec.search.trials;
  const double eta = e.reduction_factor;
  std::vector<double> out(rungs, trials);
  const double top_k = e.top_k > 0 ? e.top_k : spec.promotion.finalists;
  const double percent = e.rule == StoppingRule::median ? 50 : e.percentile;
  const double first = std::min<double>(trials, std::max(1U, e.startup_trials));
  switch (e.rule) {
    case StoppingRule::asha:
      return halved_trials(trials, eta, rungs, 1);
    case StoppingRule::asha_promotion:
    case StoppingRule::pasha:
      return halved_trials(trials, eta, rungs, 0);
    case StoppingRule::hyperband:
      std::fill(out.begin(), out.end(), 0);
      walk_brackets(spec, rungs, [&](std::size_t rung, double there, bool) { out[rung] += there; });
      return out;
    case StoppingRule::median:
    case StoppingRule::percentile:
      std::fill(out.begin() + 1, out.end(), std::round(first + (trials - first) * percent / 100));
      return out;
    case StoppingRule::one_epoch:
      std::fill(out.begin() + 1, out.end(), std::min(trials, top_k));
      return out;
    case StoppingRule::none:
      break;
  }
  return out;
}

// Of `trials` at each rung, in units of a whole training.
double cost_of(const RungPlan& plan, const std::vector<double>& trials, bool anew) {
  double sum = 0;
  for (std::size_t i = 0; i < plan.levels.size(); ++i) {
    const auto before = static_cast<double>(anew || i == 0 ? 0 : plan.levels[i - 1]);
    sum += trials[i] * (static_cast<double>(plan.levels[i]) - before);
  }
  return sum / static_cast<double>(plan.levels.back());
}

// Hyperband's later brackets begin at later rungs.
double hyperband_cost(const StudySpec& spec, const RungPlan& plan, bool anew) {
  double sum = 0;
  walk_brackets(spec, plan.levels.size(), [&](std::size_t rung, double there, bool begins) {
    const std::uint64_t before = anew || begins ? 0 : plan.levels[rung - 1];
    sum += there * static_cast<double>(plan.levels[rung] - before);
  });
  return sum / static_cast<double>(plan.levels.back());
}

}  // namespace

RungPlan plan_rungs(const StudySpec& spec) {
  const EarlyStoppingSpec& e = spec.search.early_stopping;
  TWOSTEP_REQUIRE(e.rule != StoppingRule::none);
  const bool anew = e.fidelity == Fidelity::rows;
  RungPlan out;
  out.levels = rung_levels(spec.search);
  const double trials = spec.search.trials;
  out.trials = trials_of(spec, out.levels.size());
  if (e.rule == StoppingRule::hyperband) {
    out.expected_share = out.largest_share = hyperband_cost(spec, out, anew) / trials;
    return out;
  }
  out.expected_share = cost_of(out, out.trials, anew) / trials;
  const std::vector<double> all(out.levels.size(), trials);
  out.largest_share =
      e.rule == StoppingRule::one_epoch ? out.expected_share : cost_of(out, all, anew) / trials;
  return out;
}

}  // namespace twostep
