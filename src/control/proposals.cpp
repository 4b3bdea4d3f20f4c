// The part of the coordinator that gets new points. Slow models are fitted elsewhere (Fitter): a
// proposal is asked for when a worker has room for a trial, which is a trial's time before the
// worker needs it. A worker that has nothing to do all the same is given a random point at once, so
// that nobody waits for a fit.
#include "twostep/control/coordinator.hpp"

namespace twostep {

void Coordinator::tell_proposer(SearchNews news) {
  proposer_.tell(news);
  if (options_.fits_elsewhere) {
    chance_->tell(news);
    news_.push_back(std::move(news));
  }
}

void Coordinator::take_proposal(Step& step, const Proposal& proposal) {
  asked_ = false;
  const bool current = proposal.next.value == state_.trials.size() + 1;
  if (proposal.point) {
    proposed_ = proposal.point;
  } else if (current && !all_created()) {
    record(step, SearchExhausted{proposal.next.value - 1});
  }
}

bool Coordinator::waits_for_fit() const {
  return options_.fits_elsewhere && proposer_.needs_fit();
}

bool Coordinator::create_trial(Step& step, WorkerId to) {
  if (all_created()) {
    return false;
  }
  const TrialId next(static_cast<std::uint32_t>(state_.trials.size()) + 1);
  std::optional<Point> point;
  if (!waits_for_fit()) {
    point = proposer_.next(next);
  } else {
    point = std::exchange(proposed_, std::nullopt);
    if (point && !proposer_.is_new(*point)) {
      point.reset();  // a random one has come before it
    }
    if (!point) {
      step.asks_proposal = step.asks_proposal || !asked_;
      asked_ = true;
      if (!workers_.at(to).holds.empty()) {
        return false;  // it has something to do meanwhile
      }
      point = chance_->next(next);
    }
  }
  if (!point) {
    record(step, SearchExhausted{next.value - 1});
    return false;
  }
  record(step, TrialCreated{next, *point});
  return true;
}

}  // namespace twostep
