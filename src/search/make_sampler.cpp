#include <algorithm>
#include <cmath>

#include "search/samplers.hpp"
#include "twostep/base/error.hpp"
#include "twostep/study/algorithm.hpp"

namespace twostep {

namespace {

// About as many as there are dimensions: fewer say nothing about most of them.
std::uint32_t startup_trials(const SearchSpec& search, const Space& space) {
  return search.startup_trials > 0
             ? search.startup_trials
             : std::clamp(static_cast<std::uint32_t>(space.dimensions.size()), 10U, 30U);
}

}  // namespace

bool is_failure(const Observation& observation) {
  return observation.outcome != Outcome::finished || !std::isfinite(observation.objective);
}

Observation as_told(Observation observation, const FailuresSpec& failures) {
  observation.left_out = failures.value == FailureValue::ignore && is_failure(observation);
  return observation;
}

Observation observe(const Result& result) {
  Observation out;
  out.outcome = result.outcome;
  out.objective = result.objective;
  // No model is without: 0 says that a command told none.
  out.parameters = result.parameters > 0 ? static_cast<double>(result.parameters) : std::nan("");
  out.seconds = result.seconds;
  out.inference_seconds_per_row = result.inference_seconds_per_row;
  return out;
}

Observation observe(const PriorTrial& trial) {
  Observation out;
  out.outcome = trial.outcome;
  out.objective = trial.objective;
  out.parameters = trial.parameters;
  out.seconds = trial.seconds;
  out.inference_seconds_per_row = trial.inference_seconds_per_row;
  out.fidelity = trial.fidelity;
  return out;
}

double second_of(const Observation& observation, SecondObjective second) {
  switch (second) {
    case SecondObjective::parameters:
      return observation.parameters;
    case SecondObjective::seconds:
      return observation.seconds;
    case SecondObjective::inference_seconds:
      return observation.inference_seconds_per_row;
    case SecondObjective::none:
      break;
  }
  return std::nan("");
}

bool fits_models(Algorithm algorithm) {
  return algorithm == Algorithm::gp || algorithm == Algorithm::forest;
}

std::unique_ptr<Sampler> make_sampler(const SearchSpec& search, const Space& space,
                                      std::uint64_t seed) {
  std::vector<Problem> problems;
  for (const Refusal& refusal : refusals(search, space)) {
    problems.push_back(refusal.problem);
  }
  if (!problems.empty()) {
    throw Error(ErrorKind::config, problems);
  }
  switch (search.algorithm) {
    case Algorithm::grid:
      return make_grid_sampler(space);
    case Algorithm::sobol:
      return make_sobol_sampler(space, seed);
    case Algorithm::halton:
      return make_halton_sampler(space, seed);
    case Algorithm::latin_hypercube:
      return make_latin_hypercube_sampler(space, seed, search.trials);
    case Algorithm::tpe:
      return make_tpe_sampler(space, seed, startup_trials(search, space));
    case Algorithm::cma_es:
      return make_cma_es_sampler(space, seed, search.population);
    case Algorithm::evolution:
      return make_evolution_sampler(space, seed, startup_trials(search, space),
                                    search.population > 0 ? search.population : 50);
    case Algorithm::nsga2:
      return make_nsga2_sampler(space, seed, search.population > 0 ? search.population : 32,
                                search.second_objective);
    case Algorithm::forest:
      return make_forest_sampler(space, seed, startup_trials(search, space));
    case Algorithm::gp:
      return make_gp_sampler(space, seed, startup_trials(search, space));
    case Algorithm::random:
      break;
  }
  return make_random_sampler(space, seed);
}

}  // namespace twostep
