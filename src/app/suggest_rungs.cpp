#include "app/suggest_rungs.hpp"

#include <algorithm>

#include "twostep/base/check.hpp"

namespace twostep {

SuggestRungs::SuggestRungs(const StudySpec& spec)
    : levels_(rung_levels(spec.search)), rule_(make_fidelity_rule(spec)) {}

void SuggestRungs::created(TrialId trial) {
  if (rule_ != nullptr) {
    TWOSTEP_REQUIRE(trial.value == courses_.size() + 1);
    rule_->created(trial);
    courses_.emplace_back().rung = rule_->first_rung(trial);
  }
}

void SuggestRungs::all_created() {
  if (rule_ != nullptr) {
    rule_->all_created();
  }
}

double SuggestRungs::share(std::uint64_t step) const {
  return static_cast<double>(step) / static_cast<double>(levels_.back());
}

double SuggestRungs::told(TrialId trial, std::uint64_t step, double value) {
  TWOSTEP_REQUIRE(rule_ != nullptr);
  Course& c = at(trial);
  TWOSTEP_REQUIRE(!c.paused && step > c.last_step && step <= until(trial) && step < whole());
  c.last_step = step;
  c.curve.push_back(value);
  const double best = *std::min_element(c.curve.begin(), c.curve.end());
  if (step == until(trial)) {
    c.paused = true;
    ++c.passed;
    Result result;
    result.trial = trial;
    result.outcome = Outcome::paused;
    result.objective = best;
    result.curve = c.curve;
    rule_->reached(trial, c.rung, result);
  }
  return best;
}

void SuggestRungs::ended(TrialId trial, Outcome outcome, double value) {
  if (rule_ == nullptr) {
    return;
  }
  Course& c = at(trial);
  TWOSTEP_REQUIRE(!c.paused);
  Result result;
  result.trial = trial;
  result.outcome = outcome;
  result.objective = value;
  result.curve = std::move(c.curve);
  if (outcome == Outcome::finished) {
    result.curve.push_back(value);
  }
  c.curve.clear();
  // What it was to pass before: its first rung may not be the lowest one.
  rule_->ended(trial, c.passed == 0 ? 0 : c.rung, result);
}

std::optional<TrialId> SuggestRungs::next() const {
  return rule_ == nullptr ? std::nullopt : rule_->next();
}

void SuggestRungs::resume(TrialId trial) {
  Course& c = at(trial);
  TWOSTEP_REQUIRE(c.paused && rule_->next() == trial);
  rule_->resumed(trial);
  c.paused = false;
  ++c.rung;
}

std::vector<TrialId> SuggestRungs::given_up() const {
  return rule_ == nullptr ? std::vector<TrialId>() : rule_->given_up();
}

void SuggestRungs::stop(TrialId trial) {
  Course& c = at(trial);
  rule_->stopped(trial);
  c.paused = false;
  c.curve.clear();
}

}  // namespace twostep
