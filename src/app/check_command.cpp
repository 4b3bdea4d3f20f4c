#include <algorithm>
#include <cstdio>

#include "adapters/posix/executable.hpp"
#include "adapters/posix/host.hpp"
#include "app/commands.hpp"
#include "app/study_setup.hpp"
#include "app/warm_start.hpp"
#include "twostep/data/transform.hpp"
#include "twostep/search/rung_plan.hpp"
#include "twostep/study/prior_trials.hpp"
#include "twostep/study/reading_plan.hpp"

namespace twostep {
namespace {

constexpr std::uint32_t sampled_points = 500;
constexpr double assumed_rate = 20e9;  // FLOP/s that training of small networks sustains on a core

std::string range_text(const Dimension& d) {
  std::string out;
  if (d.kind == DimensionKind::choice) {
    for (const Value& v : d.choices) {
      out += (out.empty() ? "" : ", ") + to_text(v);
    }
    return out;
  }
  char ends[64];
  std::snprintf(ends, sizeof ends, "%.6g to %.6g", d.low, d.high);
  out = ends;
  out += d.kind == DimensionKind::integer ? ", whole numbers" : "";
  if (d.step > 0) {
    out += ", step " + to_text(Value(d.step));
  }
  return out + (d.log ? ", log" : "");
}

struct Cost {
  double low = 0;
  double middle = 0;
  double high = 0;
};

// Parameters of random points: least, median, most.
Cost sample_parameters(const StudySetup& s) {
  std::vector<double> counts;
  for (const Hyperparameters& h : sample_trainings(s, sampled_points)) {
    counts.push_back(
        static_cast<double>(parameter_count(h.model, s.plan.inputs(), s.plan.outputs())));
  }
  std::sort(counts.begin(), counts.end());
  return {counts.front(), counts[counts.size() / 2], counts.back()};
}

// Rows seen in one training of this budget.
double rows_seen(const Budget& budget, double rows, double batch) {
  const auto amount = static_cast<double>(budget.amount);
  return budget.unit == BudgetUnit::epochs ? amount * rows : amount * batch;
}

std::string time_text(double s) {
  char out[32];
  if (s < 120) {
    std::snprintf(out, sizeof out, "%.0f s", s);
  } else if (s < 7200) {
    std::snprintf(out, sizeof out, "%.0f min", s / 60);
  } else {
    std::snprintf(out, sizeof out, "%.1f h", s / 3600);
  }
  return out;
}

void print_variables(const char* title, const std::vector<VariableSpec>& variables,
                     const std::vector<std::uint64_t>& columns,
                     const std::vector<VariableInfo>& infos, std::size_t first) {
  std::printf("%s\n", title);
  for (std::size_t i = 0; i < variables.size(); ++i) {
    const VariableSpec& v = variables[i];
    std::printf(
        "  %-24s %s%s%s\n", v.name.c_str(), infos[first + i].type.c_str(),
        columns[i] > 1 ? (", " + std::to_string(columns[i]) + " columns").c_str() : "",
        v.transform == Transform::none ? "" : (std::string(", ") + name(v.transform)).c_str());
  }
}

void print_space(const Space& space) {
  std::printf("space       %zu dimensions", space.dimensions.size());
  if (const auto n = space.cardinality()) {
    std::printf(", %s configurations", std::to_string(*n).c_str());
  }
  std::printf("\n");
  for (const Dimension& d : space.dimensions) {
    std::printf("  %-24s %s%s\n", d.name.c_str(), range_text(d).c_str(),
                d.condition ? " (conditional)" : "");
  }
}

void print_warm_start(const StudySetup& s) {
  if (const auto warm = read_warm_start(s.spec, s.space)) {
    std::printf("warm start  %s\n",
                warm_start_text(warm->source, warm->trials.size(),
                                natural_value(s.spec.search.objective, best_objective(*warm)),
                                warm->left_out)
                    .c_str());
  }
}

const char* unit_of(const Budget& budget) {
  return budget.unit == BudgetUnit::epochs ? "epochs" : "steps";
}

// Of many numbers the first ones and the last.
template <class Number>
std::string some_of(const std::vector<Number>& numbers) {
  constexpr std::size_t most = 8;
  std::string out;
  for (std::size_t i = 0; i < numbers.size(); ++i) {
    if (numbers.size() > most && i == most - 2) {
      out += ", ...";
      i = numbers.size() - 1;
    }
    out += (out.empty() ? "" : ", ") + std::to_string(static_cast<std::uint64_t>(numbers[i]));
  }
  return out;
}

void print_rungs(const StudySpec& spec) {
  const EarlyStoppingSpec& e = spec.search.early_stopping;
  if (e.rule == StoppingRule::none) {
    return;
  }
  const RungPlan plan = plan_rungs(spec);
  const bool rows = e.fidelity == Fidelity::rows;
  const char* unit = rows ? "rows" : unit_of(spec.search.budget);
  std::printf("rungs       %s: %s %s%s\n", name(e.rule), some_of(plan.levels).c_str(), unit,
              rows ? ", each trained anew" : "");
  std::printf("            reached by %s trials if all goes as expected\n",
              some_of(plan.trials).c_str());
  std::printf("            some %.3g %% of the %s without early stopping, at most %.3g %%\n",
              100 * plan.expected_share, unit, 100 * plan.largest_share);
}

int print_command(const StudySetup& s) {
  std::printf("study       %s, seed %llu, directory %s\n", s.spec.name.c_str(),
              static_cast<unsigned long long>(s.spec.seed), s.spec.directory.c_str());
  std::printf("command    ");
  for (const std::string& word : s.spec.trainer.command) {
    std::printf(" %s", word.c_str());
  }
  std::printf("\nprogram     %s\n",
              find_program(s.spec.trainer.command.front()).value_or("").c_str());
  print_space(s.space);
  std::printf("search      %u trials of %llu %s, %s values are better\n", s.spec.search.trials,
              static_cast<unsigned long long>(s.spec.search.budget.amount),
              unit_of(s.spec.search.budget), s.spec.trainer.maximise ? "larger" : "smaller");
  print_rungs(s.spec);
  print_warm_start(s);
  std::printf("step 2      %u finalists, %llu %s each, one per %s at a time\n",
              s.spec.promotion.finalists,
              static_cast<unsigned long long>(s.spec.retraining.budget.amount),
              unit_of(s.spec.retraining.budget),
              s.spec.trainer.finalists_per == FinalistsPer::node ? "node" : "worker");
  std::printf("no mistakes found\n");
  return 0;
}

}  // namespace

int check_command(const std::string& study_file) {
  const StudySetup s = load_study(study_file);
  const auto number = [](std::uint64_t n) { return std::to_string(n); };
  if (s.spec.runs_command()) {
    return print_command(s);
  }
  std::printf("study       %s, seed %llu, directory %s%s\n", s.spec.name.c_str(),
              static_cast<unsigned long long>(s.spec.seed), s.spec.directory.c_str(),
              exists(s.spec.directory + "/journal") ? " (holds a study: run resumes it)" : "");
  std::printf("data        %zu files, %s rows\n", s.shards.shards.size(),
              number(s.plan.rows).c_str());
  if (!s.spec.data.rows.empty()) {
    std::string names;
    for (const std::string& name : s.spec.data.rows) {
      names += (names.empty() ? "" : ", ") + name;
    }
    std::printf("rows        %s\n", names.c_str());
  }
  print_variables("inputs", s.spec.data.inputs, s.plan.input_columns, s.shards.variables, 0);
  print_variables("targets", s.spec.data.targets, s.plan.target_columns, s.shards.variables,
                  s.spec.data.inputs.size());
  if (s.plan.classes > 0) {
    std::printf("columns     %zu inputs -> %zu classes\n", s.plan.inputs(), s.plan.outputs());
  } else {
    std::printf("columns     %zu inputs -> %zu targets\n", s.plan.inputs(), s.plan.targets());
  }
  if (!s.spec.data.weights.empty()) {
    std::printf("weights     %s\n", s.spec.data.weights.c_str());
  }
  std::printf("split       %s training, %s validation, %s test rows\n",
              number(s.plan.split_rows[0]).c_str(), number(s.plan.split_rows[1]).c_str(),
              number(s.plan.split_rows[2]).c_str());
  std::printf("subset      %s training, %s validation rows\n", number(s.plan.subset_rows).c_str(),
              number(s.plan.subset_validation_rows).c_str());
  print_space(s.space);
  const Cost parameters = sample_parameters(s);
  const double trial_rows =
      rows_seen(s.spec.search.budget, static_cast<double>(s.plan.subset_rows), 256);
  const double full_rows =
      rows_seen(s.spec.retraining.budget, static_cast<double>(s.plan.split_rows[0]), 256);
  // 2 FLOP per parameter and row forward, twice that backward.
  const double search = 6 * parameters.middle * trial_rows * s.spec.search.trials;
  const double retrain = 6 * parameters.middle * full_rows * s.spec.promotion.finalists;
  std::printf("search      %u trials of %llu %s; %.0f to %.0f parameters, half below %.0f\n",
              s.spec.search.trials, static_cast<unsigned long long>(s.spec.search.budget.amount),
              unit_of(s.spec.search.budget), parameters.low, parameters.high, parameters.middle);
  print_rungs(s.spec);
  print_warm_start(s);
  std::printf("retraining  %u finalists, %llu %s each\n", s.spec.promotion.finalists,
              static_cast<unsigned long long>(s.spec.retraining.budget.amount),
              unit_of(s.spec.retraining.budget));
  std::printf("reading     %s\n", plan_reading(s.spec.retraining, s.plan.split_rows[0],
                                               s.plan.inputs() + s.plan.targets())
                                      .text()
                                      .c_str());
  std::printf(
      "cost        step 1 %.2g FLOP, step 2 %.2g FLOP without early stopping:\n"
      "            some %s + %s on one core at %.0f GFLOP/s\n",
      search, retrain, time_text(search / assumed_rate).c_str(),
      time_text(retrain / assumed_rate).c_str(), assumed_rate / 1e9);
  std::printf("no mistakes found\n");
  return 0;
}

}  // namespace twostep
