#include "search/samplers.hpp"

namespace twostep {

std::unique_ptr<Sampler> make_sampler(Algorithm algorithm, const Space& space, std::uint64_t seed) {
  switch (algorithm) {
    case Algorithm::grid:
      return make_grid_sampler(space);
    case Algorithm::sobol:
      return make_sobol_sampler(space, seed);
    case Algorithm::random:
      break;
  }
  return make_random_sampler(space, seed);
}

}  // namespace twostep
