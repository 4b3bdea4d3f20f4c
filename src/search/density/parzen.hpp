// A density over the search space as a mixture of one kernel per trial, and one that is flat: the
// model of TPE. A kernel is a product over dimensions: a normal distribution truncated to the unit
// interval for numbers, Aitchison and Aitken's kernel for categories, and the flat one for
// dimensions that the trial does not have, so that conditional dimensions are estimated from the
// trials that have them. Logarithms of truncation constants are kept from one proposal to the next,
// which is where the time would go; bandwidths are rounded to 1/16 of an octave so that they seldom
// change. Evaluation is vectorised, in single precision.
#pragma once

#include <vector>

#include "search/draws.hpp"
#include "search/history.hpp"

namespace twostep {

struct ParzenSettings {
  double smallest_bandwidth = 0.03;  // Watanabe's "magic clipping" (his Delta)
  double category_share = 0.2;       // of a categorical kernel that is spread over all categories
};

class ParzenMixture {
 public:
  ParzenMixture(const History& history, ParzenSettings settings);

  // `weights`: one per row, or empty for equal ones; the flat kernel weighs as much as the mean.
  void fit(const std::vector<History::Row>& rows, const std::vector<double>& weights);
  // A point of the unit cube, for inactive dimensions too (drawn flat).
  [[nodiscard]] std::vector<double> sample(Draws& draws) const;
  // Logarithms of the density at each of `points`, coordinates as History::unit (NaN: inactive).
  [[nodiscard]] std::vector<double> log_density(
      const std::vector<std::vector<double>>& points) const;

 private:
  const History& history_;
  ParzenSettings settings_;
  std::vector<History::Row> rows_;
  std::vector<double> cumulative_;  // weights, summed; the flat kernel's comes last
  std::vector<float> log_weights_;
  float log_flat_ = 0;
  std::vector<double> bandwidths_;        // by dimension
  std::vector<std::vector<float>> kept_;  // by dimension and row: log of the kernel's constant
  // By dimension and component: coordinate or category (-1: inactive), constant, 1 where active.
  std::vector<std::vector<float>> at_;
  std::vector<std::vector<float>> constant_;
  std::vector<std::vector<float>> active_;

  [[nodiscard]] double bandwidth(std::size_t dimension) const;
  void gather(std::size_t dimension);
};

}  // namespace twostep
