#include "search/history.hpp"

#include <cmath>

#include "twostep/base/check.hpp"

namespace twostep {

History::History(const Space& space) : space_(space) {
  for (const Dimension& d : space.dimensions) {
    axes_.push_back(
        {d.kind == DimensionKind::choice, d.condition.has_value(), cardinality(d).value_or(0)});
  }
}

std::vector<double> History::encode(const Point& point) const {
  TWOSTEP_REQUIRE(point.values.size() == axes_.size());
  std::vector<double> out(axes_.size(), std::numeric_limits<double>::quiet_NaN());
  for (std::size_t i = 0; i < out.size(); ++i) {
    if (is_active(point.values[i])) {
      out[i] = axes_[i].levels == 1 ? 0.5 : unit_of(space_.dimensions[i], point.values[i]);
    }
  }
  return out;
}

void History::created(TrialId trial, const Point& point) {
  TWOSTEP_REQUIRE(trial.value == size() + 1);
  const std::vector<double> unit = encode(point);
  units_.insert(units_.end(), unit.begin(), unit.end());
  status_.push_back(Status::pending);
  seen_.emplace_back();
  seen_.back().objective = std::numeric_limits<double>::infinity();
  pending_.insert(pending_.end(), trial.value - 1);
  ++version_;
}

void History::finished(TrialId trial, const Observation& observation) {
  const Row row = trial.value - 1;
  TWOSTEP_REQUIRE(trial.value >= 1 && row < size() && status_[row] == Status::pending);
  const bool valid = !is_failure(observation);
  status_[row] = valid                  ? Status::finished
                 : observation.left_out ? Status::left_out
                                        : Status::failed;
  seen_[row] = observation;
  if (valid) {
    ranked_.emplace(observation.objective, row);
  } else {
    seen_[row].objective = std::numeric_limits<double>::infinity();
  }
  pending_.erase(row);
  if (status_[row] != Status::left_out) {
    ended_.push_back(row);
  }
  ++version_;
}

}  // namespace twostep
