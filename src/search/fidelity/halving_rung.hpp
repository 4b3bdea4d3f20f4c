// The trials that have come to a rung, and which of them are its best 1 / eta. Being told costs a
// logarithm of their number.
#pragma once

#include <algorithm>
#include <optional>
#include <set>
#include <utility>

#include "twostep/base/ids.hpp"

namespace twostep {

class HalvingRung {
 public:
  using Place = std::pair<double, TrialId>;  // ties by trial

  // at_least: how many are the best, however few there are.
  HalvingRung(std::uint32_t eta, std::size_t at_least) : eta_(eta), at_least_(at_least) {}

  // `open`: it pauses here, and may be a candidate for the next rung.
  void add(double objective, TrialId trial, bool open) {
    const Place place{objective, trial};
    if (open) {
      open_.insert(place);
    }
    const bool good = !best_.empty() && place < *best_.rbegin();
    put(good ? best_ : others_, place);
    const std::size_t wanted = std::max(at_least_, size() / eta_);
    while (best_.size() > wanted) {
      const Place worst = *best_.rbegin();
      take(best_, worst);
      put(others_, worst);
    }
    while (best_.size() < wanted && !others_.empty()) {
      const Place next = *others_.begin();
      take(others_, next);
      put(best_, next);
    }
  }
  void close(double objective, TrialId trial) {
    open_.erase({objective, trial});
    candidates_.erase({objective, trial});
  }

  [[nodiscard]] std::size_t size() const { return best_.size() + others_.size(); }
  [[nodiscard]] bool is_best(double objective, TrialId trial) const {
    return best_.count({objective, trial}) > 0;
  }
  // The best that pauses here, if it is among the best 1 / eta.
  [[nodiscard]] std::optional<TrialId> candidate() const {
    return candidates_.empty() ? std::nullopt : std::optional(candidates_.begin()->second);
  }

 private:
  std::size_t eta_;
  std::size_t at_least_;
  std::set<Place> best_;
  std::set<Place> others_;
  std::set<Place> open_;
  std::set<Place> candidates_;  // best and open

  void put(std::set<Place>& to, const Place& place) {
    to.insert(place);
    if (&to == &best_ && open_.count(place) > 0) {
      candidates_.insert(place);
    }
  }
  void take(std::set<Place>& from, const Place& place) {
    from.erase(place);
    if (&from == &best_) {
      candidates_.erase(place);
    }
  }
};

}  // namespace twostep
