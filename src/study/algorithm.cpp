#include "twostep/study/algorithm.hpp"

#include <algorithm>

#include "study/names.hpp"

namespace twostep {
namespace {

constexpr std::size_t most_sobol_dimensions = 3667;  // of the table of Joe and Kuo

void refuse_grid(const Space& space, std::vector<Refusal>& out) {
  for (std::size_t i = 0; i < space.dimensions.size(); ++i) {
    if (!cardinality(space.dimensions[i])) {
      out.push_back({i,
                     {"",
                      "grid search cannot serve " + space.dimensions[i].name +
                          ": a continuous range has no finite set of values",
                      "", "give it a step, or use choice, or search.algorithm: sobol"}});
    }
  }
}

void refuse_population(const SearchSpec& search, const Space& space, std::vector<Refusal>& out) {
  const bool two = search.second_objective != SecondObjective::none;
  if (search.algorithm == Algorithm::nsga2 && !two) {
    out.push_back(
        {{},
         {"", "nsga2 is for two objectives, and search.second_objective is none",
          "with one objective it only sorts by it",
          "add second_objective: parameters or inference_seconds, or use search.algorithm: tpe"}});
  }
  if (search.algorithm != Algorithm::nsga2 && two) {
    out.push_back({{},
                   {"",
                    std::string("search.second_objective goes with nsga2, and the algorithm is ") +
                        name(search.algorithm),
                    "the others look at the validation loss alone",
                    "leave it out, or use search.algorithm: nsga2"}});
  }
  const bool numbers =
      std::any_of(space.dimensions.begin(), space.dimensions.end(), [](const Dimension& d) {
        return d.kind != DimensionKind::choice && cardinality(d).value_or(2) > 1;
      });
  if (search.algorithm == Algorithm::cma_es && !numbers) {
    out.push_back({{},
                   {"", "cma_es cannot serve a space of categories alone",
                    "it adapts a normal distribution over numbers, and no dimension is a range",
                    "use search.algorithm: tpe, forest or evolution"}});
  }
}

}  // namespace

std::vector<std::string> algorithm_names() {
  return {"random",    "grid",  "sobol",  "halton", "latin_hypercube", "tpe", "cma_es",
          "evolution", "nsga2", "forest", "gp"};
}

const char* name(Algorithm algorithm) {
  static const std::vector<std::string> names = algorithm_names();
  return name_of(names, algorithm);
}

std::vector<std::string> second_objective_names() {
  return {"none", "parameters", "seconds", "inference_seconds"};
}

const char* name(SecondObjective second) {
  static const std::vector<std::string> names = second_objective_names();
  return name_of(names, second);
}

bool learns(Algorithm algorithm) {
  return algorithm == Algorithm::tpe || algorithm == Algorithm::cma_es ||
         algorithm == Algorithm::evolution || algorithm == Algorithm::nsga2 ||
         algorithm == Algorithm::forest || algorithm == Algorithm::gp;
}

std::vector<Refusal> refusals(const SearchSpec& search, const Space& space) {
  std::vector<Refusal> out;
  refuse_population(search, space, out);
  if (search.algorithm == Algorithm::grid) {
    refuse_grid(space, out);
  } else if (search.algorithm == Algorithm::sobol &&
             space.dimensions.size() > most_sobol_dimensions) {
    out.push_back(
        {{},
         {"",
          "Sobol sequences have at most " + std::to_string(most_sobol_dimensions) + " dimensions",
          "the space has " + std::to_string(space.dimensions.size()),
          "use search.algorithm: random"}});
  }
  return out;
}

}  // namespace twostep
