// The samplers that make_sampler chooses from.
#pragma once

#include <memory>

#include "twostep/search/sampler.hpp"

namespace twostep {

[[nodiscard]] std::unique_ptr<Sampler> make_random_sampler(const Space& space, std::uint64_t seed);
[[nodiscard]] std::unique_ptr<Sampler> make_grid_sampler(const Space& space);
[[nodiscard]] std::unique_ptr<Sampler> make_sobol_sampler(const Space& space, std::uint64_t seed);

}  // namespace twostep
