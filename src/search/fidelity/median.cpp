// The median stopping rule (Golovin, Solnik, Moitra, Kochanski, Karro and Sculley, "Google Vizier:
// a service for black-box optimization", KDD 2017): a trial is given up at a rung if the best value
// that it has had is worse than the median of the running averages, up to that rung, of the trials
// that were trained to the end. And percentile stopping, as Optuna defines it (PercentilePruner):
// if that value is worse than a percentile of the values that those trials had at this very rung.
#include <cmath>
#include <map>
#include <numeric>

#include "search/fidelity/verdicts.hpp"

namespace twostep {
namespace {

// With linear interpolation between neighbours, as NumPy has it; neighbours may be infinite.
double percentile_of(const std::vector<double>& sorted, double percent) {
  const double at = percent / 100 * static_cast<double>(sorted.size() - 1);
  const auto below = static_cast<std::size_t>(std::floor(at));
  const std::size_t above = std::min(below + 1, sorted.size() - 1);
  const double part = at - static_cast<double>(below);
  return part > 0 && sorted[below] != sorted[above]
             ? sorted[below] + part * (sorted[above] - sorted[below])
             : sorted[below];
}

class CompareWithWhole : public VerdictRule {
 public:
  CompareWithWhole(std::size_t rungs, std::size_t startup, double percentile, bool averages)
      : startup_(startup), percentile_(percentile), averages_(averages), whole_(rungs) {}

  void reached(TrialId trial, std::size_t rung, const Result& result) override {
    const std::vector<double>& others = whole_.at(rung);
    const bool known = count_ > 0 && count_ >= startup_ && !others.empty();
    if (known && ranked_value(result) > percentile_of(others, percentile_)) {
      give_up(trial);
    } else {
      go_on(trial);
    }
    passing_[trial].push_back(value_at(result));
  }
  void stopped(TrialId trial) override {
    VerdictRule::stopped(trial);
    passing_.erase(trial);
  }
  void ended(TrialId trial, std::size_t, const Result& result) override {
    if (result.outcome == Outcome::finished) {
      ++count_;
      const std::vector<double>& values = passing_[trial];
      for (std::size_t i = 0; i < values.size(); ++i) {
        if (!std::isnan(values[i])) {
          whole_[i].insert(std::upper_bound(whole_[i].begin(), whole_[i].end(), values[i]),
                           values[i]);
        }
      }
    }
    passing_.erase(trial);
  }

 private:
  const std::size_t startup_;
  const double percentile_;
  const bool averages_;
  std::size_t count_ = 0;                           // trained to the end
  std::vector<std::vector<double>> whole_;          // by rung: their values, sorted
  std::map<TrialId, std::vector<double>> passing_;  // by rung, of trials on their way

  [[nodiscard]] double value_at(const Result& result) const {
    if (result.curve.empty()) {
      return result.objective;
    }
    return averages_ ? std::accumulate(result.curve.begin(), result.curve.end(), 0.0) /
                           static_cast<double>(result.curve.size())
                     : result.curve.back();
  }
};

}  // namespace

std::unique_ptr<FidelityRule> make_median(std::size_t rungs, std::size_t startup) {
  return std::make_unique<CompareWithWhole>(rungs, startup, 50, true);
}

std::unique_ptr<FidelityRule> make_percentile(std::size_t rungs, std::size_t startup,
                                              double percentile) {
  return std::make_unique<CompareWithWhole>(rungs, startup, percentile, false);
}

}  // namespace twostep
