#include <algorithm>
#include <string>

#include "twostep/sim/world.hpp"
#include "twostep/study/algorithm.hpp"
#include "twostep/study/spec_json.hpp"
#include "twostep/study/spec_reader.hpp"

namespace twostep {

StudyIdentity simulated_study(std::uint64_t seed, std::uint32_t trials, StoppingRule rule,
                              Fidelity fidelity, Algorithm algorithm) {
  std::string stopping;
  if (rule != StoppingRule::none) {
    stopping = std::string(R"(, "early_stopping": {"rule": ")") + name(rule) +
               R"(", "fidelity": ")" + (fidelity == Fidelity::rows ? "rows" : "budget") + R"("})";
  }
  const SecondObjective second =
      algorithm == Algorithm::nsga2 ? SecondObjective::inference_seconds : SecondObjective::none;
  const std::string text = R"({
    "study": {"name": "simulation", "seed": )" +
                           std::to_string(seed) + R"(, "directory": "sim"},
    "data": {"files": ["x.h5"], "inputs": ["x"], "targets": ["y"]},
    "model": {"layers": {"int": [1, 4]}, "width": {"int": [8, 256], "log": true, "per": "layer"}},
    "training": {"learning_rate": {"float": [0.0001, 0.1], "log": true}},
    "search": {"trials": )" +
                           std::to_string(trials) + R"(, "algorithm": ")" + name(algorithm) +
                           R"(", "second_objective": ")" + name(second) +
                           R"(", "subset": {"rows": 1000}, "budget": {"epochs": 10})" + stopping +
                           R"(},
    "promotion": {"finalists": )" +
                           std::to_string(std::min(trials, 5U)) + R"(},
    "retraining": {"budget": {"epochs": 10}}
  })";
  StudyIdentity study;
  study.spec = read_spec(read_json(text));
  study.space = make_space(study.spec);
  study.spec_json = to_json(study.spec);
  study.data_digest = "simulated";
  return study;
}

}  // namespace twostep
