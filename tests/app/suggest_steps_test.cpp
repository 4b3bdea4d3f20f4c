#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <nlohmann/json.hpp>

#include "adapters/yaml/yaml_reader.hpp"
#include "app/suggest_session.hpp"
#include "twostep/study/spec_reader.hpp"

namespace twostep {
namespace {

using Json = nlohmann::json;

StudySpec stepped_spec(const std::string& early_stopping, const std::string& search = "") {
  return read_spec(read_yaml("study: {seed: 3}\nspace:\n  x: {float: [-5, 5]}\n"
                             "  kind: {choice: [a, b]}\n"
                             "search: {algorithm: tpe, budget: {epochs: 27}, startup_trials: 8" +
                                 search + ",\n  early_stopping: " + early_stopping + "}\n",
                             "s.yaml"),
                   StudyUse::ask);
}

// A program that asks, trains and tells, and the facts that a history would hold.
class Caller {
 public:
  explicit Caller(const StudySpec& spec) : session_(spec) {}

  Json say(const std::string& line) {
    const auto answer = session_.answer(line);
    facts.insert(facts.end(), answer.facts.begin(), answer.facts.end());
    return Json::parse(answer.line);
  }
  Json ask() { return say(R"({"ask":1})")["trials"][0]; }
  Json step(std::uint64_t trial, std::uint64_t step, double value) {
    return say(Json{{"tell", {{"trial", trial}, {"step", step}, {"value", value}}}}.dump());
  }
  // Its first problem; "" for an answer that is none.
  std::string problem(const std::string& line) {
    const Json out = say(line);
    return out.contains("error") ? out["error"]["problems"][0]["what"].get<std::string>() : "";
  }

  std::vector<std::string> facts;

 private:
  SuggestSession session_;
};

TEST(SuggestSteps, ATellAtARungIsAnsweredByAVerdict) {
  Caller caller(stepped_spec("{rule: asha}"));
  Json first = caller.ask();
  EXPECT_EQ(first["until"], 1);
  EXPECT_FALSE(first.contains("from"));
  const Json good = caller.step(1, 1, 0.5);
  EXPECT_EQ(good["told"], 1);
  EXPECT_EQ(good["pending"], 1);
  EXPECT_EQ(good["trials"], Json::parse(R"([{"trial":1,"verdict":"continue","until":3}])"));
  // Between rungs values are only kept.
  EXPECT_EQ(caller.step(1, 2, 0.7)["trials"][0]["until"], 3);
  caller.ask();
  const Json poor = caller.step(2, 1, 0.9);
  EXPECT_EQ(poor["trials"], Json::parse(R"([{"trial":2,"verdict":"stop"}])"));
  EXPECT_EQ(poor["pending"], 1);
  // At step 3 it is judged by the best that it has told.
  EXPECT_EQ(caller.step(1, 3, 0.6)["trials"][0]["until"], 9);
  caller.step(1, 9, 0.4);
  const Json last = caller.step(1, 27, 0.45);
  EXPECT_EQ(last, Json::parse(R"({"told":1,"pending":0})"));
  const Json best = caller.say(R"({"best":5})")["best"];
  ASSERT_EQ(best.size(), 2U);
  EXPECT_EQ(best[0]["value"], 0.45);
  EXPECT_FALSE(best[0].contains("step"));
  EXPECT_EQ(best[1]["value"], 0.9);
  EXPECT_EQ(best[1]["step"], 1);
}

TEST(SuggestSteps, PausedTrialsGoOnWhenTheyAreAskedFor) {
  Caller caller(stepped_spec("{rule: asha_promotion}"));
  for (std::uint64_t trial = 1; trial <= 3; ++trial) {
    EXPECT_EQ(caller.ask()["trial"], trial);
  }
  EXPECT_EQ(caller.step(1, 1, 0.3)["trials"][0]["verdict"], "pause");
  EXPECT_EQ(caller.step(2, 1, 0.1)["trials"][0]["verdict"], "pause");
  EXPECT_NE(caller.problem(R"({"tell":{"trial":2,"value":1}})").find("is paused at step 1"),
            std::string::npos);
  EXPECT_EQ(caller.step(3, 1, 0.2)["trials"][0]["verdict"], "pause");
  EXPECT_EQ(caller.say(R"({"pending":true})")["pending"][2]["paused"], true);
  const Json again = caller.ask();
  EXPECT_EQ(again["trial"], 2);
  EXPECT_EQ(again["from"], 1);
  EXPECT_EQ(again["until"], 3);
  EXPECT_EQ(caller.ask()["trial"], 4);
}

TEST(SuggestSteps, WhereValuesAreMaximisedTheBestOnesGoOn) {
  Caller caller(stepped_spec("{rule: asha}", ", objective: accuracy"));
  caller.say(R"({"ask":2})");
  caller.step(1, 1, 0.5);
  EXPECT_EQ(caller.step(2, 1, 0.8)["trials"][0]["verdict"], "continue");
  caller.ask();
  EXPECT_EQ(caller.step(3, 1, 0.6)["trials"][0]["verdict"], "stop");
}

// Trained as a program would, with every rule, until `trials` were created.
double train(Caller& caller, int trials, std::uint64_t& steps) {
  double best = INFINITY;
  for (Json work = caller.ask(); work["trial"] <= trials; work = caller.ask()) {
    const double x = work["configuration"]["x"];
    bool goes_on = true;
    while (goes_on) {
      const std::uint64_t until = work["until"];
      const std::uint64_t from = work.value("from", std::uint64_t{0});
      const double value = (x - 1) * (x - 1) + 1.0 / static_cast<double>(until);
      steps += until - from;
      const Json out = caller.step(work["trial"], until, value);
      EXPECT_FALSE(out.contains("error")) << out;
      best = until == 27 ? std::min(best, value) : best;
      goes_on = out.contains("trials") && out["trials"][0]["verdict"] == "continue";
      work["from"] = until;
      work["until"] = goes_on ? out["trials"][0]["until"] : Json();
    }
  }
  return best;
}

TEST(SuggestSteps, EveryRuleSavesStepsAndIsReplayed) {
  for (const char* rule :
       {"asha", "asha_promotion", "pasha", "hyperband", "median", "percentile"}) {
    const StudySpec spec = stepped_spec(std::string("{rule: ") + rule + "}");
    Caller caller(spec);
    std::uint64_t steps = 0;
    const double best = train(caller, 60, steps);
    EXPECT_LT(steps, 60U * 27) << rule;
    if (std::string(rule) != "pasha") {  // which may end before the whole
      EXPECT_LT(best, 1) << rule;
    }
    SuggestSession again(spec);
    for (const std::string& fact : caller.facts) {
      again.replay(fact);
    }
    for (const char* line : {R"({"best":60})", R"({"pending":true})", R"({"ask":5})"}) {
      EXPECT_EQ(Json::parse(again.answer(line).line), caller.say(line)) << rule << line;
    }
  }
}

TEST(SuggestSteps, FailuresAndEarlyEndsAreTaken) {
  Caller caller(stepped_spec("{rule: asha}"));
  caller.say(R"({"ask":4})");
  EXPECT_EQ(caller.say(R"({"tell":{"trial":1,"step":1,"value":NaN}})"),
            Json::parse(R"({"told":1,"pending":3})"));
  EXPECT_EQ(caller.say(R"({"tell":{"trial":2,"value":0.5}})")["pending"], 2);
  caller.step(3, 1, 0.25);
  EXPECT_EQ(caller.say(R"({"tell":{"trial":3,"outcome":"failed"}})")["pending"], 1);
  EXPECT_EQ(caller.say(R"({"tell":{"configuration":{"x":1,"kind":"a"},"value":0.1}})")["told"], 1);
  EXPECT_EQ(caller.say(R"({"best":9})")["best"].size(), 2U);
}

TEST(SuggestSteps, AFiniteSpaceEndsWithWhatIsPaused) {
  Caller caller(read_spec(read_yaml("space: {a: {int: [1, 3]}}\n"
                                    "search: {algorithm: random, budget: {epochs: 9},\n"
                                    "  early_stopping: {rule: hyperband}}\n",
                                    "s.yaml"),
                          StudyUse::ask));
  for (int i = 1; i <= 3; ++i) {
    caller.ask();
    caller.step(i, 1, i);  // of a bracket of nine, which will not be filled
  }
  const Json out = caller.say(R"({"ask":3})");
  ASSERT_EQ(out["trials"].size(), 1U);
  EXPECT_EQ(out["trials"][0]["trial"], 1);
  EXPECT_EQ(out["exhausted"], true);
  EXPECT_EQ(caller.say(R"({"pending":true})")["pending"].size(), 1U);
}

TEST(SuggestSteps, WrongStepsChangeNothing) {
  Caller caller(stepped_spec("{rule: asha}"));
  caller.say(R"({"ask":2})");
  caller.step(1, 1, 0.5);
  caller.step(2, 1, 0.9);
  const std::size_t facts = caller.facts.size();
  const std::pair<const char*, const char*> cases[] = {
      {R"({"tell":{"trial":1,"step":1,"value":1}})", "step is no whole number from 2 to 3"},
      {R"({"tell":{"trial":1,"step":4,"value":1}})", "step is no whole number from 2 to 3"},
      {R"({"tell":{"trial":1,"step":2.5,"value":1}})", "step is no whole number"},
      {R"({"tell":{"trial":1,"step":"2","value":1}})", "step is no whole number"},
      {R"({"tell":{"trial":1,"step":2}})", "neither value nor outcome"},
      {R"({"tell":{"trial":1,"step":2,"outcome":"failed"}})", "a step goes with"},
      {R"({"tell":{"trial":2,"step":3,"value":1}})", "was stopped at step 1"},
      {R"({"tell":{"configuration":{"x":1,"kind":"a"},"step":1,"value":1}})", "a step goes with"}};
  for (const auto& [line, says] : cases) {
    EXPECT_NE(caller.problem(line).find(says), std::string::npos) << line;
  }
  EXPECT_EQ(caller.facts.size(), facts);
  SuggestSession plain(
      read_spec(read_yaml("space: {a: {int: [1, 3]}}\n", "s.yaml"), StudyUse::ask));
  static_cast<void>(plain.answer(R"({"ask":1})"));
  EXPECT_NE(plain.answer(R"({"tell":{"trial":1,"step":1,"value":1}})")
                .line.find("a step without search.early_stopping"),
            std::string::npos);
}

TEST(SuggestSteps, TheStudyFileHasToSayHowMuchTheWholeIs) {
  const auto message = [](const std::string& search) -> std::string {
    try {
      static_cast<void>(
          read_spec(read_yaml("space: {a: {int: [1, 3]}}\nsearch: {" + search + "}\n", "s.yaml"),
                    StudyUse::ask));
    } catch (const Error& error) {
      return error.what();
    }
    return "";
  };
  EXPECT_NE(message("early_stopping: {rule: asha}").find("without search.budget"),
            std::string::npos);
  EXPECT_NE(message("budget: {epochs: 9}, early_stopping: {rule: one_epoch, top_k: 2}")
                .find("one_epoch goes with twostep run"),
            std::string::npos);
}

}  // namespace
}  // namespace twostep
