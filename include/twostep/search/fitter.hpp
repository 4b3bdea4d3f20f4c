// Proposals away from the dispatch path. Algorithms that fit slow models (Sampler::needs_fit) are
// given a proposer of their own, which is told whatever the coordinator's proposer is told, and
// fits and proposes while the coordinator goes on handing out work.
#pragma once

#include <optional>
#include <vector>

#include "twostep/search/proposer.hpp"

namespace twostep {

struct Proposal {
  TrialId next;                // the trial that it was made for: all before it were known
  std::optional<Point> point;  // none: the space is used up
};

class Fitter {
 public:
  virtual ~Fitter() = default;
  // In the order in which it happened; from the beginning of the study.
  virtual void tell(std::vector<SearchNews> news) = 0;
  // One more proposal, from all that was told before. One is asked for at a time.
  virtual void ask() = 0;
  // The proposal that was asked for, once it is there. Never waits. Throws what the fit has thrown.
  [[nodiscard]] virtual std::optional<Proposal> poll() = 0;
};

}  // namespace twostep
