// Sequential model-based optimisation with a forest, as SMAC does it (Hutter, Hoos and
// Leyton-Brown, "Sequential model-based optimization for general algorithm configuration", LION
// 2011; Lindauer et al., "SMAC3", JMLR 23, 2022): log expected improvement over random points and
// small steps from the best trials, and a random point now and then. The forest is fitted to what
// has ended; where pending trials share leaves with a point, its improvement is believed to be
// theirs (penalised by the forest's own kernel), so that parallel workers go to different places.
#include <algorithm>
#include <cmath>
#include <numeric>
#include <optional>

#include "search/model_sampler.hpp"
#include "search/neighbour.hpp"
#include "search/samplers.hpp"
#include "search/surrogate/forest.hpp"
#include "search/surrogate/targets.hpp"

namespace twostep {
namespace {

constexpr std::size_t random_candidates = 400;
constexpr std::size_t stepped_candidates = 400;
constexpr std::size_t refined = 5;  // candidates that are improved by further steps
constexpr std::size_t steps = 20;
constexpr std::size_t rounds = 3;
constexpr std::size_t listed = 12;
constexpr std::uint64_t random_every = 10;

class ForestSampler : public ModelSampler {
 public:
  ForestSampler(const Space& space, std::uint64_t seed, std::size_t startup)
      : ModelSampler(space, seed, startup) {}

  [[nodiscard]] bool needs_fit() const override { return knows_enough(); }

 private:
  struct Fit {
    std::size_t ended = 0;
    Forest forest;
    double best = 0;
  };
  struct Scored {
    double score;
    std::vector<double> unit;  // with all dimensions, to be proposed
    std::vector<double> snapped;
  };
  mutable std::optional<Fit> fit_;  // to the trials that have ended

  void fit() const {
    const auto& rows = history().ended();
    if (fit_ && fit_->ended == rows.size()) {
      return;
    }
    const auto targets = surrogate_targets(history(), rows);
    const Rng rng(seed(), Purpose::search, rows.size(), std::uint64_t{3} << 32);
    fit_.emplace(Fit{rows.size(), Forest(history(), rows, targets, rng),
                     *std::min_element(targets.begin(), targets.end())});
  }
  [[nodiscard]] std::vector<std::uint8_t> pending_leaves() const {
    std::vector<std::uint8_t> out(fit_->forest.node_count());
    std::vector<std::uint32_t> leaves;
    for (const History::Row row : history().pending()) {
      fit_->forest.leaves(history().unit(row), leaves);
      for (const std::uint32_t leaf : leaves) {
        out[leaf] = 1;
      }
    }
    return out;
  }
  void score(std::vector<std::vector<double>> units, const std::vector<std::uint8_t>& taken,
             std::vector<Scored>& out) const {
    std::vector<std::uint32_t> leaves;
    for (auto& unit : units) {
      std::vector<double> snapped = history().snap(unit);
      fit_->forest.leaves(snapped, leaves);
      const Prediction p = fit_->forest.predict(leaves);
      double shared = 0;
      for (const std::uint32_t leaf : leaves) {
        shared += taken[leaf];
      }
      const double left = 1 - shared / static_cast<double>(leaves.size());
      out.push_back({log_expected_improvement(p.mean, p.deviation, fit_->best) +
                         std::log(std::max(left, 1e-3)),
                     std::move(unit), std::move(snapped)});
    }
    std::stable_sort(out.begin(), out.end(),
                     [](const Scored& a, const Scored& b) { return a.score > b.score; });
  }
  [[nodiscard]] std::vector<std::vector<double>> choose(TrialId next) const override {
    Draws draws(candidate_rng(seed(), next));
    if (draws.below(random_every) == 0 || history().finished_count() == 0) {
      return {};
    }
    fit();
    const auto taken = pending_leaves();
    std::vector<Scored> scored;
    score(acquisition_candidates(history(), random_candidates, stepped_candidates, draws), taken,
          scored);
    double deviation = 0.1;
    for (std::size_t round = 0; round < rounds; ++round, deviation /= 3) {
      std::vector<std::vector<double>> units;
      for (std::size_t i = 0; i < refined * steps; ++i) {
        units.push_back(neighbour(history(), scored[i % refined].snapped, deviation, 0.2, draws));
      }
      score(std::move(units), taken, scored);
    }
    std::vector<std::vector<double>> out;
    for (std::size_t i = 0; i < listed; ++i) {
      out.push_back(std::move(scored[i].unit));
    }
    return out;
  }
};

}  // namespace

std::unique_ptr<Sampler> make_forest_sampler(const Space& space, std::uint64_t seed,
                                             std::uint32_t startup) {
  return std::make_unique<ForestSampler>(space, seed, std::max(startup, 1U));
}

}  // namespace twostep
