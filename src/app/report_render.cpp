#include "app/report_render.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <cstdio>
#include <nlohmann/json.hpp>
#include <tuple>

#include "app/describe_event.hpp"
#include "app/warm_start.hpp"

namespace twostep {
namespace {

using Json = nlohmann::ordered_json;

std::string exact(double value) {
  if (std::isnan(value)) {
    return "nan";
  }
  return to_text(Value(value));
}

std::string brief(double value, int digits = 4) {
  char text[32];
  std::snprintf(text, sizeof text, "%.*g", digits, value);
  return std::isnan(value) ? "-" : text;
}

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
  return {{"trial", row.trial.value},
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
}

std::string quoted_csv(const std::string& text) {
  if (text.find_first_of(",\"\n\r") == std::string::npos) {
    return text;
  }
  std::string out = "\"";
  for (const char c : text) {
    out += c == '"' ? std::string("\"\"") : std::string(1, c == '\n' || c == '\r' ? ' ' : c);
  }
  return out + "\"";
}

void add_line(std::string& out, const std::string& name, const std::string& value) {
  char line[256];
  std::snprintf(line, sizeof line, "  %-14s ", name.c_str());
  out += line + value + "\n";
}

std::string duration_text(double s) {
  char text[64];
  if (s < 120) {
    std::snprintf(text, sizeof text, "%.1f s", s);
  } else if (s < 7200) {
    std::snprintf(text, sizeof text, "%.1f min", s / 60);
  } else {
    std::snprintf(text, sizeof text, "%.1f h", s / 3600);
  }
  return text;
}

// Long numbers cut to what tells configurations apart; report.json and trials.csv have all digits.
std::string short_value(const std::string& value) {
  double number = 0;
  const auto [end, error] = std::from_chars(value.data(), value.data() + value.size(), number);
  const bool whole = error == std::errc() && end == value.data() + value.size();
  return whole && value.size() > 7 ? brief(number) : value;
}

std::string configuration_text(const FinalistRow& f) {
  std::string widths;
  std::string rest;
  for (const auto& [key, value] : f.configuration) {
    const std::string leaf = key.substr(key.rfind('.') + 1);
    if (key.starts_with("model.width[")) {
      widths += (widths.empty() ? "" : "-") + value;
    } else if (key != "model.layers") {
      rest += " " + leaf + "=" + short_value(value);
    }
  }
  return (widths.empty() ? "" : "widths " + widths) + rest;
}

// The least over the targets of R2, or of the balanced accuracy.
std::string worst_test(const FinalistRow& f, Task task) {
  double lowest = NAN;
  for (const TargetMetrics& t : f.test.targets) {
    const double value = task == Task::regression ? t.r2 : t.balanced_accuracy;
    lowest = std::isnan(lowest) || value < lowest ? value : lowest;
  }
  return std::isnan(lowest) ? "-" : brief(lowest, 5);
}

std::string objective_text(const Report& report) {
  return objective_name(report.objective, report.runs_command);
}

std::string finalists_table(const Report& report) {
  const std::string what = objective_text(report);
  const int width = std::max<int>(11, static_cast<int>(what.size()) + 7);
  char head[256];
  std::snprintf(head, sizeof head,
                "  rank  trial  step-1 rank   %*s   %*s   %s   parameters   us/row\n", width,
                ("step-1 " + what).c_str(), width, ("step-2 " + what).c_str(),
                report.task == Task::regression ? "lowest test R2" : " test balanced");
  std::string out = head;
  for (const FinalistRow& f : report.finalists) {
    char line[256];
    const std::string rank = f.rank == 0 ? f.status : std::to_string(f.rank);
    std::snprintf(line, sizeof line, "%s%5s  %5u  %11u   %*s   %*s   %14s   %10llu   %6s\n",
                  f.efficient ? "*" : " ", rank.c_str(), f.trial.value, f.search_rank, width,
                  brief(f.search_objective).c_str(), width, brief(f.objective).c_str(),
                  worst_test(f, report.task).c_str(), static_cast<unsigned long long>(f.parameters),
                  f.rank == 0 ? "-" : brief(f.inference_seconds_per_row * 1e6, 3).c_str());
    out += line;
  }
  return out + "  *: no other finalist is both more accurate and smaller\n";
}

// Parameters and times of inference are the command's, if it says any.
std::string command_table(const Report& report) {
  const auto given = [](double value, double factor, int digits) {
    return std::isnan(value) || value == 0 ? std::string("-") : brief(factor * value, digits);
  };
  std::string out =
      "  rank  trial  step-1 rank  step-1 value  step-2 value     seconds   parameters   us/row\n";
  for (const FinalistRow& f : report.finalists) {
    char line[256];
    const std::string rank = f.rank == 0 ? f.status : std::to_string(f.rank);
    std::snprintf(line, sizeof line, "%s%5s  %5u  %11u  %12s  %12s  %10s   %10s   %6s\n",
                  f.efficient ? "*" : " ", rank.c_str(), f.trial.value, f.search_rank,
                  brief(f.search_objective).c_str(), brief(f.objective).c_str(),
                  given(f.train_seconds, 1, 4).c_str(),
                  given(static_cast<double>(f.parameters), 1, 10).c_str(),
                  given(f.inference_seconds_per_row, 1e6, 3).c_str());
    out += line;
  }
  return out + "  *: no other finalist is both better and smaller\n";
}

std::string targets_table(const FinalistRow& best, Task task) {
  const bool regression = task == Task::regression;
  std::string out = "Test set, best finalist (trial " + std::to_string(best.trial.value) + ", " +
                    std::to_string(best.test.rows) +
                    (regression ? " rows, in the targets' units)\n" : " rows)\n");
  out += regression ? "  target                     RMSE          MAE         bias           R2\n"
                    : "  target                  entropy     accuracy     balanced         RMSE\n";
  const std::size_t shown = std::min<std::size_t>(best.test.targets.size(), 12);
  for (std::size_t i = 0; i < shown; ++i) {
    const TargetMetrics& t = best.test.targets[i];
    char line[256];
    std::snprintf(line, sizeof line, "  %-20s %11s  %11s  %11s  %11s\n", t.target.c_str(),
                  brief(regression ? t.rmse : t.loss).c_str(),
                  brief(regression ? t.mae : t.accuracy).c_str(),
                  brief(regression ? t.bias : t.balanced_accuracy).c_str(),
                  regression ? brief(t.r2, 6).c_str() : brief(t.rmse).c_str());
    out += line;
  }
  if (shown < best.test.targets.size()) {
    out +=
        "  ... and " + std::to_string(best.test.targets.size() - shown) + " more (report.json)\n";
  }
  return out;
}

std::string baseline_text(const Report& report) {
  if (report.one_epoch_finalists.empty()) {
    return "";
  }
  std::string out = "Baseline \"one epoch, then the top " +
                    std::to_string(report.one_epoch_finalists.size()) +
                    "\" would have promoted trials";
  std::size_t shared = 0;
  for (const TrialId id : report.one_epoch_finalists) {
    out += " " + std::to_string(id.value);
    for (const FinalistRow& f : report.finalists) {
      shared += f.trial == id ? 1 : 0;
    }
  }
  return out + " (" + std::to_string(shared) + " of them are finalists; best step-1 " +
         objective_text(report) + " " + brief(report.one_epoch_best_objective) + ")\n";
}

}  // namespace

std::string report_text(const Report& report) {
  std::string out = "Study " + report.name + " (" + report.phase + ")\n";
  if (!report.message.empty()) {
    add_line(out, "stopped", report.message);
  }
  add_line(out, "directory", report.directory);
  const char* direction = larger_is_better(report.objective) ? "larger" : "smaller";
  if (report.runs_command) {
    add_line(out, "objective", std::string("the command's values, ") + direction + " is better");
  } else if (report.objective != Metric::mse) {
    add_line(out, "objective",
             std::string(name(report.objective)) + " on the validation rows, " + direction +
                 " is better");
  }
  add_line(out, "search",
           report.algorithm + ", seed " + std::to_string(report.seed) + ", " +
               std::to_string(report.runs) + (report.runs == 1 ? " run" : " runs"));
  if (report.prior_trials > 0) {
    add_line(out, "warm start",
             warm_start_text(report.warm_start, report.prior_trials, report.prior_best,
                             report.prior_left_out));
  }
  if (report.workers_lost > 0) {
    add_line(out, "lost",
             std::to_string(report.workers_lost) +
                 (report.workers_lost == 1 ? " worker" : " workers") + " (" +
                 report.losses.front() + (report.workers_lost > 1 ? ", ..." : "") +
                 "); what they held was given to others");
  }
  std::string trials = std::to_string(report.finished) + " of " +
                       std::to_string(report.planned_trials) + " finished";
  trials += report.diverged ? ", " + std::to_string(report.diverged) + " diverged" : "";
  trials += report.failed ? ", " + std::to_string(report.failed) + " failed" : "";
  trials += report.stopped ? ", " + std::to_string(report.stopped) + " stopped early" : "";
  trials += report.open ? ", " + std::to_string(report.open) + " open" : "";
  add_line(out, "trials", trials);
  if (report.stopping_rule != "none") {
    std::string stops;
    for (const auto& [rung, count] : report.stops) {
      stops += ", " + std::to_string(count) + " at " + std::to_string(rung);
    }
    add_line(out, "early stopping",
             report.stopping_rule + ": " + brief(report.epochs_spent, 6) + " epochs spent" +
                 (stops.empty() ? "" : "; stopped" + stops.substr(1) + " " + report.fidelity_unit));
  }
  if (report.subset_rows > 0) {
    add_line(out, "rows",
             std::to_string(report.subset_rows) + " in step 1" +
                 (report.full_rows ? ", " + std::to_string(report.full_rows) + " in step 2" : ""));
    if (!report.reading.empty()) {
      add_line(out, "reading", report.reading);
    }
  }
  add_line(out, "training time",
           duration_text(report.search_seconds) + " in step 1, " +
               duration_text(report.retraining_seconds) + " in step 2, summed over ranks' work");
  if (!report.finalists.empty()) {
    out += report.runs_command ? "\nFinalists, trained on all data\n"
                               : "\nFinalists, retrained on all training rows\n";
    out += report.runs_command ? command_table(report) : finalists_table(report);
    for (const FinalistRow& f : report.finalists) {
      out += "  trial " + std::to_string(f.trial.value) + ": " + configuration_text(f) + "\n";
      out += f.message.empty() ? "" : "    " + f.message + "\n";
    }
    if (report.finalists.front().rank == 1 && !report.runs_command) {
      out += "\n" + targets_table(report.finalists.front(), report.task);
    }
    out += "\n" + baseline_text(report);
    if (!std::isnan(report.rank_correlation)) {
      out += "Rank correlation of step 1 and step 2 among the finalists: " +
             brief(report.rank_correlation, 3) + "\n";
    }
  }
  return out;
}

std::string report_json(const Report& report) {
  Json json{{"format", "twostep-report"},
            {"version", 1},
            {"study", report.name},
            {"directory", report.directory},
            {"seed", report.seed},
            {"algorithm", report.algorithm},
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

std::string trials_csv(const Report& report) {
  std::string out = "trial,status,objective,best_validation,epochs,steps,rung,parameters,finalist";
  for (const std::string& dimension : report.dimensions) {
    out += "," + quoted_csv(dimension);
  }
  out += ",message,train_seconds\n";
  for (const TrialRow& row : report.trials) {
    out += std::to_string(row.trial.value) + "," + row.status + "," + exact(row.objective) + "," +
           std::to_string(row.best_validation) + "," + std::to_string(row.epochs) + "," +
           std::to_string(row.steps) + "," + (row.reached > 0 ? std::to_string(row.reached) : "") +
           "," + std::to_string(row.parameters) + "," + (row.finalist ? "1" : "0");
    for (std::size_t i = 0; i < report.dimensions.size(); ++i) {
      out += "," + (i < row.point.values.size() ? quoted_csv(to_text(row.point.values[i]))
                                                : std::string());
    }
    char seconds[32];
    std::snprintf(seconds, sizeof seconds, "%.6f", row.train_seconds);
    out += "," + quoted_csv(row.message) + "," + seconds + "\n";
  }
  return out;
}

}  // namespace twostep
