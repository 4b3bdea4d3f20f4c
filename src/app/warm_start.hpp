// search.warm_start: where the trials lie that a new search begins with.
#pragma once

#include <optional>

#include "twostep/study/event.hpp"
#include "twostep/study/spec.hpp"

namespace twostep {

// nullopt: the study begins with nothing. Error{study} or Error{config} where the earlier trials
// cannot be read, were ranked by something else, or all have no place in this space.
[[nodiscard]] std::optional<WarmStarted> read_warm_start(const StudySpec& spec, const Space& space);

// "80 trials of studies/old, the best 0.0125, 12 left out (not in this space)". `best`: as people
// read it.
[[nodiscard]] std::string warm_start_text(const std::string& source, std::uint64_t trials,
                                          double best, std::uint64_t left_out);

}  // namespace twostep
