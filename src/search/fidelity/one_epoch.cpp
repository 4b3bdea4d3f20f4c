// One epoch, then the top k (Egele, Guyon, Sun and Balaprakash, "Is one epoch all you need for
// multi-fidelity hyperparameter optimization?", ESANN 2023, arXiv 2307.15422): every trial is
// trained to the first rung, and when all are there the best k of all get the whole budget. One
// that finished before the rung is whole already, and takes a place among the k.
#include <algorithm>
#include <set>

#include "search/fidelity/rules.hpp"

namespace twostep {
namespace {

class OneEpoch : public FidelityRule {
 public:
  OneEpoch(std::size_t rungs, std::size_t top_k) : pauses_(rungs > 1), top_k_(top_k) {}

  void created(TrialId) override {
    ++open_;
    all_created_ = false;
  }
  void all_created() override { all_created_ = true; }
  void reached(TrialId trial, std::size_t, const Result& result) override {
    --open_;
    paused_.insert({ranked_value(result), trial});
  }
  void resumed(TrialId trial) override {
    const auto at = find(trial);
    if (at != paused_.end()) {
      gone_on_.insert(*at);
      paused_.erase(at);
    }
  }
  void stopped(TrialId trial) override {
    const auto at = find(trial);
    if (at != paused_.end()) {
      paused_.erase(at);
    }
  }
  void ended(TrialId trial, std::size_t passed, const Result& result) override {
    if (pauses_ && passed == 0) {
      --open_;
      if (result.outcome == Outcome::finished) {
        gone_on_.insert({ranked_value(result), trial});
      }
    }
  }
  [[nodiscard]] std::optional<TrialId> next() const override {
    if (!decided() || paused_.empty() || better_than(*paused_.begin()) >= top_k_) {
      return std::nullopt;
    }
    return paused_.begin()->second;
  }
  [[nodiscard]] std::vector<TrialId> given_up() const override {
    std::vector<TrialId> out;
    if (!decided()) {
      return out;
    }
    auto other = gone_on_.begin();
    std::size_t place = 0;  // of the paused trial among all
    for (const Place& p : paused_) {
      for (; place < top_k_ && other != gone_on_.end() && *other < p; ++other) {
        ++place;
      }
      if (place++ >= top_k_) {
        out.push_back(p.second);
      }
    }
    return out;
  }

 private:
  using Place = std::pair<double, TrialId>;
  const bool pauses_;
  const std::size_t top_k_;
  bool all_created_ = false;
  std::size_t open_ = 0;  // on the way to the first rung
  std::set<Place> paused_;
  std::set<Place> gone_on_;  // beyond the first rung, with what they had there

  [[nodiscard]] bool decided() const { return all_created_ && open_ == 0; }
  // As far as the top k.
  [[nodiscard]] std::size_t better_than(const Place& place) const {
    std::size_t better = 0;
    for (auto at = gone_on_.begin(); at != gone_on_.end() && *at < place && better < top_k_; ++at) {
      ++better;
    }
    return better;
  }
  [[nodiscard]] std::set<Place>::const_iterator find(TrialId trial) const {
    return std::find_if(paused_.begin(), paused_.end(),
                        [&](const Place& p) { return p.second == trial; });
  }
};

}  // namespace

std::unique_ptr<FidelityRule> make_one_epoch(std::size_t rungs, std::size_t top_k) {
  return std::make_unique<OneEpoch>(rungs, top_k);
}

}  // namespace twostep
