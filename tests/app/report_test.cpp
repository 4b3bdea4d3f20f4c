#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <nlohmann/json.hpp>

#include "adapters/yaml/yaml_reader.hpp"
#include "app/describe_event.hpp"
#include "app/progress.hpp"
#include "app/report_render.hpp"
#include "twostep/control/make_report.hpp"
#include "twostep/sim/world.hpp"
#include "twostep/study/prior_trials.hpp"
#include "twostep/study/spec_reader.hpp"

namespace twostep {
namespace {

Report simulated_report() {
  WorldOptions options;
  options.trials = 60;
  options.faults = false;
  MemFiles files;
  const WorldReport world = run_world(options, files);
  const StudyIdentity study = simulated_study(options.seed, options.trials);
  return make_report(world.state, study.spec, study.space);
}

TEST(Report, ListsTrialsAndRankedFinalists) {
  const Report r = simulated_report();
  EXPECT_EQ(r.phase, "finished");
  EXPECT_EQ(r.trials.size(), 60U);
  ASSERT_EQ(r.finalists.size(), 5U);
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_EQ(r.finalists[i].rank, i + 1);
    EXPECT_TRUE(r.trials[r.finalists[i].trial.value - 1].finalist);
    EXPECT_TRUE(i == 0 || r.finalists[i].objective >= r.finalists[i - 1].objective);
  }
  EXPECT_TRUE(r.finalists[0].efficient);  // nobody is more accurate
  EXPECT_EQ(r.one_epoch_finalists.size(), 5U);
}

TEST(Report, EfficientMeansNotDominated) {
  const Report r = simulated_report();
  for (const FinalistRow& f : r.finalists) {
    bool dominated = false;
    for (const FinalistRow& g : r.finalists) {
      dominated = dominated || (g.objective < f.objective && g.parameters <= f.parameters) ||
                  (g.objective <= f.objective && g.parameters < f.parameters);
    }
    EXPECT_EQ(f.efficient, !dominated);
  }
}

// Whom the search weighed by the time of inference is not called efficient for its parameters.
TEST(Report, TimesOfInferenceMayBeTheCost) {
  WorldOptions options;
  options.trials = 60;
  options.faults = false;
  options.algorithm = Algorithm::nsga2;
  MemFiles files;
  State state = run_world(options, files).state;
  const StudyIdentity study = simulated_study(options.seed, options.trials, StoppingRule::none,
                                              Fidelity::budget, Algorithm::nsga2);
  ASSERT_EQ(state.finalists.size(), 5U);
  for (std::size_t i = 0; i < 5; ++i) {  // the worse, the slower; but for the last: not measured
    Result& r = state.finalists[i].result;
    r.objective = static_cast<double>(i);
    r.parameters = 100 - i;
    r.inference_seconds_per_row =
        i < 4 ? 1e-6 * static_cast<double>(i + 1) : std::numeric_limits<double>::quiet_NaN();
  }
  const Report r = make_report(state, study.spec, study.space);
  for (const FinalistRow& f : r.finalists) {
    EXPECT_EQ(f.efficient, f.rank == 1) << f.rank;
  }
  EXPECT_NE(report_text(r).find("more accurate and faster"), std::string::npos);
  EXPECT_NE(report_text(r).find("nsga2 against inference_seconds, seed"), std::string::npos);
  const auto json = nlohmann::json::parse(report_json(r));
  EXPECT_EQ(json.at("second_objective"), "inference_seconds");
  const std::string csv = trials_csv(r);
  EXPECT_NE(csv.find(",message,inference_seconds_per_row,train_seconds\n"), std::string::npos);
  for (std::size_t i = 0; i < 60; ++i) {
    const bool measured = !std::isnan(state.trials[i].result.inference_seconds_per_row);
    EXPECT_EQ(json.at("trials")[i].contains("inference_seconds_per_row"), measured);
  }
}

TEST(Report, JsonIsJsonEvenWithNaN) {
  Report r = simulated_report();
  r.trials[0].objective = NAN;
  r.rank_correlation = NAN;
  const auto json = nlohmann::json::parse(report_json(r));
  EXPECT_EQ(json.at("trials").size(), 60U);
  EXPECT_EQ(json.at("trials")[0].at("objective"), "nan");
  const double exact = r.trials[1].objective;
  if (std::isfinite(exact)) {
    EXPECT_EQ(json.at("trials")[1].at("objective").get<double>(), exact);
  }
}

// Every trial has seen the first rung's rows: the baseline is what one epoch on them shows.
TEST(Report, OneEpochOnRungsOfRowsIsOnTheFirstOne) {
  WorldOptions options;
  options.trials = 60;
  options.faults = false;
  options.rule = StoppingRule::asha;
  options.fidelity = Fidelity::rows;
  MemFiles files;
  const WorldReport world = run_world(options, files);
  const StudyIdentity study =
      simulated_study(options.seed, options.trials, options.rule, options.fidelity);
  State state = world.state;
  ASSERT_EQ(state.trials.size(), 60U);
  std::vector<TrialId> best;
  double value = 1;
  for (const std::uint32_t n : {31U, 7U, 44U, 12U, 3U}) {  // whatever they came to later
    state.trials[n - 1].first_validation = value++ * 1e-6;
    best.emplace_back(n);
  }
  const Report r = make_report(state, study.spec, study.space);
  EXPECT_EQ(r.one_epoch_finalists, best);
  for (const TrialRow& row : r.trials) {
    EXPECT_TRUE(row.status != "finished" || row.reached == 0) << row.trial.value;
    EXPECT_TRUE(row.status != "stopped" || row.reached > 0) << row.trial.value;
  }
  const std::string csv = trials_csv(r);
  EXPECT_NE(csv.find(",steps,rung,parameters,"), std::string::npos);
  EXPECT_GT(world.state.trials_stopped, 0U);
  for (const TrialRecord& t : world.state.trials) {
    EXPECT_EQ(std::isnan(t.first_validation), t.reached == 0) << t.id.value;
  }
}

TEST(Report, ACommandHasValues) {
  EXPECT_EQ(objective_name(Metric::mse, false), "loss");
  EXPECT_EQ(objective_name(Metric::r2, false), "r2");
  EXPECT_EQ(objective_name(Metric::mse, true), "value");
  Result r;
  r.trial = TrialId(3);
  r.objective = 0.5;
  r.epochs = 4;
  r.seconds = 2;
  EXPECT_EQ(describe(Finished{r}, Metric::mse, true),
            "trial 3 finished, value 0.5 after 4 epochs, 2 s");
  EXPECT_EQ(describe(Finished{r}, Metric::mse), "trial 3 finished, loss 0.5 after 4 epochs, 2 s");
}

TEST(Report, CsvHasOneLinePerTrialAndQuotesWhatNeedsIt) {
  Report r = simulated_report();
  r.trials[2].message = "a, \"b\"\nc";
  const std::string csv = trials_csv(r);
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 61);
  EXPECT_NE(csv.find("\"a, \"\"b\"\" c\""), std::string::npos);
}

// Else a later search would learn from other trials than the study's own.
TEST(Report, CsvIsReadBackAsItWas) {
  const StudySpec spec =
      read_spec(read_yaml("space: {epochs: {int: [1, 9]}, params_epochs: {int: [1, 9]}, "
                          "inference_seconds_per_row: {float: [0, 1]}}\n",
                          "s.yaml"),
                StudyUse::ask);
  const Space space = make_space(spec);
  Report r;
  for (const Dimension& d : space.dimensions) {
    r.dimensions.push_back(d.name);
  }
  for (std::uint32_t n = 1; n <= 2; ++n) {
    TrialRow row;
    row.trial = TrialId(n);
    row.status = n == 1 ? "stopped" : "finished";
    row.objective = 0.5 / n;
    row.epochs = n == 1 ? 2 : 8;
    row.parameters = 10 * (n - 1);  // the first told none
    row.point.values = {std::int64_t{4} + n, std::int64_t{n}, 0.25};
    row.inference_seconds_per_row = 1e-6 * n;
    row.train_seconds = n;
    r.trials.push_back(row);
  }
  const TrialsRead read = read_trials_csv(trials_csv(r), "trials.csv", spec, space);
  EXPECT_EQ(read.first_left_out, "");
  ASSERT_EQ(read.warm.trials.size(), 2U);
  for (std::size_t i = 0; i < 2; ++i) {
    const PriorTrial& trial = read.warm.trials[i];
    EXPECT_EQ(trial.point, r.trials[i].point);
    EXPECT_EQ(trial.objective, r.trials[i].objective);
    EXPECT_EQ(trial.seconds, r.trials[i].train_seconds);
    EXPECT_EQ(trial.inference_seconds_per_row, r.trials[i].inference_seconds_per_row);
    EXPECT_EQ(trial.fidelity, i == 0 ? 0.25 : 1);
  }
  EXPECT_TRUE(std::isnan(read.warm.trials[0].parameters));
  EXPECT_EQ(read.warm.trials[1].parameters, 10);
}

ProgressCounts counts(std::uint64_t done) {
  ProgressCounts c;
  c.phase = "search";
  c.total = 100;
  c.finished = done;
  c.running = 2;
  c.best = 0.125;
  return c;
}

TEST(Progress, PlainLinesComeAtGrowingIntervals) {
  testing::internal::CaptureStderr();
  ProgressLine progress(true, false, 80);
  for (int s = 0; s < 600; ++s) {
    progress.update(std::chrono::seconds(s), counts(static_cast<std::uint64_t>(s) / 6));
  }
  const std::string text = testing::internal::GetCapturedStderr();
  const auto lines = std::count(text.begin(), text.end(), '\n');
  EXPECT_GE(lines, 3);
  EXPECT_LE(lines, 15);
  EXPECT_EQ(text.find('\r'), std::string::npos);
  EXPECT_NE(text.find("best 0.125"), std::string::npos);
}

TEST(Progress, TheLiveLineFitsTheTerminal) {
  testing::internal::CaptureStderr();
  {
    ProgressLine progress(true, true, 60);
    for (int s = 0; s < 20; ++s) {
      progress.update(std::chrono::seconds(s), counts(static_cast<std::uint64_t>(s)));
    }
  }
  const std::string text = testing::internal::GetCapturedStderr();
  EXPECT_NE(text.find('\r'), std::string::npos);
  std::size_t from = 0;
  while (from < text.size()) {
    const std::size_t to = std::min(text.find_first_of("\r\n", from), text.size());
    std::string line = text.substr(from, to - from);
    for (std::size_t at = line.find('\x1b'); at != std::string::npos; at = line.find('\x1b')) {
      line.erase(at, line.find_first_of("mK", at) - at + 1);
    }
    EXPECT_LE(line.size(), 60U) << line;
    from = to + 1;
  }
}

}  // namespace
}  // namespace twostep
