#include "twostep/search/proposer.hpp"

#include "search/draws.hpp"
#include "search/samplers.hpp"
#include "twostep/base/check.hpp"

namespace twostep {
namespace {
// Redraws before a space is gone through: at 99 % of a finite space tried, a random draw is new one
// time in a hundred.
constexpr std::uint32_t most_draws = 200;
constexpr std::uint64_t most_enumerated = 1U << 20U;
}  // namespace

Proposer::Proposer(std::unique_ptr<Sampler> sampler, const Space& space,
                   const std::vector<NamedValues>& first, std::uint64_t seed)
    : space_(space), sampler_(std::move(sampler)), seed_(seed), cardinality_(space.cardinality()) {
  for (const NamedValues& named : first) {
    PartialPoint& given = first_.emplace_back();
    given.values.resize(space.dimensions.size());
    for (const auto& [name, value] : named) {
      const auto index = space.find(name);
      TWOSTEP_REQUIRE(index.has_value());  // the reader of the study file refuses others
      given.values[*index] = value;
    }
  }
  if (cardinality_ && *cardinality_ <= most_enumerated) {
    every_ = make_grid_sampler(space);
  }
}

void Proposer::learn(const Point& point, const Observation& observation) {
  TWOSTEP_REQUIRE(seen_.empty());
  const TrialId trial(++learnt_);
  sampler_->created(trial, point);
  sampler_->finished(trial, observation);
}

bool Proposer::is_new(const Point& point) const {
  auto [at, end] = seen_.equal_range(fingerprint(point));
  for (; at != end; ++at) {
    if (at->second == point) {
      return false;
    }
  }
  return true;
}

std::optional<Point> Proposer::next_first(TrialId next) const {
  if (next.value > first_.size()) {
    return std::nullopt;
  }
  const PartialPoint& given = first_[next.value - 1];
  for (std::uint32_t draw = 0; draw < most_draws; ++draw) {
    Point base{std::vector<Value>(space_.dimensions.size())};
    if (auto proposed = sampler_->propose(as_sampled(next), draw)) {
      base = std::move(*proposed);
    }
    Point point =
        complete(space_, given, base, random_unit(seed_, next, draw, space_.dimensions.size()));
    if (is_new(point)) {
      return point;
    }
  }
  return std::nullopt;
}

std::optional<Point> Proposer::next(TrialId next) const {
  if (cardinality_ && seen_.size() >= *cardinality_) {
    return std::nullopt;
  }
  if (auto point = next_first(next)) {
    return point;
  }
  for (std::uint32_t draw = 0; draw < most_draws; ++draw) {
    std::optional<Point> point = sampler_->propose(as_sampled(next), draw);
    if (!point && !first_.empty() && every_) {
      break;  // points that the first ones stood in for are left
    }
    if (!point || is_new(*point)) {
      return point;
    }
  }
  return every_ ? search_all(next) : std::nullopt;
}

// From a place that depends on the trial, so that the last points are not taken in grid order.
std::optional<Point> Proposer::search_all(TrialId next) const {
  const std::uint64_t begin = next.value * std::uint64_t{0x9E3779B9} % *cardinality_;
  for (std::uint64_t i = 0; i < *cardinality_; ++i) {
    const auto index = static_cast<std::uint32_t>((begin + i) % *cardinality_);
    std::optional<Point> point = every_->propose(TrialId(index + 1), 0);
    if (point && is_new(*point)) {
      return point;
    }
  }
  return std::nullopt;
}

void Proposer::created(TrialId trial, const Point& point) {
  seen_.emplace(fingerprint(point), point);
  latest_ = trial;
  sampler_->created(as_sampled(trial), point);
}

void Proposer::observed(TrialId trial, const Observation& observation) {
  sampler_->observed(as_sampled(trial), observation);
}

void Proposer::finished(TrialId trial, const Observation& observation) {
  sampler_->finished(as_sampled(trial), observation);
}

Proposer make_proposer(const StudySpec& spec, const Space& space) {
  return {make_sampler(spec.search, space, spec.seed), space, spec.search.try_first, spec.seed};
}

void Proposer::tell(const SearchNews& news) {
  switch (news.kind) {
    case SearchNews::Kind::learnt:
      return learn(news.point, news.seen);
    case SearchNews::Kind::created:
      return created(news.trial, news.point);
    case SearchNews::Kind::observed:
      return observed(news.trial, news.seen);
    case SearchNews::Kind::finished:
      return finished(news.trial, news.seen);
  }
}

}  // namespace twostep
