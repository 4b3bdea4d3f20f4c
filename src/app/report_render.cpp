#include "app/report_render.hpp"

#include <algorithm>
#include <array>
#include <charconv>
#include <cmath>
#include <cstdio>

#include "app/describe_event.hpp"
#include "app/warm_start.hpp"
#include "twostep/study/algorithm.hpp"

namespace twostep {
namespace {

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

std::string legend(const Report& report) {
  const bool faster = report.second_objective == SecondObjective::inference_seconds;
  return std::string("  *: no other finalist is both ") +
         (report.runs_command ? "better" : "more accurate") + " and " +
         (faster ? "faster" : "smaller") + "\n";
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
  return out + legend(report);
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
  return out + legend(report);
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
  const std::string against = report.second_objective == SecondObjective::none
                                  ? ""
                                  : std::string(" against ") + name(report.second_objective);
  add_line(out, "search",
           report.algorithm + against + ", seed " + std::to_string(report.seed) + ", " +
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

std::string trials_csv(const Report& report) {
  constexpr std::array before{"trial", "status", "objective",  "best_validation", "epochs",
                              "steps", "rung",   "parameters", "finalist"};
  constexpr std::array after{"message", "inference_seconds_per_row", "train_seconds"};
  const bool ambiguous =
      std::any_of(report.dimensions.begin(), report.dimensions.end(), [&](const std::string& name) {
        return std::find(before.begin(), before.end(), name) != before.end() ||
               std::find(after.begin(), after.end(), name) != after.end();
      });
  std::string out;
  for (const char* column : before) {
    out += std::string(out.empty() ? "" : ",") + column;
  }
  for (const std::string& dimension : report.dimensions) {
    out += "," + quoted_csv((ambiguous ? "params_" : "") + dimension);
  }
  for (const char* column : after) {
    out += std::string(",") + column;
  }
  out += "\n";
  for (const TrialRow& row : report.trials) {
    out += std::to_string(row.trial.value) + "," + row.status + "," + exact(row.objective) + "," +
           std::to_string(row.best_validation) + "," + std::to_string(row.epochs) + "," +
           std::to_string(row.steps) + "," + (row.reached > 0 ? std::to_string(row.reached) : "") +
           "," + (row.parameters > 0 ? std::to_string(row.parameters) : "") + "," +
           (row.finalist ? "1" : "0");
    for (std::size_t i = 0; i < report.dimensions.size(); ++i) {
      out += "," + (i < row.point.values.size() ? quoted_csv(to_text(row.point.values[i]))
                                                : std::string());
    }
    char seconds[32];
    std::snprintf(seconds, sizeof seconds, "%.6f", row.train_seconds);
    const double inference = row.inference_seconds_per_row;
    out += "," + quoted_csv(row.message) + "," + (std::isnan(inference) ? "" : exact(inference)) +
           "," + seconds + "\n";
  }
  return out;
}

}  // namespace twostep
