// What every search algorithm is: something that proposes points, and is told what became of them.
// Pure and deterministic: the proposals are a function of (space, seed, the sequence of calls),
// which the journal records, so a sampler is rebuilt by replaying them. Dimensions that are
// inactive in a point hold monostate.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>

#include "twostep/base/ids.hpp"
#include "twostep/study/result.hpp"
#include "twostep/study/space.hpp"
#include "twostep/study/spec.hpp"

namespace twostep {

class Sampler {
 public:
  virtual ~Sampler() = default;
  // The point for trial `next`; `draw` counts the redraws after duplicates (0 first). nullopt:
  // there are no further points. Must not change the sampler's state.
  [[nodiscard]] virtual std::optional<Point> propose(TrialId next, std::uint32_t draw) const = 0;
  // The point was created as a trial and is pending.
  virtual void created(TrialId trial, const Point& point) = 0;
  // objective: NaN if the outcome is not `finished`.
  virtual void finished(TrialId trial, Outcome outcome, double objective) = 0;
};

// Throws Error{config} if the algorithm cannot serve the space (grid over a continuous dimension
// without steps), with what to use instead.
[[nodiscard]] std::unique_ptr<Sampler> make_sampler(Algorithm algorithm, const Space& space,
                                                    std::uint64_t seed);

}  // namespace twostep
