#include "twostep/sim/sim_fitter.hpp"

#include <utility>

namespace twostep {

SimFitter::SimFitter(Proposer proposer, Clock& clock, Duration fit)
    : proposer_(std::move(proposer)), clock_(clock), fit_(fit) {}

void SimFitter::tell(std::vector<SearchNews> news) {
  for (const SearchNews& each : news) {
    proposer_.tell(each);
  }
}

// What is told while it fits comes too late for this proposal.
void SimFitter::ask() {
  const TrialId next(proposer_.latest().value + 1);
  made_ = Proposal{next, proposer_.next(next)};
  ready_ = clock_.now() + fit_;
}

std::optional<Proposal> SimFitter::poll() {
  if (!made_ || clock_.now() < ready_) {
    return std::nullopt;
  }
  ++count_;
  return std::exchange(made_, std::nullopt);
}

}  // namespace twostep
