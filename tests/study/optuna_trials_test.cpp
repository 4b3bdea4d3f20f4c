#include <cmath>

#include "study/prior_case.hpp"

namespace twostep {
namespace {

constexpr const char* old_space = R"({"lr": {"float": [1e-4, 1e-1], "log": true},
    "layers": {"int": [1, 3]}, "opt": {"choice": ["sgd", "adam"]},
    "momentum": {"float": [0, 0.9], "when": {"opt": "sgd"}}})";

// A journal of one study, minimised, with these lines behind its creation.
std::string journal_with(const std::string& lines) {
  return R"({"op_code": 0, "study_name": "s", "directions": [1]})"
         "\n" +
         lines;
}

std::string created(int study = 0) {
  return R"({"op_code": 4, "study_id": )" + std::to_string(study) + "}\n";
}

std::string set_x(int trial, const std::string& value) {
  return R"({"op_code": 5, "trial_id": )" + std::to_string(trial) +
         R"(, "param_name": "x", "param_value_internal": )" + value +
         R"(, "distribution": "{\"name\": \"FloatDistribution\", \"attributes\": {}}"})" + "\n";
}

std::string told(int trial, const std::string& values, int state = 1) {
  return R"({"op_code": 6, "trial_id": )" + std::to_string(trial) + R"(, "state": )" +
         std::to_string(state) + R"(, "values": )" + values + "}\n";
}

std::string trial(int id, const std::string& x, const std::string& values) {
  return created() + set_x(id, x) + told(id, values);
}

// Optuna 3.1 wrote it: seven trials, of which number 3 failed, number 4 was pruned and number 6
// was added from outside.
TEST(OptunaTrials, AJournalIsRead) {
  const FreeStudy study(old_space);
  const TrialsRead read = study.journal(golden("optuna-3.1.log"));
  ASSERT_EQ(read.warm.trials.size(), 7U);
  EXPECT_EQ(read.warm.left_out, 0U);
  EXPECT_EQ(read.warm.source, "old.log");
  EXPECT_EQ(study.configuration(read, 0),
            R"({"lr":0.02,"layers":3,"opt":"sgd","momentum":0.3102702303383951})");
  EXPECT_EQ(read.warm.trials[0].objective, 0.30010000000000003);
  EXPECT_EQ(read.warm.trials[3].outcome, Outcome::failed);
  EXPECT_TRUE(std::isnan(read.warm.trials[3].objective));
  EXPECT_EQ(read.warm.trials[4].outcome, Outcome::finished);
  EXPECT_EQ(read.warm.trials[4].objective, 0.5);
  EXPECT_EQ(study.configuration(read, 6), R"({"lr":0.05,"layers":2,"opt":"adam"})");
  EXPECT_EQ(read.warm.trials[6].objective, 0.3);
  FreeStudy narrow(old_space);
  narrow.space.dimensions[*narrow.space.find("layers")].low = 3;
  const TrialsRead some = narrow.journal(golden("optuna-3.1.log"));
  EXPECT_EQ(some.warm.trials.size() + some.warm.left_out, 7U);
  EXPECT_EQ(some.warm.trials.size(), 2U);
  EXPECT_EQ(some.first_left_out, "old.log:9: layers is '2', and here a whole number from 3 to 3");
}

// Five studies: "gone" was deleted, "tuned" was opened again with load_if_exists, "up" is
// maximised, "both" has two objectives; trials of three alternate.
TEST(OptunaTrials, OneOfSeveralStudiesIsChosenByName) {
  const std::string text = golden("optuna-3.1-studies.log");
  const FreeStudy study(tuned_space);
  const TrialsRead tuned = study.journal(text, "tuned");
  expect_tuned(study, tuned);
  EXPECT_EQ(tuned.warm.source, "old.log#tuned");
  const FreeStudy lr(R"({"lr": {"float": [1e-5, 1]}})", Metric::r2);
  const TrialsRead up = lr.journal(text, "up");
  ASSERT_EQ(up.warm.trials.size(), 2U);
  EXPECT_EQ(up.warm.trials[0].objective, -0.005545996722241045);
  const struct {
    const char* name;
    const FreeStudy& to;
    const char* says;
  } cases[] = {{"", study,
                "old.log: it holds more than one study\n  why: they are tuned, up, both\n"
                "  hint: write warm_start: old.log#tuned"},
               {"gone", study, "old.log: it holds no study called gone"},
               {"both", study, "old.log:9: its study has 2 objectives"},
               {"up", study, "old.log:8: its study is maximised\n  why: this one is minimised"},
               {"tuned", lr, "old.log:6: its study is minimised\n  why: this one is maximised"}};
  for (const auto& c : cases) {
    const std::string message = message_of([&] { return c.to.journal(text, c.name); });
    EXPECT_NE(message.find(c.says), std::string::npos) << c.name << "\n" << message;
  }
}

TEST(OptunaTrials, TheOnlyLivingStudyNeedsNoName) {
  const FreeStudy study(R"({"x": {"float": [0, 1]}})");
  const std::string again = R"({"op_code": 0, "study_name": "s", "directions": [1]})"
                            "\n";
  const std::string text =
      journal_with(trial(0, "0.5", "[1]") + "{\"op_code\": 1, \"study_id\": 0}\n" + created(0) +
                   again + again + created(1) + set_x(1, "0.25") + told(1, "[2]"));
  const TrialsRead read = study.journal(text);
  ASSERT_EQ(read.warm.trials.size(), 1U);
  EXPECT_EQ(read.warm.trials[0].objective, 2);
  EXPECT_EQ(study.configuration(read, 0), R"({"x":0.25})");
}

TEST(OptunaTrials, NumbersThatJsonDoesNotHaveAreNoValues) {
  const FreeStudy study(R"({"x": {"float": [0, 1]}})");
  const TrialsRead read = study.journal(journal_with(
      trial(0, "0.5", "[Infinity]") + trial(1, "0.25", "[-Infinity]") + trial(2, "1e-05", "[NaN]") +
      trial(3, "NaN", "[1]") + trial(4, "0.75", "[1e-05]")));
  ASSERT_EQ(read.warm.trials.size(), 4U);
  EXPECT_EQ(read.first_left_out, "old.log:11: it has no x");
  for (const std::size_t failed : {0, 1, 2}) {
    EXPECT_EQ(read.warm.trials[failed].outcome, Outcome::failed);
  }
  EXPECT_EQ(read.warm.trials[3].objective, 1e-05);
}

TEST(OptunaTrials, WhatComesAfterATrialsEndChangesNothing) {
  const FreeStudy study(R"({"x": {"float": [0, 1]}})");
  const TrialsRead read = study.journal(journal_with(trial(0, "0.5", "[1]") + set_x(0, "0.75") +
                                                     told(0, "[9]") + told(0, "null", 3)));
  ASSERT_EQ(read.warm.trials.size(), 1U);
  EXPECT_EQ(read.warm.trials[0].objective, 1);
  EXPECT_EQ(study.configuration(read, 0), R"({"x":0.5})");
}

TEST(OptunaTrials, PrunedTrialsAreNoWholeTrainings) {
  const FreeStudy study(R"({"x": {"float": [0, 1]}})");
  const auto stepped = [](int id, int step) {
    return created() + set_x(id, "0.5") + R"({"op_code": 7, "trial_id": )" + std::to_string(id) +
           R"(, "step": )" + std::to_string(step) + R"(, "intermediate_value": 3})" + "\n";
  };
  const TrialsRead read = study.journal(journal_with(stepped(0, 9) + told(0, "[1]") +
                                                     stepped(1, 3) + told(1, "[3]", 2) + created() +
                                                     set_x(2, "0.5") + told(2, "[3]", 2)));
  ASSERT_EQ(read.warm.trials.size(), 3U);
  EXPECT_EQ(read.warm.trials[0].fidelity, 1);
  EXPECT_EQ(read.warm.trials[1].fidelity, 0.4);  // four steps of ten
  EXPECT_EQ(read.warm.trials[2].fidelity, 0.5);  // nobody knows
}

TEST(OptunaTrials, ALineThatWasCutOffIsIgnored) {
  const FreeStudy study(R"({"x": {"float": [0, 1]}})");
  const std::string whole = journal_with(trial(0, "0.5", "[1]"));
  const std::string last = told(1, "[2]");
  const std::string before = whole + created() + set_x(1, "0.25");
  for (std::size_t kept = 0; kept < last.size(); ++kept) {
    const bool complete = kept + 1 == last.size();  // all but the line end
    EXPECT_EQ(study.journal(before + last.substr(0, kept)).warm.trials.size(), complete ? 2U : 1U)
        << kept;
  }
  // Somebody went on writing behind it: Optuna refuses it as well.
  EXPECT_NE(message_of([&] {
              return study.journal(before + R"({"op_code": 6, "tri)" + last + created());
            }).find("old.log:7: not a line of Optuna's journal"),
            std::string::npos);
}

TEST(OptunaTrials, ConstantsOfThisStudyCountOnlyWithTheirValue) {
  const FreeStudy study(R"({"lr": {"float": [1e-4, 1e-1]}, "layers": 2, "opt": "adam"})");
  const TrialsRead read = study.journal(golden("optuna-3.1.log"));
  EXPECT_EQ(read.warm.trials.size() + read.warm.left_out, 7U);
  EXPECT_EQ(read.warm.trials.size(), 4U);
  EXPECT_EQ(read.first_left_out, "old.log:2: layers is 3, and here always 2");
}

TEST(OptunaTrials, CategoriesAreFoundWhateverPythonCallsThem) {
  const std::string choices = R"([true, false, null, 1, 0.1, \"true\", \"nan\", NaN])";
  std::string lines;
  for (int i = 0; i < 8; ++i) {
    lines += created() + R"({"op_code": 5, "trial_id": )" + std::to_string(i) +
             R"(, "param_name": "c", "param_value_internal": )" + std::to_string(i) +
             R"(, "distribution": "{\"name\": \"CategoricalDistribution\", )" +
             R"(\"attributes\": {\"choices\": )" + choices + R"(}}"})" + "\n" + told(i, "[1]");
  }
  const auto found = [&](const char* space) {
    const FreeStudy study(space);
    const TrialsRead read = study.journal(journal_with(lines));
    std::string out;
    for (std::size_t i = 0; i < read.warm.trials.size(); ++i) {
      out += study.configuration(read, i);
    }
    return out;
  };
  EXPECT_EQ(found(R"({"c": {"choice": [true, 1]}})"), R"({"c":true}{"c":1}{"c":true})");
  EXPECT_EQ(found(R"({"c": {"choice": ["False", "null", 0.1]}})"),
            R"({"c":"False"}{"c":"null"}{"c":0.1})");
  EXPECT_EQ(found(R"({"c": {"choice": ["none", "nan"]}})"),
            R"({"c":"none"}{"c":"nan"}{"c":"nan"})");
}

TEST(OptunaTrials, WhatIsWrongIsSaidWithItsLine) {
  const FreeStudy study(R"({"x": {"float": [0, 1]}})");
  const std::string undirected = R"({"op_code": 0, "study_name": "s", "directions": [0]})"
                                 "\n";
  const struct {
    std::string text;
    const char* says;
  } cases[] = {
      {"", "old.log: it holds no study\n  why: nothing was written to it"},
      {journal_with("{\"op_code\": 1, \"study_id\": 0}\n"),
       "old.log: it holds no study\n  why: all"},
      {"x", "old.log:1: not a line of Optuna's journal\n  why: it is no JSON from byte 1 on"},
      {"{\"op_code\": 0", "old.log:1: not a line"},
      {undirected, "old.log:1: its study is unranked"},
      {journal_with("[]\n"), "old.log:2: not a line"},
      {journal_with("{}\n"), "key 'op_code' not found"},
      {journal_with("{\"op_code\": \"0\"}\n"), "old.log:2: not a line"},
      {journal_with("{\"op_code\": 1e99}\n"), "old.log:2: not a line"},
      {journal_with("{\"op_code\": 1, \"study_id\": -1}\n"), "study_id is no whole number: -1"},
      {journal_with("{\"op_code\": 10}\n"), "no operation of Optuna 3.1: 10"},
      {journal_with(created() + told(0, "[1]", 7)), "old.log:3: not a line"},
      {journal_with(told(9, "[1]")), "there is no trial 9"},
      {journal_with(created(3)), "there is no study 3"},
      {journal_with(created() + "\n{\"op_code\": 5, \"trial_id\": 0}\n"), "old.log:4: not a line"},
      {std::string("\x80\x04\x95\0\n", 5), "old.log:1: not a line"},  // a pickled snapshot
  };
  for (const auto& c : cases) {
    const std::string message = message_of([&] { return study.journal(c.text); });
    EXPECT_NE(message.find(c.says), std::string::npos) << c.text << "\n" << message;
  }
}

}  // namespace
}  // namespace twostep
