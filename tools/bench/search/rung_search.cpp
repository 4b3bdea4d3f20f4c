#include "bench/search/rung_search.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

#include "bench/search/rung_study.hpp"
#include "twostep/base/rng.hpp"
#include "twostep/search/proposer.hpp"

namespace twostep::bench {
namespace {

constexpr std::uint32_t sampled = 1001;

SearchSpec random_search() {
  SearchSpec out;
  out.algorithm = Algorithm::random;
  return out;
}

double median_distance(const Problem& problem) {
  const auto random = make_sampler(random_search(), problem.space, 0);
  std::vector<double> distances;
  for (std::uint32_t i = 1; i <= sampled; ++i) {
    distances.push_back(problem.value(*random->propose(TrialId(i), 0)) - problem.optimum);
  }
  std::nth_element(distances.begin(), distances.begin() + sampled / 2, distances.end());
  return distances[sampled / 2];
}

class SearchedCurves : public Trainings {
 public:
  SearchedCurves(const RungSearch& options, const SearchSpec& search)
      : options_(options),
        distance_(median_distance(options.problem)),
        proposer_(make_sampler(search, options.problem.space, options.seed),
                  options.problem.space) {}

  void created(TrialId trial) override {
    points_.push_back(*proposer_.next(trial));
    values_.push_back(options_.problem.value(points_.back()));
    seen_.emplace_back();
    proposer_.created(trial, points_.back());
  }
  [[nodiscard]] std::vector<double> losses(TrialId trial, std::uint64_t epochs) const override {
    const Dimension& first = options_.problem.space.dimensions.front();
    const double power = 0.5 + 2.5 * unit_of(first, points_[trial.value - 1].values.front());
    const auto height = [&](std::uint64_t epoch) {
      return std::pow(static_cast<double>(epoch), -power);
    };
    std::vector<double> out;
    for (std::uint64_t e = 1; e <= epochs; ++e) {
      out.push_back(values_[trial.value - 1] + distance_ * (height(e) - height(options_.epochs)));
    }
    return out;
  }
  void reached(TrialId trial, const Result& result, double fidelity) override {
    Observation& seen = seen_[trial.value - 1];
    seen = observe(result);
    seen.outcome = Outcome::finished;
    seen.fidelity = fidelity;
    proposer_.observed(trial, seen);
  }
  void stopped(TrialId trial) override { proposer_.finished(trial, seen_[trial.value - 1]); }
  void ended(TrialId trial, const Result& result) override {
    proposer_.finished(trial, observe(result));
    best_ = std::min(best_, result.objective);
  }
  [[nodiscard]] bool is_enough(std::uint64_t epochs_spent) const override {
    while (regrets_.size() < options_.budgets.size() &&
           epochs_spent >= options_.budgets[regrets_.size()] * options_.epochs) {
      regrets_.push_back(best_ - options_.problem.optimum);
    }
    return regrets_.size() == options_.budgets.size();
  }
  [[nodiscard]] const std::vector<double>& regrets() const { return regrets_; }

 private:
  const RungSearch& options_;
  double distance_;
  Proposer proposer_;
  std::vector<Point> points_;
  std::vector<double> values_;
  std::vector<Observation> seen_;  // at the last rung
  double best_ = std::numeric_limits<double>::infinity();
  mutable std::vector<double> regrets_;
};

}  // namespace

std::vector<double> regrets(const RungSearch& options) {
  SearchSpec search = options.search;
  // More than can be trained: the budget is in epochs.
  search.trials = static_cast<std::uint32_t>(options.budgets.back() * options.epochs) + 1000;
  SearchedCurves trainings(options, search);
  RungStudy study({search.early_stopping.rule, options.workers, search.trials, options.epochs},
                  trainings);
  study.run();
  return trainings.regrets();
}

}  // namespace twostep::bench
