#include "train/provenance.hpp"

#include <cmath>
#include <nlohmann/json.hpp>

namespace twostep {
namespace {

using nlohmann::json;

json number(double v) {
  return std::isfinite(v) ? json(v)
                          : json(std::isnan(v) ? "NaN"
                                 : v > 0       ? "Infinity"
                                               : "-Infinity");
}

json encode(const Evaluation& evaluation) {
  json targets = json::array();
  for (const TargetMetrics& t : evaluation.targets) {
    json metrics{{"target", t.target}};
    for (const auto& [key, value] : {std::pair{"rmse", t.rmse},
                                     {"mae", t.mae},
                                     {"r2", t.r2},
                                     {"bias", t.bias},
                                     {"accuracy", t.accuracy},
                                     {"balanced_accuracy", t.balanced_accuracy}}) {
      if (!std::isnan(value)) {
        metrics[key] = number(value);
      }
    }
    targets.push_back(std::move(metrics));
  }
  return {{"rows", evaluation.rows}, {"targets", targets}};
}

}  // namespace

std::string provenance(const TrainerContext& context, const Assignment& assignment,
                       const Result& result) {
  json configuration = json::object();
  for (std::size_t i = 0; i < context.space.dimensions.size(); ++i) {
    if (is_active(assignment.point.values[i])) {
      configuration[context.space.dimensions[i].name] = to_text(assignment.point.values[i]);
    }
  }
  return json{{"study", context.spec.name},
              {"seed", context.spec.seed},
              {"trial", assignment.trial.value},
              {"configuration", configuration},
              {"data_digest", context.plan.data_digest},
              {"epochs", result.epochs},
              {"steps", result.steps},
              {"best_validation", result.best_validation},
              {"objective", number(natural_value(context.spec.search.objective, result.objective))},
              {"objective_metric", name(context.spec.search.objective)},
              {"parameters", result.parameters},
              {"validation", encode(result.validation)},
              {"test", encode(result.test)},
              {"build", context.build}}
      .dump();
}

}  // namespace twostep
