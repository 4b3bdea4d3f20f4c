// What an early-stopping rule costs until it has found a good trial, on the loss curves of real
// trials.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "twostep/study/early_stopping.hpp"

namespace twostep::bench {

struct Curves {
  std::size_t epochs = 0;
  std::vector<std::vector<double>> losses;  // [trial][epoch], not necessarily finite
};

// A table written by tools/bench/peers/climsim_curves.py. Throws std::runtime_error.
[[nodiscard]] Curves read_curves(const std::string& path);

struct Hunt {
  StoppingRule rule = StoppingRule::none;
  std::size_t workers = 1;
  std::uint64_t seed = 1;
  std::uint32_t trials = 1000;  // of one study; another study follows where it found nothing
};

struct Found {
  std::uint64_t epochs_spent = 0;  // by all workers, those of trials under way included
  double epochs_passed = 0;        // on the clock, where an epoch of any trial takes as long
};

// Draws curves at random without replacement and trains them by the rule, as the coordinator does:
// those that may go on before new ones, until a trial whose best loss is among the best `share` of
// all curves is trained to its end.
[[nodiscard]] Found hunt(const Curves& curves, const Hunt& options, double share);

}  // namespace twostep::bench
