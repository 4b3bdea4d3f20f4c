// One epoch, then the top k (Egele, Guyon, Sun and Balaprakash, "Is one epoch all you need for
// multi-fidelity hyperparameter optimization?", ESANN 2023, arXiv 2307.15422): every trial is
// trained to the first rung, and when all are there the best k get the whole budget.
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
    paused_.insert({result.objective, trial});
  }
  void resumed(TrialId trial) override { chosen_ += leave(trial) ? 1 : 0; }
  void stopped(TrialId trial) override { leave(trial); }
  void ended(TrialId, std::size_t passed, const Result&) override {
    open_ -= pauses_ && passed == 0 ? 1 : 0;
  }
  [[nodiscard]] std::optional<TrialId> next() const override {
    return decided() && chosen_ < top_k_ && !paused_.empty()
               ? std::optional(paused_.begin()->second)
               : std::nullopt;
  }
  [[nodiscard]] std::vector<TrialId> given_up() const override {
    std::vector<TrialId> out;
    if (decided()) {
      std::size_t kept = top_k_ - std::min(chosen_, top_k_);
      for (const auto& [objective, trial] : paused_) {
        if (kept > 0) {
          --kept;
        } else {
          out.push_back(trial);
        }
      }
    }
    return out;
  }

 private:
  const bool pauses_;
  const std::size_t top_k_;
  bool all_created_ = false;
  std::size_t open_ = 0;  // on the way to the first rung
  std::size_t chosen_ = 0;
  std::set<std::pair<double, TrialId>> paused_;

  [[nodiscard]] bool decided() const { return all_created_ && open_ == 0; }
  bool leave(TrialId trial) {
    return std::erase_if(paused_, [&](const auto& p) { return p.second == trial; }) > 0;
  }
};

}  // namespace

std::unique_ptr<FidelityRule> make_one_epoch(std::size_t rungs, std::size_t top_k) {
  return std::make_unique<OneEpoch>(rungs, top_k);
}

}  // namespace twostep
