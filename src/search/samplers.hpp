// The samplers that make_sampler chooses from.
#pragma once

#include <memory>

#include "twostep/search/sampler.hpp"

namespace twostep {

[[nodiscard]] std::unique_ptr<Sampler> make_random_sampler(const Space& space, std::uint64_t seed);
[[nodiscard]] std::unique_ptr<Sampler> make_grid_sampler(const Space& space);
[[nodiscard]] std::unique_ptr<Sampler> make_sobol_sampler(const Space& space, std::uint64_t seed);
[[nodiscard]] std::unique_ptr<Sampler> make_halton_sampler(const Space& space, std::uint64_t seed);
// `size`: how many points one hypercube has; after them comes another one.
[[nodiscard]] std::unique_ptr<Sampler> make_latin_hypercube_sampler(const Space& space,
                                                                    std::uint64_t seed,
                                                                    std::uint32_t size);
// `startup`: how many trials have ended before the model proposes.
[[nodiscard]] std::unique_ptr<Sampler> make_tpe_sampler(const Space& space, std::uint64_t seed,
                                                        std::uint32_t startup);

// `population`: trials of a generation, or living ones; cma_es: 0 for the usual number.
[[nodiscard]] std::unique_ptr<Sampler> make_cma_es_sampler(const Space& space, std::uint64_t seed,
                                                           std::uint32_t population);
[[nodiscard]] std::unique_ptr<Sampler> make_evolution_sampler(const Space& space,
                                                              std::uint64_t seed,
                                                              std::uint32_t startup,
                                                              std::uint32_t population);
[[nodiscard]] std::unique_ptr<Sampler> make_nsga2_sampler(const Space& space, std::uint64_t seed,
                                                          std::uint32_t population,
                                                          SecondObjective second);
[[nodiscard]] std::unique_ptr<Sampler> make_forest_sampler(const Space& space, std::uint64_t seed,
                                                           std::uint32_t startup);
[[nodiscard]] std::unique_ptr<Sampler> make_gp_sampler(const Space& space, std::uint64_t seed,
                                                       std::uint32_t startup);

}  // namespace twostep
