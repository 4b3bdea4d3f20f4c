// The distribution that CMA-ES adapts, over the unit cube: mean, step size, covariance, the two
// evolution paths; and a table of probabilities for every categorical dimension. One update per
// generation of any size. See cma_state.cpp for the sources.
#pragma once

#include <memory>
#include <vector>

#include "search/draws.hpp"
#include "search/history.hpp"

namespace twostep {

class CmaState {
 public:
  // `mean` in the unit cube, for all dimensions.
  CmaState(const History& history, std::vector<double> mean, double sigma, std::size_t population);
  ~CmaState();
  CmaState(CmaState&&) noexcept;
  CmaState& operator=(CmaState&&) noexcept;

  [[nodiscard]] std::vector<double> sample(Draws& draws) const;
  // The rows of a generation, the best first; those without a finite objective left out.
  void update(const std::vector<History::Row>& best_first);
  // Nothing more is to be expected of this run: it has converged, stands still, or is ill
  // conditioned.
  [[nodiscard]] bool spent() const;
  [[nodiscard]] double sigma() const;

 private:
  struct Parts;
  const History* history_;
  std::unique_ptr<Parts> parts_;
};

}  // namespace twostep
