// Random numbers one after the other, from a keyed stream of their own: for code that needs an
// unknown number of them, as rejection does.
#pragma once

#include <vector>

#include "twostep/base/ids.hpp"
#include "twostep/base/rng.hpp"

namespace twostep {

class Draws {
 public:
  explicit Draws(const Rng& rng) : rng_(rng) {}
  [[nodiscard]] double uniform() { return rng_.uniform(next_++); }
  [[nodiscard]] double normal() { return rng_.normal(next_++); }
  [[nodiscard]] std::uint64_t below(std::uint64_t n) { return rng_.below(n, next_++); }

 private:
  Rng rng_;
  std::uint64_t next_ = 0;
};

// The stream that model-based samplers draw the candidates of a trial from. Those of random points
// (random_unit) have numbers below 2^32.
[[nodiscard]] inline Rng candidate_rng(std::uint64_t seed, TrialId trial, std::uint64_t what = 0) {
  return {seed, Purpose::search, trial.value, (std::uint64_t{1} << 32) + what};
}

// A point of the unit cube: random search, redraws and fallbacks of the others.
[[nodiscard]] inline std::vector<double> random_unit(std::uint64_t seed, TrialId trial,
                                                     std::uint32_t draw, std::size_t dimensions) {
  const Rng rng(seed, Purpose::search, trial.value, draw);
  std::vector<double> unit(dimensions);
  for (std::size_t i = 0; i < dimensions; ++i) {
    unit[i] = rng.uniform(i);
  }
  return unit;
}

}  // namespace twostep
