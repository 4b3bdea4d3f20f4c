// The coordinator's source of new points: a sampler, and the memory of what was already tried. A
// point that equals an earlier one is redrawn; where redrawing finds nothing new, a space that is
// small enough is gone through one by one. When it is used up, the search is exhausted.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "twostep/search/sampler.hpp"
#include "twostep/study/configuration.hpp"

namespace twostep {

// What a proposer is told.
struct SearchNews {
  enum class Kind { learnt, created, observed, finished };
  Kind kind = Kind::created;
  TrialId trial;     // but for `learnt`
  Point point;       // learnt, created
  Observation seen;  // all but `created`
};

class Proposer {
 public:
  // first: what trials 1, 2, ... are to be; what they leave open is as the sampler proposes it. One
  // that is a duplicate and leaves nothing open is passed over.
  Proposer(std::unique_ptr<Sampler> sampler, const Space& space,
           const std::vector<NamedValues>& first = {}, std::uint64_t seed = 0);
  // A trial of an earlier search, before the first of this one. To the sampler it is one more
  // trial: trial n is number n + (how many were learnt) there. Its point may be proposed again.
  void learn(const Point& point, const Observation& observation);
  // The point for trial `next`, different from every created point; nullopt: exhausted.
  [[nodiscard]] std::optional<Point> next(TrialId next) const;
  void created(TrialId trial, const Point& point);
  void observed(TrialId trial, const Observation& observation);
  void finished(TrialId trial, const Observation& observation);
  void tell(const SearchNews& news);
  [[nodiscard]] bool needs_fit() const { return sampler_->needs_fit(); }
  [[nodiscard]] bool is_new(const Point& point) const;
  [[nodiscard]] TrialId latest() const { return latest_; }  // created

 private:
  Space space_;
  std::unique_ptr<Sampler> sampler_;
  std::vector<PartialPoint> first_;
  std::uint64_t seed_;
  std::uint32_t learnt_ = 0;
  TrialId latest_;
  std::unique_ptr<Sampler> every_;  // of a space that can be gone through
  std::optional<std::uint64_t> cardinality_;
  std::multimap<std::uint64_t, Point> seen_;  // by fingerprint
  [[nodiscard]] TrialId as_sampled(TrialId trial) const { return TrialId(trial.value + learnt_); }
  [[nodiscard]] std::optional<Point> next_first(TrialId next) const;
  [[nodiscard]] std::optional<Point> search_all(TrialId next) const;
};

// With the algorithm, the seed and the first points of the study.
[[nodiscard]] Proposer make_proposer(const StudySpec& spec, const Space& space);

}  // namespace twostep
