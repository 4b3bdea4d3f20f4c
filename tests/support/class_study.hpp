// A small data set in memory with a class, a probability, a weight and two values to predict.
#pragma once

#include <cmath>
#include <string>

#include "twostep/base/rng.hpp"
#include "twostep/data/data_plan.hpp"
#include "twostep/sim/mem_shards.hpp"
#include "twostep/study/spec_json.hpp"
#include "twostep/study/spec_reader.hpp"

namespace twostep::test {

struct ClassStudy {
  std::string targets = R"(["kind"])";
  std::string data;  // further members of `data`, each with a comma before it
  std::string training = R"("loss": "categorical_cross_entropy")";
  std::string search;  // further members
  std::string retraining;
};

inline StudySpec class_spec(const ClassStudy& o = {}) {
  return read_spec(read_json(
      R"({"study": {"name": "classes", "seed": 3, "directory": "d"}, "data": {"files": ["f"],
      "inputs": ["x"], "targets": )" +
      o.targets + o.data + R"(}, "model": {"layers": 1, "width": 8, "activation": "tanh"},
      "training": {"batch_size": 50, "learning_rate": 0.03, )" +
      o.training + R"(}, "search": {"trials": 1, "subset": {"rows": 300, "validation_rows": 80},
      "budget": {"epochs": 5})" +
      o.search + R"(}, "promotion": {"finalists": 1}, "retraining": {"budget": {"epochs": 3})" +
      o.retraining + "}}"));
}

// 600 rows of x [N, 2], the named targets, and (if the study wants one) the weight: `kind` is one
// of three classes, `yes` 0 or 1, `value` and `other` are numbers.
inline MemShards class_shards(const StudySpec& spec) {
  const Rng rng(4, Purpose::noise);
  std::vector<VariableInfo> variables{{"x", 2, "float32", 4}};
  for (const VariableSpec& target : spec.data.targets) {
    variables.push_back({target.name, 1, "float32", 4});
  }
  if (!spec.data.weights.empty()) {
    variables.push_back({spec.data.weights, 1, "float32", 4});
  }
  std::vector<std::vector<double>> values(variables.size());
  for (std::uint64_t row = 0; row < 600; ++row) {
    const double a = 2 * rng.uniform(row, 0) - 1;
    const double b = 2 * rng.uniform(row, 1) - 1;
    values[0].push_back(a);
    values[0].push_back(b);
    for (std::size_t v = 1; v < variables.size(); ++v) {
      const std::string& name = variables[v].name;
      values[v].push_back(name == "kind"    ? (a * a + b * b < 0.3 ? 0
                                               : b > 0             ? 1
                                                                   : 2)
                          : name == "yes"   ? (a > b ? 1 : 0)
                          : name == "value" ? std::sin(2 * a) + b
                          : name == "other" ? 100 + 20 * a * b
                                            : 1 + static_cast<double>(row % 3));
    }
  }
  return {std::move(variables), {{"s.h5", 600, 0}}, {std::move(values)}};
}

}  // namespace twostep::test
