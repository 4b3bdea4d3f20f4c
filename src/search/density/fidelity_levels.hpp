// Results by the share of the budget that they were reached with: results of different shares
// cannot be compared. Of each share the best are kept, which are all that a model of the good ones
// needs, so that 100,000 trials of many rungs stay small.
#pragma once

#include <cstdint>
#include <map>
#include <set>
#include <utility>

#include "search/history.hpp"

namespace twostep {

class FidelityLevels {
 public:
  struct Level {
    std::size_t results = 0;
    std::set<std::pair<double, History::Row>> best;  // ties by trial
  };

  explicit FidelityLevels(std::size_t most_kept) : most_kept_(most_kept) {}

  // A result at a rung, of a trial that may go on; no failure.
  void reached(History::Row row, const Observation& observation);
  // What a trial came to; it counts once at its share, also if it was at that rung before.
  void ended(History::Row row, const Observation& observation);
  // How many are at a rung or between two.
  [[nodiscard]] std::size_t under_way() const { return under_way_.size(); }
  // Of the largest share with so many results, else of the share with the most; nullptr: none at
  // all.
  [[nodiscard]] const Level* to_compare(std::size_t least) const;

 private:
  std::size_t most_kept_;
  std::map<double, Level> levels_;
  std::map<History::Row, double> under_way_;  // the share that each has reached

  void add(History::Row row, const Observation& observation);
};

}  // namespace twostep
