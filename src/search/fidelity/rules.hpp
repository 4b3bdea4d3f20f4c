// The rules by name; their sources are said in their files.
#pragma once

#include <cmath>
#include <limits>

#include "twostep/search/fidelity_rule.hpp"

namespace twostep {

// What a result is ranked by: what is no number is worse than any.
[[nodiscard]] inline double ranked_value(const Result& result) {
  return std::isnan(result.objective) ? std::numeric_limits<double>::infinity() : result.objective;
}

// `rungs` counts the last one too. All but the median rules promote the best 1 / eta.
[[nodiscard]] std::unique_ptr<FidelityRule> make_asha(std::size_t rungs, std::uint32_t eta);
[[nodiscard]] std::unique_ptr<FidelityRule> make_asha_promotion(std::size_t rungs,
                                                                std::uint32_t eta);
// curve_is_resource: place i of a curve is the same resource for all trials.
[[nodiscard]] std::unique_ptr<FidelityRule> make_pasha(std::size_t rungs, std::uint32_t eta,
                                                       bool curve_is_resource);
// Trials of the brackets of a cycle, the one that begins at rung 0 first.
[[nodiscard]] std::vector<std::uint64_t> bracket_sizes(std::size_t rungs, std::uint32_t eta,
                                                       std::uint32_t brackets);
// brackets: 0: as many as there are rungs.
[[nodiscard]] std::unique_ptr<FidelityRule> make_hyperband(std::size_t rungs, std::uint32_t eta,
                                                           std::uint32_t brackets);
[[nodiscard]] std::unique_ptr<FidelityRule> make_median(std::size_t rungs, std::size_t startup);
[[nodiscard]] std::unique_ptr<FidelityRule> make_percentile(std::size_t rungs, std::size_t startup,
                                                            double percentile);
[[nodiscard]] std::unique_ptr<FidelityRule> make_one_epoch(std::size_t rungs, std::size_t top_k);

}  // namespace twostep
