#include "search/density/fidelity_levels.hpp"

namespace twostep {

void FidelityLevels::reached(History::Row row, const Observation& observation) {
  under_way_[row] = observation.fidelity;
  add(row, observation);
}

void FidelityLevels::ended(History::Row row, const Observation& observation) {
  const auto at = under_way_.find(row);
  const bool known = at != under_way_.end() && at->second == observation.fidelity;
  if (at != under_way_.end()) {
    under_way_.erase(at);
  }
  if (!known && !is_failure(observation)) {
    add(row, observation);
  }
}

void FidelityLevels::add(History::Row row, const Observation& observation) {
  Level& level = levels_[observation.fidelity];
  ++level.results;
  level.best.emplace(observation.objective, row);
  if (level.best.size() > most_kept_) {
    level.best.erase(std::prev(level.best.end()));
  }
}

const FidelityLevels::Level* FidelityLevels::to_compare(std::size_t least) const {
  const Level* most = nullptr;
  for (auto at = levels_.rbegin(); at != levels_.rend(); ++at) {
    const Level& level = at->second;
    if (level.results >= least) {
      return &level;
    }
    if (most == nullptr || level.results > most->results) {
      most = &level;
    }
  }
  return most;
}

}  // namespace twostep
