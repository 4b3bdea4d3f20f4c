// Promotion: which trials are retrained on all the data, and by how many ranks each.
#pragma once

#include <cstdint>
#include <vector>

#include "twostep/base/ids.hpp"

namespace twostep {

struct Candidate {
  TrialId trial;
  double objective = 0;
  double fidelity = 1;  // share of the full budget
};

// The `count` best (or fewer), best first: those of a higher fidelity before those of a lower one;
// ties by trial id; candidates without a finite objective are left out.
[[nodiscard]] std::vector<TrialId> choose_finalists(std::vector<Candidate> candidates,
                                                    std::size_t count);

// Ranks per finalist, in the finalists' order. requested 0 (auto): one rank each where there are no
// more workers than finalists, else the workers are shared out evenly, the best finalists first.
// Error{resources} if more are requested than there are.
[[nodiscard]] std::vector<std::uint32_t> plan_teams(std::size_t finalists, std::uint32_t workers,
                                                    std::uint32_t requested);

}  // namespace twostep
