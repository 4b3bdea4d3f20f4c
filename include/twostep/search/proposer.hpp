// The coordinator's source of new points: a sampler, and the memory of what was already tried. A
// point that equals an earlier one is redrawn; when a finite space is used up, or redrawing finds
// nothing new, the search is exhausted.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <optional>
#include <utility>
#include <vector>

#include "twostep/search/sampler.hpp"

namespace twostep {

class Proposer {
 public:
  Proposer(std::unique_ptr<Sampler> sampler, const Space& space);
  // The point for trial `next`, different from every created point; nullopt: exhausted.
  [[nodiscard]] std::optional<Point> next(TrialId next) const;
  void created(TrialId trial, const Point& point);
  void finished(TrialId trial, Outcome outcome, double objective);

 private:
  std::unique_ptr<Sampler> sampler_;
  std::optional<std::uint64_t> cardinality_;
  std::multimap<std::uint64_t, Point> seen_;  // by fingerprint
  [[nodiscard]] bool is_new(const Point& point) const;
};

}  // namespace twostep
