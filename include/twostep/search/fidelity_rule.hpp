// What every early-stopping rule is: it is told which trial has come to which rung, and says who
// goes on, who waits and who is given up. Pure and deterministic: what it says is a function of
// (options, the sequence of calls), which the journal records, so that a rule is rebuilt by
// replaying them. Rungs are counted from 0; the last one is the whole training.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "twostep/base/ids.hpp"
#include "twostep/study/result.hpp"
#include "twostep/study/spec.hpp"

namespace twostep {

class FidelityRule {
 public:
  virtual ~FidelityRule() = default;

  // Trials come in the order of their ids, from 1.
  virtual void created(TrialId trial) = 0;
  // No further trials will be created.
  virtual void all_created() {}
  // The trial pauses at a rung below the last. `result` has the best objective so far and the
  // curve from the beginning.
  virtual void reached(TrialId trial, std::size_t rung, const Result& result) = 0;
  // It was sent on, to the rung behind the one at which it paused.
  virtual void resumed(TrialId trial) = 0;
  virtual void stopped(TrialId trial) = 0;
  // Its training has ended at some place beyond the rungs that it paused at: finished (early, where
  // the budget has patience), or failed. `passed`: the rungs below the last that it paused at.
  virtual void ended(TrialId trial, std::size_t passed, const Result& result) = 0;

  // Where a new trial pauses first.
  [[nodiscard]] virtual std::size_t first_rung(TrialId) const { return 0; }
  // The paused trial that goes on next; nullopt: none, until more is known.
  [[nodiscard]] virtual std::optional<TrialId> next() const = 0;
  // Paused trials that are given up.
  [[nodiscard]] virtual std::vector<TrialId> given_up() const = 0;
};

// nullptr: every trial is trained in one piece.
[[nodiscard]] std::unique_ptr<FidelityRule> make_fidelity_rule(const StudySpec& spec);

}  // namespace twostep
