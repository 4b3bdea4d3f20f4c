// Asynchronous promotion from rung to rung, which ASHA and PASHA share: whoever is free takes the
// best candidate of the highest rung that has one.
#pragma once

#include <map>

#include "search/fidelity/halving_rung.hpp"
#include "search/fidelity/rules.hpp"

namespace twostep {

class PromotionRule : public FidelityRule {
 public:
  PromotionRule(std::size_t rungs, std::uint32_t eta) : rungs_(rungs - 1, HalvingRung(eta, 0)) {}

  void created(TrialId) override {}
  void reached(TrialId trial, std::size_t rung, const Result& result) override {
    rungs_.at(rung).add(ranked_value(result), trial, true);
    paused_[trial] = {rung, ranked_value(result)};
  }
  void resumed(TrialId trial) override { leave(trial); }
  void stopped(TrialId trial) override { leave(trial); }
  void ended(TrialId trial, std::size_t passed, const Result& result) override {
    for (std::size_t i = passed; result.outcome == Outcome::finished && i < rungs_.size(); ++i) {
      rungs_[i].add(ranked_value(result), trial, false);
    }
  }
  [[nodiscard]] std::optional<TrialId> next() const override {
    for (std::size_t i = top(); i-- > 0;) {
      if (const auto trial = rungs_[i].candidate()) {
        return trial;
      }
    }
    return std::nullopt;
  }
  [[nodiscard]] std::vector<TrialId> given_up() const override { return {}; }

 protected:
  // The rungs below this one have candidates.
  [[nodiscard]] virtual std::size_t top() const { return rungs_.size(); }
  [[nodiscard]] std::size_t pausing_rungs() const { return rungs_.size(); }

 private:
  struct Pause {
    std::size_t rung;
    double objective;
  };
  std::vector<HalvingRung> rungs_;  // all but the last
  std::map<TrialId, Pause> paused_;

  void leave(TrialId trial) {
    const auto at = paused_.find(trial);
    if (at != paused_.end()) {
      rungs_[at->second.rung].close(at->second.objective, trial);
      paused_.erase(at);
    }
  }
};

}  // namespace twostep
