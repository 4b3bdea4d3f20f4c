// What samplers that learn have in common: the history, random points until enough trials have
// taught something, and a shortlist of points for redraws after duplicates; after its end, random
// points.
#pragma once

#include "search/draws.hpp"
#include "search/history.hpp"

namespace twostep {

class ModelSampler : public Sampler {
 public:
  // `startup`: of how many trials something is known before the first call of choose.
  ModelSampler(const Space& space, std::uint64_t seed, std::size_t startup)
      : history_(space), seed_(seed), startup_(startup) {}
  ModelSampler(const ModelSampler&) = delete;  // models refer to the history
  ModelSampler& operator=(const ModelSampler&) = delete;

  [[nodiscard]] std::optional<Point> propose(TrialId next, std::uint32_t draw) const final {
    if (knows_enough()) {
      if (shortlist_.version != history_.version() || shortlist_.trial != next) {
        shortlist_ = {history_.version(), next, choose(next)};
      }
      if (draw < shortlist_.units.size()) {
        return history_.space().point_at(shortlist_.units[draw]);
      }
    }
    return history_.space().point_at(random_unit(seed_, next, draw, history_.dimensions()));
  }
  void created(TrialId trial, const Point& point) override { history_.created(trial, point); }
  void finished(TrialId trial, const Observation& observation) override {
    history_.finished(trial, observation);
  }

 protected:
  // Places in the unit cube, the best first; none: random.
  [[nodiscard]] virtual std::vector<std::vector<double>> choose(TrialId next) const = 0;
  [[nodiscard]] bool knows_enough() const { return known() >= startup_; }
  // Of how many trials something is known.
  [[nodiscard]] virtual std::size_t known() const { return history_.ended().size(); }
  [[nodiscard]] std::size_t startup() const { return startup_; }
  void noted() { history_.noted(); }
  [[nodiscard]] const History& history() const { return history_; }
  [[nodiscard]] std::uint64_t seed() const { return seed_; }

 private:
  struct Shortlist {
    std::uint64_t version = ~std::uint64_t{0};
    TrialId trial;
    std::vector<std::vector<double>> units;
  };
  History history_;
  std::uint64_t seed_;
  std::size_t startup_;
  mutable Shortlist shortlist_;
};

}  // namespace twostep
