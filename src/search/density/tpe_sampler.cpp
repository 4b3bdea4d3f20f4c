// Tree-structured Parzen estimator (Bergstra, Bardenet, Bengio and Kegl, "Algorithms for
// hyper-parameter optimization", NIPS 2011), multivariate as in BOHB (Falkner, Klein and Hutter,
// ICML 2018), with the settings that Watanabe recommends ("Tree-structured Parzen estimator:
// understanding its algorithm components and their roles", arXiv 2304.11127, 2023). Pending trials
// count as bad ones (the constant liar of Ginsbourger, Le Riche and Carraro, 2010), so that
// parallel workers are sent to different places. Failed trials are bad ones too.
//
// Under early stopping results are compared with those of the same share of the budget, of the
// largest share that enough trials have reached (BOHB). Other than in BOHB trials that were stopped
// below it count as bad, as do those that are on their way.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "search/density/fidelity_levels.hpp"
#include "search/density/parzen.hpp"
#include "search/model_sampler.hpp"
#include "search/samplers.hpp"

namespace twostep {
namespace {

constexpr std::size_t candidates = 24;
constexpr double good_share = 0.15;
constexpr std::size_t most_good = 100;  // keeps the good ones good, and proposals cheap

class TpeSampler : public ModelSampler {
 public:
  TpeSampler(const Space& space, std::uint64_t seed, std::size_t startup)
      : ModelSampler(space, seed, startup), good_(history(), {}), bad_(history(), {}) {}

  void observed(TrialId trial, const Observation& observation) override {
    if (!is_failure(observation)) {
      levels_.reached(trial.value - 1, observation);
      noted();
    }
  }
  void finished(TrialId trial, const Observation& observation) override {
    levels_.ended(trial.value - 1, observation);
    ModelSampler::finished(trial, observation);
  }

 private:
  FidelityLevels levels_{most_good + 1};
  mutable ParzenMixture good_;  // refitted for every proposal
  mutable ParzenMixture bad_;

  [[nodiscard]] std::size_t known() const override {
    return ModelSampler::known() + levels_.under_way();
  }

  [[nodiscard]] bool may_be_good(History::Row row) const {
    return history().status(row) == History::Status::finished ||
           history().status(row) == History::Status::pending;
  }

  void split() const {
    const FidelityLevels::Level* level = levels_.to_compare(startup());
    // Failed ones would have been at any share.
    const std::size_t failed = history().ended().size() - history().finished_count();
    const std::size_t compared = failed + (level != nullptr ? level->results : 0);
    const auto count = std::min(
        static_cast<std::size_t>(std::ceil(good_share * static_cast<double>(compared))), most_good);
    std::vector<History::Row> good;
    std::vector<double> objectives;
    double border = 0;
    if (level != nullptr) {
      for (const auto& [objective, row] : level->best) {
        border = objective;
        if (good.size() == count) {
          break;
        }
        if (may_be_good(row)) {
          good.push_back(row);
          objectives.push_back(objective);
        }
      }
    }
    // Weights by the improvement over the best that is not good; equal where there is none.
    std::vector<double> weights;
    for (const double objective : objectives) {
      weights.push_back(border - objective);
    }
    const double total = std::accumulate(weights.begin(), weights.end(), 0.0);
    if (!(total > 0) || !std::isfinite(total)) {
      weights.clear();
    }
    good_.fit(good, weights);
    std::vector<std::uint8_t> is_good(history().size());
    for (const History::Row row : good) {
      is_good[row] = 1;
    }
    std::vector<History::Row> bad;
    for (History::Row row = 0; row < history().size(); ++row) {
      if (!is_good[row] && history().status(row) != History::Status::left_out) {
        bad.push_back(row);
      }
    }
    bad_.fit(bad, {});
  }

  [[nodiscard]] std::vector<std::vector<double>> choose(TrialId next) const override {
    split();
    Draws draws(candidate_rng(seed(), next));
    std::vector<std::vector<double>> drawn;
    std::vector<std::vector<double>> points;
    for (std::size_t i = 0; i < candidates; ++i) {
      drawn.push_back(good_.sample(draws));
      points.push_back(history().snap(drawn.back()));
    }
    std::vector<double> score = good_.log_density(points);
    const std::vector<double> against = bad_.log_density(points);
    for (std::size_t i = 0; i < candidates; ++i) {
      score[i] -= against[i];
    }
    std::vector<std::size_t> order(candidates);
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(),
                     [&](std::size_t a, std::size_t b) { return score[a] > score[b]; });
    std::vector<std::vector<double>> out;
    for (const std::size_t i : order) {
      out.push_back(std::move(drawn[i]));
    }
    return out;
  }
};

}  // namespace

std::unique_ptr<Sampler> make_tpe_sampler(const Space& space, std::uint64_t seed,
                                          std::uint32_t startup) {
  return std::make_unique<TpeSampler>(space, seed, startup);
}

}  // namespace twostep
