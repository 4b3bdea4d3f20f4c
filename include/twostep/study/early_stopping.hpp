// Early stopping of trials, or multi-fidelity search: a trial is trained in rungs, and a rule says
// after each whether it goes on, waits, or is given up. What is measured at a rung is a cheap
// estimate of what the whole budget would give.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace twostep {

struct SearchSpec;

enum class StoppingRule {
  none,
  asha,
  asha_promotion,
  hyperband,
  median,
  percentile,
  pasha,
  one_epoch
};
// What grows from rung to rung.
enum class Fidelity {
  budget,  // epochs or optimiser steps, as search.budget has it: a trial goes on where it paused
  rows     // of the subset: a trial is trained anew, with the whole budget, on more rows
};

struct EarlyStoppingSpec {
  StoppingRule rule = StoppingRule::none;
  Fidelity fidelity = Fidelity::budget;
  std::uint32_t reduction_factor = 3;  // eta: asha, asha_promotion, hyperband, pasha
  std::uint32_t minimum = 0;           // fidelity of the first rung; 0: auto, see settle_minimum
  std::uint32_t interval = 0;          // between rungs of median and percentile; 0: auto
  std::uint32_t brackets = 0;          // hyperband; 0: as many as there are rungs
  double percentile = 25;              // percentile: what goes on
  std::uint32_t startup_trials = 5;    // median, percentile: whole trials before any is stopped
  std::uint32_t top_k = 0;             // one_epoch: 0: as many as there are finalists
  friend bool operator==(const EarlyStoppingSpec&, const EarlyStoppingSpec&) = default;
};

[[nodiscard]] std::vector<std::string> stopping_rule_names();
[[nodiscard]] const char* name(StoppingRule);

// Puts a number in the place of an automatic first rung of asha, asha_promotion and pasha, where
// one epoch is no measure: the whole over a power of the reduction factor, rounded up, so that the
// last rung below the whole is well below it. What is read from a study file is settled; what an
// earlier version journalled as auto stays so, and has 1/27 of the whole, rounded down.
void settle_minimum(SearchSpec& search);

// The fidelities of the rungs, ascending; the last is the whole. One alone without a rule.
[[nodiscard]] std::vector<std::uint64_t> rung_levels(const SearchSpec& search);
// The same in numbers, without the list: rungs of median and percentile may be very many.
[[nodiscard]] std::uint64_t rung_count(const SearchSpec& search);

}  // namespace twostep
