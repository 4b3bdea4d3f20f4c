// The report for programs: report.json (docs/formats.md).
#include <cmath>
#include <nlohmann/json.hpp>
#include <tuple>

#include "app/report_render.hpp"
#include "twostep/study/algorithm.hpp"

namespace twostep {
namespace {

using Json = nlohmann::ordered_json;

// NaN and infinities have no number in JSON; they are written as strings, as in the journal.
Json finite_number(double value) {
  if (std::isfinite(value)) {
    return value;
  }
  return std::isnan(value) ? "nan" : value > 0 ? "inf" : "-inf";
}

// What is not defined for the kind of target is left out; the r2 of a constant target is "nan".
void add_metrics(Json& json, const TargetMetrics& m) {
  const bool values = !std::isnan(m.rmse);
  for (const auto& [key, value, shown] :
       {std::tuple{"rmse", m.rmse, values},
        {"mae", m.mae, values},
        {"r2", m.r2, values},
        {"bias", m.bias, !std::isnan(m.bias)},
        {"accuracy", m.accuracy, !std::isnan(m.accuracy)},
        {"balanced_accuracy", m.balanced_accuracy, !std::isnan(m.balanced_accuracy)},
        {"loss", m.loss, !std::isnan(m.loss)},
        {"objective", m.objective, !std::isnan(m.objective)}}) {
    if (shown) {
      json[key] = finite_number(value);
    }
  }
}

Json evaluation_json(const Evaluation& evaluation) {
  Json targets = Json::array();
  for (const TargetMetrics& t : evaluation.targets) {
    Json json{{"target", t.target}};
    add_metrics(json, t);
    targets.push_back(std::move(json));
  }
  Json overall = Json::object();
  add_metrics(overall, evaluation.overall);
  return {{"rows", evaluation.rows},
          {"loss", finite_number(evaluation.loss)},
          {"overall", overall},
          {"targets", targets}};
}

Json finalist_json(const FinalistRow& f) {
  Json configuration = Json::object();
  for (const auto& [key, value] : f.configuration) {
    configuration[key] = value;
  }
  return {{"trial", f.trial.value},
          {"status", f.status},
          {"rank", f.rank},
          {"objective", finite_number(f.objective)},
          {"search_rank", f.search_rank},
          {"search_objective", finite_number(f.search_objective)},
          {"configuration", configuration},
          {"parameters", f.parameters},
          {"inference_seconds_per_row", finite_number(f.inference_seconds_per_row)},
          {"train_seconds", finite_number(f.train_seconds)},
          {"team", f.team},
          {"efficient", f.efficient},
          {"model_file", f.model_file},
          {"message", f.message},
          {"validation", evaluation_json(f.validation)},
          {"test", evaluation_json(f.test)}};
}

Json value_json(const Value& value) {
  if (const auto* b = std::get_if<bool>(&value)) {
    return *b;
  }
  if (const auto* i = std::get_if<std::int64_t>(&value)) {
    return *i;
  }
  if (const auto* d = std::get_if<double>(&value)) {
    return finite_number(*d);
  }
  if (const auto* s = std::get_if<std::string>(&value)) {
    return *s;
  }
  return nullptr;
}

Json trial_json(const TrialRow& row, const std::vector<std::string>& dimensions) {
  Json point = Json::object();
  for (std::size_t i = 0; i < dimensions.size() && i < row.point.values.size(); ++i) {
    if (is_active(row.point.values[i])) {
      point[dimensions[i]] = value_json(row.point.values[i]);
    }
  }
  Json json{{"trial", row.trial.value},
            {"status", row.status},
            {"objective", finite_number(row.objective)},
            {"epochs", row.epochs},
            {"steps", row.steps},
            {"best_validation", row.best_validation},
            {"reached", row.reached},
            {"parameters", row.parameters},
            {"finalist", row.finalist},
            {"configuration", point},
            {"train_seconds", finite_number(row.train_seconds)},
            {"message", row.message}};
  if (!std::isnan(row.inference_seconds_per_row)) {
    json["inference_seconds_per_row"] = finite_number(row.inference_seconds_per_row);
  }
  return json;
}

}  // namespace

std::string report_json(const Report& report) {
  Json json{{"format", "twostep-report"},
            {"version", 1},
            {"study", report.name},
            {"directory", report.directory},
            {"seed", report.seed},
            {"algorithm", report.algorithm},
            {"second_objective", name(report.second_objective)},
            {"objective_metric", report.runs_command ? "value" : name(report.objective)},
            {"larger_is_better", larger_is_better(report.objective)},
            {"phase", report.phase},
            {"message", report.message},
            {"runs", report.runs},
            {"warm_start", report.warm_start},
            {"prior_trials", report.prior_trials},
            {"prior_left_out", report.prior_left_out},
            {"prior_best", finite_number(report.prior_best)},
            {"workers_lost", report.workers_lost},
            {"losses", report.losses},
            {"trials_planned", report.planned_trials},
            {"trials_finished", report.finished},
            {"trials_diverged", report.diverged},
            {"trials_failed", report.failed},
            {"trials_stopped", report.stopped},
            {"trials_open", report.open},
            {"stopping_rule", report.stopping_rule},
            {"fidelity_unit", report.fidelity_unit},
            {"epochs_spent", finite_number(report.epochs_spent)},
            {"subset_rows", report.subset_rows},
            {"full_rows", report.full_rows},
            {"reading", report.reading},
            {"search_seconds", finite_number(report.search_seconds)},
            {"retraining_seconds", finite_number(report.retraining_seconds)},
            {"rank_correlation", finite_number(report.rank_correlation)}};
  json["stops"] = Json::array();
  for (const auto& [rung, count] : report.stops) {
    json["stops"].push_back({{"rung", rung}, {"trials", count}});
  }
  json["finalists"] = Json::array();
  for (const FinalistRow& f : report.finalists) {
    json["finalists"].push_back(finalist_json(f));
  }
  Json baseline{{"best_search_objective", finite_number(report.one_epoch_best_objective)},
                {"trials", Json::array()}};
  for (const TrialId id : report.one_epoch_finalists) {
    baseline["trials"].push_back(id.value);
  }
  json["one_epoch_baseline"] = baseline;
  json["trials"] = Json::array();
  for (const TrialRow& row : report.trials) {
    json["trials"].push_back(trial_json(row, report.dimensions));
  }
  return json.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
}

}  // namespace twostep
