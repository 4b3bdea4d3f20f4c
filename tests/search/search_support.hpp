// Random search spaces of every kind, and studies that are played without training.
#pragma once

#include <cmath>
#include <limits>
#include <memory>
#include <string>
#include <vector>

#include "search/draws.hpp"
#include "twostep/search/proposer.hpp"
#include "twostep/study/algorithm.hpp"

namespace twostep::test {

inline Dimension real_dimension(const std::string& name, double low = 0, double high = 1) {
  Dimension d;
  d.name = name;
  d.low = low;
  d.high = high;
  return d;
}

inline Dimension integer_dimension(const std::string& name, double low, double high) {
  Dimension d = real_dimension(name, low, high);
  d.kind = DimensionKind::integer;
  return d;
}

inline Dimension choice_dimension(const std::string& name, std::vector<Value> choices) {
  Dimension d;
  d.name = name;
  d.kind = DimensionKind::choice;
  d.choices = std::move(choices);
  return d;
}

inline Space unit_cube(std::size_t dimensions) {
  Space space;
  for (std::size_t i = 0; i < dimensions; ++i) {
    space.dimensions.push_back(real_dimension("x" + std::to_string(i)));
  }
  return space;
}

inline std::unique_ptr<Sampler> make_sampler(Algorithm algorithm, const Space& space,
                                             std::uint64_t seed, std::uint32_t trials = 100) {
  SearchSpec search;
  search.algorithm = algorithm;
  search.trials = trials;
  return twostep::make_sampler(search, space, seed);
}

// Reals, logs, steps, integers, categories, constants; conditions on choices and on integers, in
// chains. `finite`: no continuous dimension.
inline Space random_space(std::uint64_t seed, bool finite) {
  Draws draws(Rng(seed, Purpose::simulation));
  Space space;
  const std::size_t n = 1 + draws.below(9);
  for (std::size_t i = 0; i < n; ++i) {
    Dimension d = real_dimension("d" + std::to_string(i));
    const std::uint64_t kind = draws.below(7);
    if (kind < 2) {
      d.kind = DimensionKind::choice;
      const std::size_t count = 1 + draws.below(5);
      for (std::size_t k = 0; k < count; ++k) {
        d.choices.emplace_back(kind == 0 ? Value("c" + std::to_string(k))
                                         : Value(std::int64_t{1} << k));
      }
    } else if (kind < 4) {
      d.kind = DimensionKind::integer;
      d.log = draws.below(2) == 1;
      d.low =
          d.log ? 1 + static_cast<double>(draws.below(8)) : static_cast<double>(draws.below(9)) - 4;
      d.high = d.low + static_cast<double>(draws.below(draws.below(3) == 0 ? 1000 : 6));
    } else {
      d.log = draws.below(2) == 1;
      d.low = d.log ? std::pow(10, -6 * draws.uniform()) : 10 * draws.uniform() - 5;
      d.high = draws.below(8) == 0 ? d.low : d.low + std::pow(10, 4 * draws.uniform() - 2);
      if (finite || draws.below(4) == 0) {
        d.step = (d.high - d.low) / static_cast<double>(1 + draws.below(6));
      }
    }
    if (i > 0 && draws.below(3) == 0) {
      const std::size_t parent = draws.below(i);
      const Dimension& p = space.dimensions[parent];
      if (p.kind == DimensionKind::choice) {
        d.condition = Condition{parent, {p.choices[draws.below(p.choices.size())]}, 0};
      } else if (p.kind == DimensionKind::integer) {
        d.condition = Condition{
            parent, {}, static_cast<std::int64_t>(p.low + (p.high - p.low) * draws.uniform())};
      }
    }
    space.dimensions.push_back(std::move(d));
  }
  return space;
}

inline Observation observation(double objective, double parameters = 100) {
  Observation out;
  out.objective = objective;
  out.outcome = std::isfinite(objective) ? Outcome::finished : Outcome::diverged;
  out.parameters = parameters;
  out.seconds = parameters / 100;
  return out;
}

// What happened in a study, in the order of the journal.
struct Happening {
  TrialId trial;
  std::optional<Point> point;  // created; else seen at a rung, or finished
  Observation seen;
  bool at_rung = false;
};

inline void tell(Proposer& proposer, const Happening& h) {
  if (h.point) {
    proposer.created(h.trial, *h.point);
  } else if (h.at_rung) {
    proposer.observed(h.trial, h.seen);
  } else {
    proposer.finished(h.trial, h.seen);
  }
}

}  // namespace twostep::test
