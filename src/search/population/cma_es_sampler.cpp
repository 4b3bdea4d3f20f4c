// CMA-ES with BIPOP restarts (Hansen, "Benchmarking a BI-population CMA-ES on the BBOB-2009
// function testbed", GECCO 2009): after a run that leads nowhere, one with twice the population, or
// a small one from another place with another step size, whichever kind has used fewer trials. A
// generation is never smaller than what was under way when it began, so that many workers help.
#include <algorithm>
#include <cmath>

#include "search/model_sampler.hpp"
#include "search/population/cma_state.hpp"
#include "search/samplers.hpp"

namespace twostep {
namespace {

constexpr std::size_t samples = 12;  // for redraws
// A sixth of the range, so that the first generations stay inside it: from a fifth and 0.3 every
// budget to 500 trials ended higher on Hartmann, Levy, Rosenbrock and Ackley functions
// (docs/search.md).
constexpr double first_sigma = 1.0 / 6;

class CmaEsSampler : public ModelSampler {
 public:
  CmaEsSampler(const Space& space, std::uint64_t seed, std::size_t population)
      : ModelSampler(space, seed, 0),
        first_population_(population > 0 ? population : usual_population(space)),
        large_population_(first_population_),
        population_(first_population_),
        state_(history(), std::vector<double>(space.dimensions.size(), 0.5), first_sigma,
               population_) {}

  void finished(TrialId trial, const Observation& observation) override {
    ModelSampler::finished(trial, observation);
    if (history().ended().size() > pending_.size()) {
      pending_.push_back(static_cast<std::uint32_t>(history().pending().size()));
    }
  }

 private:
  std::size_t first_population_;
  std::vector<std::uint32_t> pending_;  // trials under way when the i-th had ended
  // A function of the first `used_` trials that ended.
  mutable std::size_t used_ = 0;
  mutable std::size_t large_population_;
  mutable std::size_t population_;
  mutable std::size_t used_large_ = 0;
  mutable std::size_t used_small_ = 0;
  mutable bool large_ = true;
  mutable std::uint64_t restarts_ = 0;
  mutable CmaState state_;

  static std::size_t usual_population(const Space& space) {
    const double n = std::max<double>(1, static_cast<double>(space.dimensions.size()));
    return 4 + static_cast<std::size_t>(3 * std::log(n));
  }
  [[nodiscard]] std::size_t generation_size() const {
    const std::size_t pending = used_ == 0 ? 0 : pending_[used_ - 1];
    return std::max(population_, pending);
  }
  void generation(std::size_t size) const {
    std::vector<History::Row> rows;
    for (std::size_t i = 0; i < size; ++i) {
      rows.push_back(history().ended()[used_++]);
    }
    (large_ ? used_large_ : used_small_) += size;
    std::erase_if(rows, [&](History::Row row) { return !std::isfinite(history().objective(row)); });
    std::sort(rows.begin(), rows.end(), [&](History::Row a, History::Row b) {
      return std::pair(history().objective(a), a) < std::pair(history().objective(b), b);
    });
    state_.update(rows);
    if (state_.spent()) {
      restart();
    }
  }
  void restart() const {
    Draws draws(Rng(seed(), Purpose::search, ++restarts_, std::uint64_t{2} << 32));
    double sigma = first_sigma;
    large_ = used_large_ <= used_small_;
    if (large_) {
      large_population_ *= 2;
      population_ = large_population_;
    } else {
      const double ratio =
          0.5 * static_cast<double>(large_population_) / static_cast<double>(first_population_);
      const double u = draws.uniform();
      population_ = std::max(first_population_,
                             static_cast<std::size_t>(static_cast<double>(first_population_) *
                                                      std::pow(ratio, u * u)));
      sigma *= std::pow(10, -2 * draws.uniform());
    }
    std::vector<double> mean(history().dimensions());
    for (double& m : mean) {
      m = draws.uniform();
    }
    state_ = CmaState(history(), mean, sigma, population_);
  }
  [[nodiscard]] std::vector<std::vector<double>> choose(TrialId next) const override {
    for (std::size_t size = generation_size(); history().ended().size() - used_ >= size;
         size = generation_size()) {
      generation(size);
    }
    std::vector<std::vector<double>> out;
    Draws draws(candidate_rng(seed(), next));
    for (std::size_t i = 0; i < samples; ++i) {
      out.push_back(state_.sample(draws));
    }
    return out;
  }
};

}  // namespace

std::unique_ptr<Sampler> make_cma_es_sampler(const Space& space, std::uint64_t seed,
                                             std::uint32_t population) {
  return std::make_unique<CmaEsSampler>(space, seed, population);
}

}  // namespace twostep
