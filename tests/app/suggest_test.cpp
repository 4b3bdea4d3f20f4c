#include "app/suggest_session.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <nlohmann/json.hpp>

#include "adapters/yaml/yaml_reader.hpp"
#include "twostep/study/spec_reader.hpp"

namespace twostep {
namespace {

using Json = nlohmann::json;

std::string study(const std::string& algorithm) {
  return "study: {seed: 3}\n"
         "space:\n"
         "  x: {float: [-5, 5]}\n"
         "  rate: {float: [1e-4, 1], log: true}\n"
         "  units: {int: [1, 64]}\n"
         "  kind: {choice: [a, b]}\n"
         "  only_b: {float: [0, 1], when: {kind: b}}\n"
         "  fixed: 7\n"
         "search: {algorithm: " +
         algorithm + ", startup_trials: 8}\n";
}

StudySpec spec(const std::string& algorithm = "tpe") {
  return read_spec(read_yaml(study(algorithm), "s.yaml"), StudyUse::ask);
}

double value_of(const Json& c) {
  return std::pow(c["x"].get<double>() - 1, 2) + (c["kind"] == "b" ? 0.0 : 3.0);
}

std::string told(const Json& trial) {
  return Json{{"tell", {{"trial", trial["trial"]}, {"value", value_of(trial["configuration"])}}}}
      .dump();
}

TEST(Suggest, ActiveDimensionsAreAnsweredAndOnlyThose) {
  SuggestSession session(spec("random"));
  const Json out = Json::parse(session.answer(R"({"ask": 40})").line);
  ASSERT_EQ(out["trials"].size(), 40U);
  int with = 0;
  for (const Json& t : out["trials"]) {
    const Json& c = t["configuration"];
    EXPECT_TRUE(c["units"].is_number_integer());
    EXPECT_EQ(c.contains("only_b"), c["kind"] == "b");
    EXPECT_FALSE(c.contains("fixed"));
    with += c.contains("only_b") ? 1 : 0;
  }
  EXPECT_GT(with, 5);
  EXPECT_LT(with, 35);
}

TEST(Suggest, FindsTheMinimumBetterThanItStarted) {
  SuggestSession session(spec());
  double first = INFINITY;
  double best = INFINITY;
  for (int i = 0; i < 80; ++i) {
    const Json trial = Json::parse(session.answer(R"({"ask":1})").line)["trials"][0];
    best = std::min(best, value_of(trial["configuration"]));
    first = i < 8 ? best : first;
    EXPECT_EQ(Json::parse(session.answer(told(trial)).line)["told"], 1);
  }
  EXPECT_LT(best, 0.1);
  EXPECT_LT(best, first);
  const Json answer = Json::parse(session.answer(R"({"best":2})").line);
  EXPECT_EQ(answer["best"].size(), 2U);
  EXPECT_DOUBLE_EQ(answer["best"][0]["value"], best);
}

TEST(Suggest, PendingTrialsCount) {
  SuggestSession waits(spec());
  SuggestSession goes(spec());
  for (int i = 0; i < 12; ++i) {
    const Json trial = Json::parse(waits.answer(R"({"ask":1})").line)["trials"][0];
    static_cast<void>(goes.answer(R"({"ask":1})"));
    static_cast<void>(waits.answer(told(trial)));
    static_cast<void>(goes.answer(told(trial)));
  }
  static_cast<void>(waits.answer(R"({"ask":6})"));  // these stay pending
  const std::string busy = waits.answer(R"({"ask":1})").line;
  EXPECT_NE(Json::parse(busy)["trials"][0]["configuration"],
            Json::parse(goes.answer(R"({"ask":1})").line)["trials"][0]["configuration"]);
  EXPECT_EQ(Json::parse(waits.answer(R"({"pending":true})").line)["pending"].size(), 7U);
}

TEST(Suggest, ReplayedFactsGiveTheSameProposals) {
  for (const char* algorithm : {"tpe", "cma_es", "forest", "gp", "evolution", "sobol"}) {
    SuggestSession live(spec(algorithm));
    std::vector<std::string> facts;
    const auto say = [&](const std::string& line) {
      const auto answer = live.answer(line);
      facts.insert(facts.end(), answer.facts.begin(), answer.facts.end());
      return Json::parse(answer.line);
    };
    for (int i = 0; i < 15; ++i) {
      const Json trial = say(R"({"ask":2})")["trials"][0];
      say(told(trial));
    }
    say(R"({"tell":{"trial":2,"outcome":"failed"}})");
    say(R"({"tell":{"trial":4,"value":NaN}})");
    say(R"({"tell":{"configuration":{"x":0,"rate":0.5,"units":3,"kind":"a"},"value":2}})");
    SuggestSession again(spec(algorithm));
    for (const std::string& fact : facts) {
      again.replay(fact);
    }
    EXPECT_EQ(again.answer(R"({"ask":3})").line, live.answer(R"({"ask":3})").line) << algorithm;
  }
}

TEST(Suggest, EveryBadLineIsAnsweredOnceAndChangesNothing) {
  SuggestSession session(spec());
  SuggestSession calm(spec());
  static_cast<void>(session.answer(R"({"ask":2})"));
  static_cast<void>(calm.answer(R"({"ask":2})"));
  const std::string bad[] = {
      "",
      "{",
      "nonsense",
      "[]",
      "42",
      "null",
      "{}",
      R"({"ask":0})",
      R"({"ask":-1})",
      R"({"ask":1.5})",
      R"({"ask":"two"})",
      R"({"ask":1e18})",
      R"({"ask":1,"tell":{}})",
      R"({"asks":1})",
      R"({"tell":1})",
      R"({"tell":{}})",
      R"({"tell":{"trial":1}})",
      R"({"tell":{"value":1}})",
      R"({"tell":{"trial":9,"value":1}})",
      R"({"tell":{"trial":0,"value":1}})",
      R"({"tell":{"trial":1,"value":"low"}})",
      R"({"tell":{"trial":1,"valeu":1}})",
      R"({"tell":{"trial":1,"outcome":"bad"}})",
      R"({"tell":[{"trial":1,"value":1},{"trial":1,"value":2}]})",
      R"({"tell":[{"trial":1,"value":1},{"trial":7,"value":2}]})",
      R"({"tell":{"configuration":{"x":0},"value":1}})",
      R"({"tell":{"configuration":{"x":99,"rate":0.5,"units":3,"kind":"a"},"value":2}})",
      R"({"tell":{"configuration":{"y":0},"value":1}})",
      R"({"tell":{"configuration":{"x":0,"rate":0.5,"units":3,"kind":"a","only_b":1},"value":2}})",
      std::string(100000, '['),
      "{\"ask\":\xff}",
  };
  for (const std::string& line : bad) {
    const auto answer = session.answer(line);
    EXPECT_TRUE(answer.facts.empty()) << line.substr(0, 100);
    const Json out = Json::parse(answer.line);
    ASSERT_TRUE(out.contains("error")) << line.substr(0, 100);
    EXPECT_FALSE(out["error"]["problems"][0]["what"].get<std::string>().empty());
    EXPECT_EQ(answer.line.find('\n'), std::string::npos);
  }
  EXPECT_EQ(session.answer(R"({"ask":1})").line, calm.answer(R"({"ask":1})").line);
  static_cast<void>(session.answer(R"({"tell":{"trial":1,"value":1}})"));
  EXPECT_TRUE(
      Json::parse(session.answer(R"({"tell":{"trial":1,"value":1}})").line).contains("error"));
}

// Without it nsga2 would learn nothing from the value, and never say so.
TEST(Suggest, ATellHasWhatItsValueIsWeighedAgainst) {
  for (const std::string key : {"parameters", "seconds", "inference_seconds"}) {
    SuggestSession session(spec("nsga2, second_objective: " + key));
    std::vector<std::string> facts = session.answer(R"({"ask":3})").facts;
    const auto say = [&](const std::string& line) {
      const auto answer = session.answer(line);
      facts.insert(facts.end(), answer.facts.begin(), answer.facts.end());
      return Json::parse(answer.line);
    };
    for (const std::string& lacking :
         {std::string(), R"(,")" + key + R"(":"many")", R"(,")" + key + R"(":NaN)"}) {
      const Json refused = say(R"({"tell":{"trial":1,"value":0.5)" + lacking + "}}");
      ASSERT_TRUE(refused.contains("error")) << refused;
      const Json& problem = refused["error"]["problems"][0];
      EXPECT_EQ(problem["what"], "tell: no " + key);
      EXPECT_NE(problem["hint"].get<std::string>().find("\"" + key + "\":"), std::string::npos);
    }
    for (const auto& [value, word] :
         {std::pair{"-1", "negative "}, std::pair{"\"inf\"", "infinite "}}) {
      const Json refused = say(R"({"tell":{"trial":1,"value":0.5,")" + key + "\":" + value + "}}");
      ASSERT_TRUE(refused.contains("error")) << refused;
      EXPECT_EQ(refused["error"]["problems"][0]["what"], "tell: " + (word + key));
    }
    EXPECT_FALSE(
        say(R"({"tell":{"trial":1,"value":0.5,")" + key + R"(":2.5e-6}})").contains("error"));
    EXPECT_FALSE(say(R"({"tell":{"trial":2,"outcome":"failed"}})").contains("error"));
    EXPECT_NE(facts[facts.size() - 2].find("\"" + key + "\":2.5e-06"), std::string::npos)
        << facts[facts.size() - 2];
    // Older programs took and recorded tells without.
    facts.emplace_back(R"({"tell":{"trial":3,"value":1.0,"outcome":"finished"}})");
    SuggestSession again(spec("nsga2, second_objective: " + key));
    for (const std::string& fact : facts) {
      EXPECT_NO_THROW(again.replay(fact)) << fact;
    }
  }
}

TEST(Suggest, AFiniteSpaceIsExhausted) {
  SuggestSession session(
      read_spec(read_yaml("space: {a: {int: [1, 2]}, b: {choice: [true, false]}}\n", "s.yaml"),
                StudyUse::ask));
  const Json out = Json::parse(session.answer(R"({"ask":10})").line);
  EXPECT_EQ(out["trials"].size(), 4U);
  EXPECT_EQ(out["exhausted"], true);
}

TEST(Suggest, LargerIsBetterWhereTheObjectiveSaysSo) {
  SuggestSession session(
      read_spec(read_yaml("space: {a: {float: [0, 1]}}\nsearch: {objective: accuracy}\n", "s.yaml"),
                StudyUse::ask));
  static_cast<void>(session.answer(R"({"ask":2})"));
  static_cast<void>(
      session.answer(R"({"tell":[{"trial":1,"value":0.2},{"trial":2,"value":0.9}]})"));
  EXPECT_EQ(Json::parse(session.answer(R"({"best":1})").line)["best"][0]["trial"], 2);
}

TEST(TryFirst, IsTriedFirstAndWhatItLeavesOutIsFilled) {
  for (const char* algorithm : {"random", "tpe", "sobol", "cma_es", "halton", "evolution", "gp"}) {
    const std::string text = study(algorithm);
    const std::string first = text.substr(0, text.rfind('}')) +
                              ", try_first: [{x: 1, kind: b}, {rate: 0.5, units: 3, kind: a, x: 2},"
                              " {rate: 0.5, units: 3, kind: a, x: 2}, {only_b: 0.25}]}\n";
    const StudySpec s = read_spec(read_yaml(first, "s.yaml"), StudyUse::ask);
    SuggestSession session(s);
    const Json trials = Json::parse(session.answer(R"({"ask":5})").line)["trials"];
    ASSERT_EQ(trials.size(), 5U) << algorithm;
    EXPECT_EQ(trials[0]["configuration"]["x"], 1.0);
    EXPECT_EQ(trials[0]["configuration"]["kind"], "b");
    EXPECT_TRUE(trials[0]["configuration"].contains("only_b"));
    EXPECT_EQ(trials[1]["configuration"],
              Json::parse(R"({"x":2.0,"rate":0.5,"units":3,"kind":"a"})"));
    EXPECT_NE(trials[2]["configuration"], trials[1]["configuration"]) << "the duplicate";
    const Json& last = trials[3]["configuration"];
    EXPECT_TRUE(last["kind"] == "a" || last["only_b"] == 0.25) << last;
    SuggestSession again(s);
    EXPECT_EQ(Json::parse(again.answer(R"({"ask":5})").line)["trials"], trials) << algorithm;
  }
}

TEST(TryFirst, LeavesNothingOutOfAGrid) {
  SuggestSession session(
      read_spec(read_yaml("space: {a: {int: [1, 3]}, b: {choice: [p, q]}}\n"
                          "search: {algorithm: grid, try_first: [{a: 3, b: q}, {a: 2}]}\n",
                          "s.yaml"),
                StudyUse::ask));
  const Json out = Json::parse(session.answer(R"({"ask":10})").line);
  EXPECT_EQ(out["trials"].size(), 6U);
  EXPECT_EQ(out["trials"][0]["configuration"], Json::parse(R"({"a":3,"b":"q"})"));
  EXPECT_EQ(out["trials"][1]["configuration"]["a"], 2);
}

void expect_problem(const std::string& text, StudyUse use, const std::string& part) {
  try {
    static_cast<void>(read_spec(read_yaml(text, "s.yaml"), use));
    FAIL() << "accepted: " << text;
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::config);
    EXPECT_NE(std::string(error.what()).find(part), std::string::npos) << error.what();
  }
}

TEST(FreeSpace, MistakesHaveTheirLine) {
  const auto ask = StudyUse::ask;
  expect_problem("space: {}\n", ask, "s.yaml:1: space is empty");
  expect_problem("space: 3\n", ask, "s.yaml:1: space is '3'");
  expect_problem("space:\n  a: {float: [2, 1]}\n", ask, "s.yaml:2: a: low is above high");
  expect_problem("space:\n  a: {flot: [1, 2]}\n", ask, "did you mean 'float'");
  expect_problem("space:\n  'a b': 1\n", ask, "s.yaml:2: space: not a name");
  expect_problem("space:\n  a: 1\n  b: {int: [1, 2], when: {c: 1}}\n", ask, "s.yaml:3: b: `when`");
  expect_problem("space:\n  a: {choice: [x, y]}\n  b: {int: [1, 2], when: {a: z}}\n", ask,
                 "never has: z");
  expect_problem("space:\n  a: {int: [1, 2], when: {b: 1}}\n  b: {int: [1, 2], when: {a: 1}}\n",
                 ask, "runs in a circle");
  expect_problem("space:\n  a: {float: [1, 2]}\nsearch: {algorithm: grid}\n", ask,
                 "grid search cannot serve a");
  expect_problem("space:\n  a: 1\nmodel: {layers: 2}\n", ask, "s.yaml:3: model beside space");
}

TEST(TryFirst, MistakesHaveTheirLine) {
  const auto ask = StudyUse::ask;
  const std::string space = "space: {a: {int: [1, 9]}, b: {float: [0, 1], when: {a: 2}}}\n";
  const auto with = [&](const std::string& list) {
    return space + "search:\n  try_first:\n    - " + list + "\n";
  };
  expect_problem(with("{aa: 1}"), ask, "s.yaml:4: search.try_first: no such dimension: aa");
  expect_problem(with("{a: 10}"), ask, "s.yaml:4: search.try_first: a cannot be '10'");
  expect_problem(with("{a: 1.5}"), ask, "expected a whole number from 1 to 9");
  expect_problem(with("{a: 3, b: 0.5}"), ask, "b does not exist in this configuration");
  expect_problem(with("3"), ask, "not a configuration");
}

TEST(TryFirst, ConstantsMayBeRepeatedButNotContradicted) {
  const std::string space =
      "space: {a: {int: [1, 9]}, rate: 1e-5, on: true}\nsearch:\n  try_first:\n";
  const StudySpec s = read_spec(
      read_yaml(space + "    - {a: 3, rate: 0.00001, on: True}\n", "s.yaml"), StudyUse::ask);
  ASSERT_EQ(s.search.try_first.size(), 1U);
  EXPECT_EQ(s.search.try_first[0], (NamedValues{{"a", std::int64_t{3}}}));
  expect_problem(
      space + "    - {a: 3}\n    - {a: 3, rate: 0.1}\n", StudyUse::ask,
      "s.yaml:5: search.try_first: rate cannot be '0.1'\n  why: it is a constant of this "
      "study: 1e-05");
}

TEST(FreeSpace, ChoicesHaveTheTypesThatTheyLookLike) {
  const Space space = make_space(
      read_spec(read_yaml("space:\n  r: {choice: [0.5, 1]}\n  i: {choice: [1, 2]}\n"
                          "  m: {choice: [none, 3, true]}\n  c: {int: [1, 2], when: {r: 1}}\n",
                          "s.yaml"),
                StudyUse::ask));
  EXPECT_EQ(space.dimensions[0].choices, (std::vector<Value>{0.5, 1.0}));
  EXPECT_EQ(space.dimensions[1].choices, (std::vector<Value>{std::int64_t{1}, std::int64_t{2}}));
  EXPECT_EQ(space.dimensions[2].choices,
            (std::vector<Value>{std::string("none"), std::int64_t{3}, true}));
  EXPECT_EQ(space.dimensions[3].condition->any_of, (std::vector<Value>{1.0}));
}

}  // namespace
}  // namespace twostep
