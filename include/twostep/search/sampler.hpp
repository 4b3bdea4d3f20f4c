// What every search algorithm is: something that proposes points, and is told what became of them.
// Pure and deterministic: the proposals are a function of (space, options, seed, the sequence of
// created and finished), which the journal records, so a sampler is rebuilt by replaying them and
// goes on bit for bit. Whatever a sampler fits or sorts is fitted when a proposal is asked for, so
// that replaying 100,000 trials costs next to nothing; it may keep the outcome, as long as it is a
// function of that sequence and not of when proposals were asked for. Trials that were created and
// have not finished are pending, and count. Dimensions that are inactive in a point hold monostate.
#pragma once

#include <cstdint>
#include <limits>
#include <memory>
#include <optional>

#include "twostep/base/ids.hpp"
#include "twostep/study/event.hpp"
#include "twostep/study/result.hpp"
#include "twostep/study/space.hpp"
#include "twostep/study/spec.hpp"

namespace twostep {

// What became of a trial. Whatever is not finite counts as a failure, as does every outcome but
// `finished`.
struct Observation {
  Outcome outcome = Outcome::finished;
  double objective = std::numeric_limits<double>::quiet_NaN();   // smaller is better
  double parameters = std::numeric_limits<double>::quiet_NaN();  // of the network, trainable
  double seconds = std::numeric_limits<double>::quiet_NaN();     // of training
  double inference_seconds_per_row = std::numeric_limits<double>::quiet_NaN();
  double fidelity = 1;    // share of the full budget that was spent, in (0, 1]
  bool left_out = false;  // a failure of which the algorithm learns nothing but its end
};

[[nodiscard]] bool is_failure(const Observation& observation);
[[nodiscard]] Observation observe(const Result& result);
[[nodiscard]] Observation observe(const PriorTrial& trial);
// What nsga2 weighs the loss against; NaN: not known.
[[nodiscard]] double second_of(const Observation& observation, SecondObjective second);
// What the sampler is told of it: search.failures.value.
[[nodiscard]] Observation as_told(Observation observation, const FailuresSpec& failures);

class Sampler {
 public:
  virtual ~Sampler() = default;
  // The point for trial `next`; `draw` counts the redraws after duplicates (0 first; from some
  // number on they are random points). nullopt: there are no further points. The sampler's
  // proposals do not depend on earlier calls of propose.
  [[nodiscard]] virtual std::optional<Point> propose(TrialId next, std::uint32_t draw) const = 0;
  // The point was created as a trial and is pending. Trials come in the order of their ids, from 1.
  virtual void created(TrialId trial, const Point& point) = 0;
  // At a rung: the trial is still pending, and this is what a part of the budget gave.
  virtual void observed(TrialId, const Observation&) {}
  virtual void finished(TrialId trial, const Observation& observation) = 0;
  // The next proposal takes a fit of tens of milliseconds or more.
  [[nodiscard]] virtual bool needs_fit() const { return false; }
};

// Whether its samplers ever need a fit.
[[nodiscard]] bool fits_models(Algorithm algorithm);
// Throws Error{config} if the algorithm cannot serve the space (study/algorithm.hpp).
[[nodiscard]] std::unique_ptr<Sampler> make_sampler(const SearchSpec& search, const Space& space,
                                                    std::uint64_t seed);

}  // namespace twostep
