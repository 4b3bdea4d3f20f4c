// Regularised evolution (Real, Aggarwal, Huang and Le, "Regularized evolution for image classifier
// architecture search", AAAI 2019): the parent is the best of a random sample of the living, its
// child differs in one dimension, and the oldest dies. The living are the trials that ended last,
// so it needs no generations and any number of workers.
#include <algorithm>

#include "search/model_sampler.hpp"
#include "search/neighbour.hpp"
#include "search/samplers.hpp"

namespace twostep {
namespace {

constexpr std::size_t mutants = 12;  // for redraws
constexpr double mutation_deviation = 0.15;

class EvolutionSampler : public ModelSampler {
 public:
  EvolutionSampler(const Space& space, std::uint64_t seed, std::size_t startup,
                   std::size_t population)
      : ModelSampler(space, seed, startup), population_(population) {}

 private:
  std::size_t population_;

  [[nodiscard]] History::Row tournament(Draws& draws) const {
    const auto& ended = history().ended();
    const std::size_t living = std::min(population_, ended.size());
    const std::size_t sample = std::max<std::size_t>(2, population_ / 5);
    History::Row best = ended.back();
    for (std::size_t i = 0; i < sample; ++i) {
      const History::Row row = ended[ended.size() - 1 - draws.below(living)];
      if (std::pair(history().objective(row), row) < std::pair(history().objective(best), best)) {
        best = row;
      }
    }
    return best;
  }
  [[nodiscard]] std::vector<std::vector<double>> choose(TrialId next) const override {
    std::vector<std::vector<double>> out;
    Draws draws(candidate_rng(seed(), next));
    for (std::size_t i = 0; i < mutants && history().finished_count() > 0; ++i) {
      out.push_back(
          neighbour(history(), history().unit(tournament(draws)), mutation_deviation, 0, draws));
    }
    return out;
  }
};

}  // namespace

std::unique_ptr<Sampler> make_evolution_sampler(const Space& space, std::uint64_t seed,
                                                std::uint32_t startup, std::uint32_t population) {
  return std::make_unique<EvolutionSampler>(space, seed, std::max(startup, 1U), population);
}

}  // namespace twostep
