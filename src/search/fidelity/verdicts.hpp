// For rules that decide on a trial when it comes to a rung: who goes on, in the order of arrival,
// and who does not.
#pragma once

#include <algorithm>
#include <deque>

#include "search/fidelity/rules.hpp"

namespace twostep {

class VerdictRule : public FidelityRule {
 public:
  void created(TrialId) override {}
  void resumed(TrialId trial) override { std::erase(going_on_, trial); }
  void stopped(TrialId trial) override { std::erase(given_up_, trial); }
  [[nodiscard]] std::optional<TrialId> next() const override {
    return going_on_.empty() ? std::nullopt : std::optional(going_on_.front());
  }
  [[nodiscard]] std::vector<TrialId> given_up() const override { return given_up_; }

 protected:
  void go_on(TrialId trial) { going_on_.push_back(trial); }
  void give_up(TrialId trial) { given_up_.push_back(trial); }

 private:
  std::deque<TrialId> going_on_;
  std::vector<TrialId> given_up_;
};

}  // namespace twostep
