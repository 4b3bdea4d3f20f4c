#include "twostep/search/proposer.hpp"

namespace twostep {
namespace {
// Redraws before a search counts as exhausted: at 90 % of a finite space tried, a random draw is
// new one time in ten.
constexpr std::uint32_t most_draws = 1000;
}  // namespace

Proposer::Proposer(std::unique_ptr<Sampler> sampler, const Space& space)
    : sampler_(std::move(sampler)), cardinality_(space.cardinality()) {}

bool Proposer::is_new(const Point& point) const {
  auto [at, end] = seen_.equal_range(fingerprint(point));
  for (; at != end; ++at) {
    if (at->second == point) {
      return false;
    }
  }
  return true;
}

std::optional<Point> Proposer::next(TrialId next) const {
  if (cardinality_ && seen_.size() >= *cardinality_) {
    return std::nullopt;
  }
  for (std::uint32_t draw = 0; draw < most_draws; ++draw) {
    std::optional<Point> point = sampler_->propose(next, draw);
    if (!point || is_new(*point)) {
      return point;
    }
  }
  return std::nullopt;
}

void Proposer::created(TrialId trial, const Point& point) {
  seen_.emplace(fingerprint(point), point);
  sampler_->created(trial, point);
}

void Proposer::finished(TrialId trial, Outcome outcome, double objective) {
  sampler_->finished(trial, outcome, objective);
}

}  // namespace twostep
