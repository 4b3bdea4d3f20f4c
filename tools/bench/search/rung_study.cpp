#include "bench/search/rung_study.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "twostep/study/early_stopping.hpp"

namespace twostep::bench {
double best_loss(const std::vector<double>& losses) {
  double best = std::numeric_limits<double>::infinity();
  for (const double loss : losses) {
    if (!std::isfinite(loss)) {
      return std::numeric_limits<double>::infinity();
    }
    best = std::min(best, loss);
  }
  return best;
}

RungStudy::RungStudy(const Options& options, Trainings& trainings)
    : options_(options), trainings_(trainings) {
  StudySpec spec;
  spec.search.trials = options.trials;
  spec.search.budget.unit = BudgetUnit::epochs;
  spec.search.budget.amount = options.epochs;
  spec.search.early_stopping.rule = options.rule;
  spec.promotion.finalists = 10;
  levels_ = rung_levels(spec.search);
  rule_ = make_fidelity_rule(spec);
}

bool RungStudy::run() {
  for (;;) {
    while (running_.size() < options_.workers && start_one()) {
    }
    if (running_.empty()) {
      return false;
    }
    const Running ended = running_.top();
    running_.pop();
    now_ = ended.ends;
    come_to_rung(ended);
    if (trainings_.is_enough(spent_by_now())) {
      spent_ = spent_by_now();
      return true;
    }
  }
}

// Parts are counted when they begin; those under way have spent what has passed of them.
std::uint64_t RungStudy::spent_by_now() const {
  std::uint64_t out = spent_;
  for (auto under_way = running_; !under_way.empty(); under_way.pop()) {
    out -= static_cast<std::uint64_t>(under_way.top().ends - now_);
  }
  return out;
}

void RungStudy::train(std::uint32_t trial, std::uint64_t from, std::size_t rung) {
  const std::uint64_t epochs = levels_[rung] - from;
  spent_ += epochs;
  running_.push({now_ + static_cast<double>(epochs), trial, rung});
}

bool RungStudy::start_one() {
  if (rule_ != nullptr) {
    if (const auto paused = rule_->next()) {
      const std::size_t rung = reached_[paused->value - 1];
      rule_->resumed(*paused);
      train(paused->value, levels_[rung], rung + 1);
      return true;
    }
  }
  if (reached_.size() == options_.trials) {
    return false;
  }
  reached_.push_back(0);
  const TrialId trial(static_cast<std::uint32_t>(reached_.size()));
  trainings_.created(trial);
  std::size_t first = levels_.size() - 1;
  if (rule_ != nullptr) {
    rule_->created(trial);
    first = rule_->first_rung(trial);
    if (reached_.size() == options_.trials) {
      rule_->all_created();
    }
  }
  train(trial.value, 0, first);
  return true;
}

void RungStudy::come_to_rung(const Running& ended) {
  const TrialId trial(ended.trial);
  const bool whole = ended.rung + 1 == levels_.size();
  Result result;
  result.trial = trial;
  result.epochs = levels_[ended.rung];
  result.curve = trainings_.losses(trial, result.epochs);
  result.objective = best_loss(result.curve);
  result.outcome = !std::isfinite(result.objective) ? Outcome::diverged
                   : whole                          ? Outcome::finished
                                                    : Outcome::paused;
  const bool paused = result.outcome == Outcome::paused;
  if (paused) {
    trainings_.reached(trial, result,
                       static_cast<double>(result.epochs) / static_cast<double>(levels_.back()));
  } else {
    trainings_.ended(trial, result);
  }
  if (rule_ == nullptr) {
    return;
  }
  if (paused) {
    reached_[ended.trial - 1] = ended.rung;
    rule_->reached(trial, ended.rung, result);
  } else {
    rule_->ended(trial, ended.rung, result);
  }
  for (const TrialId stopped : rule_->given_up()) {
    rule_->stopped(stopped);
    trainings_.stopped(stopped);
  }
}

}  // namespace twostep::bench
