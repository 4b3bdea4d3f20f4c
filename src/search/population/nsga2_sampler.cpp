// NSGA-II (Deb, Pratap, Agarwal and Meyarivan, "A fast and elitist multiobjective genetic
// algorithm", IEEE Trans. Evol. Comput. 6, 2002): fronts and crowding choose the parents, children
// come from simulated binary crossover and polynomial mutation. Its selection is that of the steady
// state: every trial that ends competes with the parents at once (Durillo, Nebro, Luna and Alba,
// "On the effect of the steady-state selection scheme in multi-objective genetic algorithms", EMO
// 2009). It learns faster than by generations, and no worker waits for one.
#include <algorithm>
#include <cmath>
#include <numeric>

#include "search/model_sampler.hpp"
#include "search/neighbour.hpp"
#include "search/population/pareto.hpp"
#include "search/samplers.hpp"

namespace twostep {
namespace {

constexpr std::size_t children = 12;  // for redraws
constexpr double crossover_share = 0.9;
constexpr double distribution_index = 20;  // of crossover and mutation, as Deb's

class Nsga2Sampler : public ModelSampler {
 public:
  Nsga2Sampler(const Space& space, std::uint64_t seed, std::size_t population,
               SecondObjective second)
      : ModelSampler(space, seed, population), population_(population), second_(second) {}

 private:
  std::size_t population_;
  SecondObjective second_;
  // A function of the first `used_` trials that ended.
  mutable std::size_t used_ = 0;
  mutable std::vector<History::Row> parents_;
  mutable std::vector<std::size_t> fronts_;
  mutable std::vector<double> crowding_;

  [[nodiscard]] Cost cost(History::Row row) const {
    return {history().objective(row), second_of(history().observation(row), second_)};
  }
  // The parents and the next trial that ended, if it did not fail, compete.
  void select() const {
    std::vector<History::Row> rows = parents_;
    rows.push_back(history().ended()[used_++]);
    std::erase_if(rows, [&](History::Row row) {
      return !std::isfinite(cost(row).first) || !std::isfinite(cost(row).second);
    });
    std::vector<Cost> costs;
    for (const History::Row row : rows) {
      costs.push_back(cost(row));
    }
    const auto fronts = front_of(costs);
    const auto distance = crowding(costs, fronts);
    std::vector<std::size_t> order(rows.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
      return fronts[a] != fronts[b] ? fronts[a] < fronts[b] : distance[a] > distance[b];
    });
    order.resize(std::min(order.size(), population_));
    parents_.clear();
    fronts_.clear();
    crowding_.clear();
    for (const std::size_t i : order) {
      parents_.push_back(rows[i]);
      fronts_.push_back(fronts[i]);
      crowding_.push_back(distance[i]);
    }
  }
  [[nodiscard]] std::span<const double> tournament(Draws& draws) const {
    const std::size_t a = draws.below(parents_.size());
    const std::size_t b = draws.below(parents_.size());
    const bool better =
        fronts_[a] != fronts_[b] ? fronts_[a] < fronts_[b] : crowding_[a] >= crowding_[b];
    return history().unit(parents_[better ? a : b]);
  }
  // One of the two children of simulated binary crossover.
  [[nodiscard]] static double cross(double a, double b, Draws& draws) {
    const double u = draws.uniform();
    const double power = 1 / (distribution_index + 1);
    const double spread = u < 0.5 ? std::pow(2 * u, power) : std::pow(1 / (2 * (1 - u)), power);
    const double sign = draws.uniform() < 0.5 ? 1 : -1;
    return std::clamp(0.5 * (a + b) + sign * 0.5 * spread * (b - a), 0.0, 1.0);
  }
  [[nodiscard]] static double mutate(const Axis& axis, double x, Draws& draws) {
    if (axis.levels > 0) {
      return step_from(axis, x, 0.1, draws);
    }
    const double u = draws.uniform();
    const double power = 1 / (distribution_index + 1);
    const double step = u < 0.5 ? std::pow(2 * u, power) - 1 : 1 - std::pow(2 * (1 - u), power);
    return std::clamp(x + step, 0.0, 1.0);
  }
  [[nodiscard]] std::vector<double> child(Draws& draws) const {
    const auto a = tournament(draws);
    const auto b = tournament(draws);
    const bool crossing = draws.uniform() < crossover_share;
    std::vector<double> out(a.size());
    for (std::size_t d = 0; d < out.size(); ++d) {
      const Axis& axis = history().axes()[d];
      const double x = std::isnan(a[d]) ? b[d] : a[d];
      const double y = std::isnan(b[d]) ? x : b[d];
      if (std::isnan(x)) {
        out[d] = draws.uniform();
        continue;
      }
      out[d] = x;
      if (crossing && draws.uniform() < 0.5) {
        out[d] = axis.categorical ? y : cross(x, y, draws);
      }
      if (draws.uniform() * static_cast<double>(out.size()) < 1) {
        out[d] = mutate(axis, out[d], draws);
      }
    }
    return out;
  }
  [[nodiscard]] std::vector<std::vector<double>> choose(TrialId next) const override {
    while (history().ended().size() > used_) {
      select();
    }
    std::vector<std::vector<double>> out;
    Draws draws(candidate_rng(seed(), next));
    for (std::size_t i = 0; i < children && !parents_.empty(); ++i) {
      out.push_back(child(draws));
    }
    return out;
  }
};

}  // namespace

std::unique_ptr<Sampler> make_nsga2_sampler(const Space& space, std::uint64_t seed,
                                            std::uint32_t population, SecondObjective second) {
  return std::make_unique<Nsga2Sampler>(space, seed, population, second);
}

}  // namespace twostep
