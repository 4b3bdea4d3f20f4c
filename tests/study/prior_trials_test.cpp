#include "twostep/study/prior_trials.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <fstream>
#include <map>
#include <sstream>

#include "twostep/base/error.hpp"
#include "twostep/study/configuration.hpp"
#include "twostep/study/spec_json.hpp"
#include "twostep/study/spec_reader.hpp"

namespace twostep {
namespace {

struct Study {
  explicit Study(const std::string& model, const std::string& training)
      : spec(read_spec(read_json(
            R"({"study": {"name": "s", "seed": 1, "directory": "d"}, "data": {"files": ["f"],
            "inputs": ["x"], "targets": ["y"]}, "model": {)" +
            model + R"(}, "training": {)" + training +
            R"(}, "search": {"trials": 9, "subset": {"rows": 4096}, "budget": {"epochs": 1}},
            "promotion": {"finalists": 1}, "retraining": {"budget": {"epochs": 1}}})"))),
        space(make_space(spec)) {}
  [[nodiscard]] Point point(const std::map<std::string, std::string>& values) const {
    const auto out = point_of(space, [&](const std::string& name) {
      const auto found = values.find(name);
      return found == values.end() ? std::nullopt : std::optional(found->second);
    });
    EXPECT_TRUE(out.has_value());
    return out.value_or(Point{});
  }
  StudySpec spec;
  Space space;
};

const Study& old_study() {
  static const Study study(
      R"("layers": {"int": [1, 3]}, "width": {"int": [8, 64], "per": "layer"})",
      R"("optimizer": "adam", "learning_rate": {"float": [1e-4, 1e-1], "log": true},
         "batch_size": {"choice": [32, 64]})");
  return study;
}

const std::map<std::string, std::string> old_values{{"model.layers", "2"},
                                                    {"model.width[1]", "16"},
                                                    {"model.width[2]", "24"},
                                                    {"training.learning_rate", "0.01"},
                                                    {"training.batch_size", "64"}};

std::optional<Point> moved(const Study& to, const std::map<std::string, std::string>& values) {
  return translate(old_study().spec, old_study().space, old_study().point(values), to.spec,
                   to.space);
}

TEST(PriorTrials, ThoseOfTheSameSpaceAreThemselves) {
  EXPECT_EQ(moved(old_study(), old_values), old_study().point(old_values));
}

TEST(PriorTrials, ConstantsOfTheEarlierStudyCountWithTheirValue) {
  const Study wider(R"("layers": {"int": [1, 5]}, "width": {"int": [4, 128], "per": "layer"})",
                    R"("optimizer": {"choice": ["sgd", "adam"]},
         "learning_rate": {"float": [1e-5, 1], "log": true},
         "momentum": {"float": [0, 0.9], "when": {"optimizer": "sgd"}},
         "batch_size": {"choice": [16, 32, 64, 128]})");
  auto values = old_values;
  values["training.optimizer"] = "adam";
  EXPECT_EQ(moved(wider, old_values), wider.point(values));
}

TEST(PriorTrials, OthersThanTheConstantOfThisStudyHaveNoPlace) {
  const Study fixed(R"("layers": {"int": [1, 3]}, "width": {"int": [8, 64], "per": "layer"})",
                    R"("learning_rate": {"float": [1e-4, 1e-1], "log": true}, "batch_size": 32)");
  EXPECT_EQ(moved(fixed, old_values), std::nullopt);
  auto values = old_values;
  values["training.batch_size"] = "32";
  const auto point = moved(fixed, values);
  ASSERT_TRUE(point.has_value());
  values.erase("training.batch_size");
  EXPECT_EQ(*point, fixed.point(values));
}

TEST(PriorTrials, WhatIsOutsideARangeOrMissingHasNoPlace) {
  const Study narrow(R"("layers": {"int": [1, 3]}, "width": {"int": [8, 64], "per": "layer"})",
                     R"("learning_rate": {"float": [1e-4, 5e-3], "log": true},
                        "batch_size": {"choice": [32, 64]})");
  EXPECT_EQ(moved(narrow, old_values), std::nullopt);
  const Study whole(R"("layers": {"int": [3, 4]}, "width": {"int": [8, 64], "per": "layer"})",
                    R"("learning_rate": {"float": [1e-4, 1], "log": true},
                       "batch_size": {"choice": [32, 64]})");
  EXPECT_EQ(moved(whole, old_values), std::nullopt);  // two layers
}

TEST(PriorTrials, TablesOfStudiesAndOfDataFramesAreRead) {
  const Study study(R"("layers": {"int": [1, 3]}, "width": 8)",
                    R"("learning_rate": {"float": [1e-4, 1e-1], "log": true})");
  const WarmStarted own = read_trials_csv(
      "trial,status,objective,parameters,model.layers,training.learning_rate,message,train_"
      "seconds\n"
      "1,finished,0.25,100,2,0.01,,1.5\n"
      "2,failed,nan,0,1,0.02,\"it said \"\"no\"\",\ntwice\",0.5\r\n"
      "3,stopped,0.5,50,3,0.001,,0.25\n"
      "4,finished,0.125,50,4,0.001,,0.25\n",
      "trials.csv", study.space, Metric::mse);
  ASSERT_EQ(own.trials.size(), 3U);
  EXPECT_EQ(own.left_out, 1U);  // four layers
  EXPECT_EQ(own.trials[0].point,
            study.point({{"model.layers", "2"}, {"training.learning_rate", "0.01"}}));
  EXPECT_EQ(own.trials[0].objective, 0.25);
  EXPECT_EQ(own.trials[0].parameters, 100);
  EXPECT_EQ(own.trials[0].seconds, 1.5);
  EXPECT_EQ(own.trials[1].outcome, Outcome::failed);
  EXPECT_TRUE(std::isnan(own.trials[1].objective));
  EXPECT_EQ(own.trials[2].outcome, Outcome::finished);
  EXPECT_EQ(own.trials[2].objective, 0.5);
  const WarmStarted frame = read_trials_csv(
      ",number,value,params_training.learning_rate,params_model.layers,state\n"
      "0,0,0.9,0.05,1.0,COMPLETE\n1,1,,0.05,1.0,FAIL\n2,2,0.8,0.06,2,TrialState.COMPLETE\n",
      "frame.csv", study.space, Metric::r2);
  ASSERT_EQ(frame.trials.size(), 3U);
  EXPECT_EQ(frame.trials[0].objective, -0.9);  // r2 is maximised
  EXPECT_EQ(frame.trials[1].outcome, Outcome::failed);
  EXPECT_EQ(frame.trials[2].objective, -0.8);
}

TEST(PriorTrials, OtherTablesAreRefused) {
  const Study study(R"("layers": {"int": [1, 3]}, "width": 8)", R"("learning_rate": 0.1)");
  for (const char* text : {"", "model.layers,objective\n", "model.layers\n1\n", "objective\n1\n",
                           "layers,objective\n1,1\n", "\"\n\n\",\n1"}) {
    EXPECT_THROW(static_cast<void>(read_trials_csv(text, "t", study.space, Metric::mse)), Error)
        << text;
  }
}

// What Optuna 3.1 wrote, without times and names of workers: seven trials, of which number 3
// failed, number 4 was pruned and number 6 was added from outside.
std::string optuna_journal() {
  std::ifstream file(std::string(TWOSTEP_GOLDEN) + "/optuna-3.1.log");
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

Space free_space() {
  return make_space(read_spec(
      read_json(R"({"study": {"seed": 1}, "space": {"lr": {"float": [1e-4, 1e-1], "log": true},
          "layers": {"int": [1, 3]}, "opt": {"choice": ["sgd", "adam"]},
          "momentum": {"float": [0, 0.9], "when": {"opt": "sgd"}}}})"),
      StudyUse::ask));
}

TEST(PriorTrials, OptunasJournalIsRead) {
  const Space space = free_space();
  const WarmStarted found = read_optuna_journal(optuna_journal(), "old", space, Metric::mse);
  ASSERT_EQ(found.trials.size(), 7U);
  EXPECT_EQ(found.left_out, 0U);
  EXPECT_EQ(configuration_json(space, found.trials[0].point),
            R"({"lr":0.02,"layers":3,"opt":"sgd","momentum":0.3102702303383951})");
  EXPECT_EQ(found.trials[0].objective, 0.30010000000000003);
  EXPECT_EQ(found.trials[3].outcome, Outcome::failed);
  EXPECT_TRUE(std::isnan(found.trials[3].objective));
  EXPECT_EQ(found.trials[4].outcome, Outcome::finished);
  EXPECT_EQ(found.trials[4].objective, 0.5);
  EXPECT_EQ(configuration_json(space, found.trials[6].point),
            R"({"lr":0.05,"layers":2,"opt":"adam"})");
  EXPECT_EQ(found.trials[6].objective, 0.3);
  Space narrow = space;
  narrow.dimensions[*space.find("layers")].low = 3;
  const WarmStarted some = read_optuna_journal(optuna_journal(), "old", narrow, Metric::mse);
  EXPECT_EQ(some.trials.size() + some.left_out, 7U);
  EXPECT_EQ(some.trials.size(), 2U);
}

TEST(PriorTrials, OtherJournalsAreRefused) {
  const Space space = free_space();
  const auto read = [&](const std::string& text, Metric objective) {
    static_cast<void>(read_optuna_journal(text, "old.log", space, objective));
  };
  const std::string begin = R"({"op_code": 0, "study_name": "old", "directions": [1]})"
                            "\n";
  EXPECT_THROW(read(optuna_journal(), Metric::r2), Error);  // which is maximised
  EXPECT_THROW(read(begin + begin, Metric::mse), Error);
  EXPECT_THROW(read(R"({"op_code": 0, "directions": [1, 2]})", Metric::mse), Error);
  for (const char* line :
       {"x", "[]", "{}", R"({"op_code": "0"})", R"({"op_code": 6, "trial_id": 9, "state": 1})",
        R"({"op_code": 5, "trial_id": 0})"}) {
    EXPECT_THROW(read(begin + line, Metric::mse), Error) << line;
  }
}

}  // namespace
}  // namespace twostep
