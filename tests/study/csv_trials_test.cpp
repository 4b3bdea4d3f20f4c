#include <cmath>

#include "study/prior_case.hpp"

namespace twostep {
namespace {

constexpr const char* small_space = R"({"lr": {"float": [1e-6, 1e-1], "log": true},
    "layers": {"int": [1, 3]}, "skip": {"choice": [true, false]}})";

TEST(CsvTrials, AStudysOwnTableIsRead) {
  const FreeStudy study(
      R"({"lr": {"float": [1e-4, 1e-1], "log": true}, "layers": {"int": [1, 3]}})");
  const TrialsRead own = study.csv(
      "trial,status,objective,parameters,layers,lr,message,train_seconds\n"
      "1,finished,0.25,100,2,0.01,,1.5\n"
      "2,failed,nan,0,1,0.02,\"it said \"\"no\"\",\ntwice\",0.5\r\n"
      "3,stopped,0.5,50,3,0.001,,0.25\n"
      "4,finished,0.125,50,4,0.001,,0.25\n"
      "5,paused,0.1,50,1,0.001,,0.25\n6,running,nan,0,1,0.002,,0\n7,waiting,nan,0,1,0.003,,0\n");
  ASSERT_EQ(own.warm.trials.size(), 3U);  // three have not ended
  EXPECT_EQ(own.warm.left_out, 1U);
  EXPECT_EQ(own.first_left_out, "t.csv:6: layers is '4', and here a whole number from 1 to 3");
  EXPECT_EQ(study.configuration(own, 0), R"({"lr":0.01,"layers":2})");
  EXPECT_EQ(own.warm.trials[0].objective, 0.25);
  EXPECT_EQ(own.warm.trials[0].parameters, 100);
  EXPECT_EQ(own.warm.trials[0].seconds, 1.5);
  EXPECT_EQ(own.warm.trials[1].outcome, Outcome::failed);
  EXPECT_TRUE(std::isnan(own.warm.trials[1].objective));
  EXPECT_EQ(own.warm.trials[2].outcome, Outcome::finished);
  EXPECT_EQ(own.warm.trials[2].objective, 0.5);
}

TEST(CsvTrials, TimesOfInferenceAreRead) {
  const std::string table = "objective,x,inference_seconds_per_row\n1,1,2.5e-06\n1,2,\n";
  const TrialsRead read = FreeStudy(R"({"x": {"int": [0, 9]}})").csv(table);
  EXPECT_EQ(read.warm.trials[0].inference_seconds_per_row, 2.5e-6);
  EXPECT_TRUE(std::isnan(read.warm.trials[1].inference_seconds_per_row));
  const FreeStudy searched(R"({"x": {"int": [0, 9]},
      "inference_seconds_per_row": {"float": [0, 1]}})");  // a dimension, if it is one
  EXPECT_EQ(searched.csv(table).warm.trials.size(), 1U);
  EXPECT_TRUE(std::isnan(searched.csv(table).warm.trials[0].inference_seconds_per_row));
}

TEST(CsvTrials, WhatAValueIsWeighedAgainstMayBeUnknownButNotNegative) {
  const FreeStudy study(R"({"x": {"int": [0, 9]}})");
  const std::string head = "objective,x,parameters,train_seconds,inference_seconds_per_row\n";
  for (const auto& prior : study.csv(head + "1,1,0,,nan\n1,2,,NaN,\n").warm.trials) {
    EXPECT_TRUE(std::isnan(prior.parameters));
    EXPECT_TRUE(std::isnan(prior.seconds));
    EXPECT_TRUE(std::isnan(prior.inference_seconds_per_row));
  }
  for (const auto& [row, column] :
       {std::pair{"1,1,-3,1,1", "parameters"}, std::pair{"1,1,3,-1,1", "train_seconds"},
        std::pair{"1,1,3,1,-1e-6", "inference_seconds_per_row"}}) {
    const std::string message = message_of([&] { return study.csv(head + row); });
    EXPECT_NE(message.find(std::string("t.csv:2: negative ") + column), std::string::npos)
        << message;
  }
}

TEST(CsvTrials, OptunasDataFrameIsRead) {
  const FreeStudy study(tuned_space);
  expect_tuned(study, study.csv(golden("optuna-3.1.csv")));
}

TEST(CsvTrials, WhatWasStoppedEarlyIsNoWholeTraining) {
  const FreeStudy study(R"({"x": {"int": [0, 9]}})");
  const TrialsRead own = study.csv(
      "status,objective,epochs,x\nstopped,1,3,1\nfinished,1,27,2\nstopped,1,27,3\nfailed,nan,1,"
      "4\n");
  ASSERT_EQ(own.warm.trials.size(), 4U);
  EXPECT_DOUBLE_EQ(own.warm.trials[0].fidelity, 3.0 / 27);
  EXPECT_EQ(own.warm.trials[1].fidelity, 1);
  EXPECT_EQ(own.warm.trials[2].fidelity, 0.5);  // rungs of rows
  EXPECT_EQ(own.warm.trials[3].fidelity, 1);
  const TrialsRead frame = study.csv("state,value,params_x\nPRUNED,1,1\nCOMPLETE,1,2\n");
  EXPECT_EQ(frame.warm.trials[0].fidelity, 0.5);
  EXPECT_EQ(frame.warm.trials[1].fidelity, 1);
}

TEST(CsvTrials, ValuesAreInTheObjectivesDirection) {
  const FreeStudy study(small_space, Metric::r2);
  const TrialsRead read = study.csv(
      "value,params_lr,params_layers,params_skip,state\n0.9,1e-05,1.0,True,COMPLETE\n"
      ",1e-05,2.0,False,FAIL\n0.8,1e-06,2,True,TrialState.COMPLETE\n");
  ASSERT_EQ(read.warm.trials.size(), 3U);
  EXPECT_EQ(read.warm.trials[0].objective, -0.9);
  EXPECT_EQ(study.configuration(read, 0), R"({"lr":1e-05,"layers":1,"skip":true})");
  EXPECT_EQ(read.warm.trials[1].outcome, Outcome::failed);
  EXPECT_EQ(best_objective(read.warm), -0.9);
}

TEST(CsvTrials, LineEndsMarksAndSpacesDoNotMatter) {
  const FreeStudy study(small_space);
  const std::string plain = "objective,lr,layers,skip\n0.5,0.01,2,true\n0.25,1E-3,+1,False\n";
  const TrialsRead expected = study.csv(plain);
  ASSERT_EQ(expected.warm.trials.size(), 2U);
  std::string crlf;
  std::string cr;
  for (const char c : plain) {
    crlf += c == '\n' ? "\r\n" : std::string(1, c);
    cr += c == '\n' ? '\r' : c;
  }
  for (const std::string& text :
       {crlf, cr, "\xef\xbb\xbf" + plain, "\n\n" + plain + "\n\r\n",
        plain.substr(0, plain.size() - 1),
        std::string("\xef\xbb\xbf\"objective\", lr ,\"layers\",skip\n 0.5 ,0.01, 2,true\n"
                    "\"0.25\",1E-3,+1,False")}) {
    const TrialsRead read = study.csv(text);
    ASSERT_EQ(read.warm.trials.size(), 2U) << text;
    for (std::size_t i = 0; i < 2; ++i) {
      EXPECT_EQ(read.warm.trials[i].point, expected.warm.trials[i].point) << text;
      EXPECT_EQ(read.warm.trials[i].objective, expected.warm.trials[i].objective) << text;
    }
  }
}

TEST(CsvTrials, CellsMayHoldCommasQuotesAndLineEnds) {
  const FreeStudy study(R"({"c": {"choice": ["a,b", "c\nd", "e\"f", "g"]}})");
  const TrialsRead read =
      study.csv("value,\"params_c\"\r\n1,\"a,b\"\r\n2,\"c\nd\"\r\n3,\"e\"\"f\"\r\n4,\"g\"\r\n5,h");
  ASSERT_EQ(read.warm.trials.size(), 4U);
  EXPECT_EQ(study.configuration(read, 0), R"({"c":"a,b"})");
  EXPECT_EQ(study.configuration(read, 1), R"({"c":"c\nd"})");
  EXPECT_EQ(study.configuration(read, 2), R"({"c":"e\"f"})");
  EXPECT_TRUE(read.first_left_out.starts_with("t.csv:7: c is 'h'")) << read.first_left_out;
}

TEST(CsvTrials, NamesThatOverlapAreToldApart) {
  // "value" and "state" are dimensions, and so are x and params_x.
  const FreeStudy study(R"({"value": {"float": [0, 1]}, "state": {"choice": ["on", "off"]},
                            "x": {"int": [0, 9]}, "params_x": {"int": [0, 9]}})");
  const char* expected = R"({"value":0.5,"state":"on","x":1,"params_x":2})";
  const TrialsRead frame = study.csv(
      "number,value,params_params_x,params_state,params_value,params_x,state\n"
      "0,0.25,2,on,0.5,1,COMPLETE\n");
  EXPECT_EQ(study.configuration(frame, 0), expected);
  EXPECT_EQ(frame.warm.trials[0].objective, 0.25);
  const FreeStudy fewer(R"({"x": {"int": [0, 9]}, "params_x": {"int": [0, 9]}})");
  const TrialsRead own = fewer.csv("trial,status,objective,x,params_x\n1,finished,0.25,1,2\n");
  EXPECT_EQ(fewer.configuration(own, 0), R"({"x":1,"params_x":2})");
  EXPECT_NE(message_of([&] {
              return study.csv("objective,value,state,x,params_x\n1,0.5,on,1,2\n");
            }).find("the column state is a result"),
            std::string::npos);
}

TEST(CsvTrials, ConstantsOfThisStudyCountOnlyWithTheirValue) {
  const FreeStudy study(R"({"x": {"int": [0, 9]}, "opt": "adam", "eps": 1e-8, "epochs": 3})");
  const TrialsRead read = study.csv(
      "objective,epochs,x,opt,eps\n1,7,1,adam,1e-08\n2,7,2,sgd,1e-08\n3,7,3,adam,1e-7\n4,7,4,,\n");
  ASSERT_EQ(read.warm.trials.size(), 2U);
  EXPECT_EQ(read.warm.left_out, 2U);
  EXPECT_EQ(read.first_left_out, "t.csv:3: opt is sgd, and here always adam");
  EXPECT_EQ(study.csv("value,params_x,params_opt\n1,1,adam\n2,2,sgd\n").warm.left_out, 1U);
}

TEST(CsvTrials, AnEmptyCellIsNoneOnlyWhereTheChoiceExists) {
  const char* table =
      "value,state,params_norm,params_x\n1,COMPLETE,,1\n2,FAIL,,2\n3,COMPLETE,a,3\n";
  const FreeStudy with(R"({"norm": {"choice": ["a", "None"]}, "x": {"int": [0, 9]}})");
  const TrialsRead read = with.csv(table);
  ASSERT_EQ(read.warm.trials.size(), 2U);
  EXPECT_EQ(with.configuration(read, 0), R"({"norm":"None","x":1})");
  EXPECT_EQ(read.first_left_out, "t.csv:3: it has no norm");
  const FreeStudy without(R"({"norm": {"choice": ["a", "b"]}, "x": {"int": [0, 9]}})");
  EXPECT_EQ(without.csv(table).warm.trials.size(), 1U);
}

TEST(CsvTrials, WhatIsWrongIsSaidWithItsLine) {
  const FreeStudy study(small_space);
  const std::string head = "objective,status,lr,layers,skip\n";
  const std::string row = "1,finished,0.1,1,true\n";
  const struct {
    std::string text;
    const char* says;
  } cases[] = {
      {"", "t.csv: no table of trials"},
      {"\xef\xbb\xbf", "t.csv: no table of trials"},
      {"\"\"\n", "t.csv: no table of trials"},  // Optuna's data frame without trials
      {"lr,layers,skip\n1,1,1\n", "t.csv:1: no column with the values"},
      {"\nvalue;params_lr\n1;2\n",
       "t.csv:2: no column with the values of trials\n  why: its head "
       "line has neither objective nor value\n  hint: separate"},
      {"number,values_0,values_1,params_lr\n0,1,1,1\n", "t.csv:1: trials with several objectives"},
      {"objective,lr,layers\n1,1,1\n", "t.csv:1: no column for skip"},
      {"value,params_lr,params_layers,skip\n1,1,1,1\n", "hint: name it params_skip"},
      {",number,value,params,params,params\n,,,layers,lr,skip\n", "multi_index=False"},
      {"objective,lr,lr,layers,skip\n1,1,1,1,1\n", "t.csv:1: two columns are called lr"},
      {head + row + "1,finished,0.1,1\n", "t.csv:3: 4 cells in a row"},
      {head + row + "0,5,finished,0.1,1,true\n", "t.csv:3: 6 cells in a row"},
      {head + "x,finished,0.1,1,true\n", "t.csv:2: objective is no number: 'x'"},
      {head + row + head, "t.csv:3: no such status: 'status'"},
      {head + "1,well,0.1,1,true\n", "t.csv:2: no such status: 'well'"},
      {head + "1,,0.1,1,true\n", "t.csv:2: no such status: ''"},
      {head + row + "\"1\n\n", "t.csv:3: a quote that is never closed"},
      {head + "\"a\n\",finished,\"1\"x,1,1\n", "t.csv:3: text behind a closing quote"},
      {std::string("\xff\xfeo\0b\0", 6), "t.csv: not a table of trials"},
  };
  for (const auto& c : cases) {
    const std::string message = message_of([&] { return study.csv(c.text); });
    EXPECT_NE(message.find(c.says), std::string::npos) << c.text << "\n" << message;
  }
  EXPECT_TRUE(study.csv(head).warm.trials.empty());
}

}  // namespace
}  // namespace twostep
