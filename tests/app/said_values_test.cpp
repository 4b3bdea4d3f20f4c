#include "app/said_values.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "twostep/base/utf8.hpp"
#include "twostep/study/algorithm.hpp"

namespace twostep {
namespace {

TEST(SaidValues, AreLinesOfJsonWithAValue) {
  const auto said = parse_said(R"(  {"epoch": 3, "value": -0.25, "parameters": 12, "other": [1]})");
  ASSERT_TRUE(said);
  EXPECT_EQ(said->value, -0.25);
  EXPECT_EQ(said->at, 3U);
  EXPECT_EQ(said->parameters, 12);
  EXPECT_FALSE(said->inference_seconds);
  EXPECT_EQ(parse_said(R"({"value": 1, "step": 700})")->at, 700U);
  EXPECT_EQ(parse_said(R"({"value": 1, "epoch": 1.0})")->at, 1U);
}

TEST(SaidValues, MayBeNone) {
  for (const char* line : {R"({"value": NaN})", R"({"value": -Infinity, "epoch": 2})",
                           R"({"value": 1e999})", R"({"value": -1e999, "epoch": 2})",
                           R"({"value": true})", R"({"value": {}})", R"({"value": Infinity})",
                           R"({"value": null})", R"({"value": "high"})", R"({"value": [1]})"}) {
    const auto said = parse_said(line);
    ASSERT_TRUE(said) << line;
    EXPECT_TRUE(std::isnan(said->value)) << line;
  }
}

TEST(SaidValues, OtherLinesAreOutput) {
  for (const std::string& line :
       {std::string(), std::string("value: 3"), std::string("{"), std::string(R"({"loss": 1})"),
        std::string("[1, 2]"), std::string("3"), std::string(R"({"value": 1e)"),
        R"({"value": 1, "text": ")" + std::string(70000, 'x') + "\"}"}) {
    EXPECT_FALSE(parse_said(line)) << line.substr(0, 40);
  }
  for (const char* line : {R"({"value": 1, "epoch": -3})", R"({"value": 1, "epoch": "2"})",
                           R"({"value": 1, "epoch": 1e300})"}) {
    EXPECT_EQ(parse_said(line)->at, 0U) << line;
  }
}

TEST(SaidValues, WordsInTextsAndOtherKeysDoNoHarm) {
  EXPECT_EQ(parse_said(R"({"note": "NaN, \"Infinity\" \\", "value": 2, "lr": NaN})")->value, 2);
  EXPECT_EQ(parse_said(R"({"big": 1e999, "value": 2})")->value, 2);
  EXPECT_EQ(parse_said(R"({"value": 1e-999})")->value, 0);
  EXPECT_EQ(parse_said(R"({"value": 123456789012345678901234567890})")->value,
            123456789012345678901234567890.0);
}

TEST(SaidValues, MayStandBesideBytesThatAreNoText) {
  EXPECT_EQ(parse_said("{\"value\": 2, \"name\": \"\xff\xc3\"}")->value, 2);
  EXPECT_EQ(parse_said("{\"value\": 2}\r")->value, 2);
  EXPECT_EQ(parse_said(" 10%|# |\r 20%|##|\r{\"value\": 2}")->value, 2);
  EXPECT_FALSE(parse_said(std::string("{\"value\"\0: 2}", 13)));
  EXPECT_FALSE(parse_said(std::string(60000, '{')));
  EXPECT_FALSE(parse_said("{\"value\":" + std::string(60000, '[')));
}

TEST(SaidValues, MayLackWhatTheyAreWeighedAgainst) {
  const auto lacking = [](const std::string& line, SecondObjective second) {
    return lacking_of(parse_said(line).value(), second);
  };
  const std::string all = R"({"value": 1, "parameters": 12, "inference_seconds": 0})";
  for (const auto second : {SecondObjective::none, SecondObjective::parameters,
                            SecondObjective::seconds, SecondObjective::inference_seconds}) {
    EXPECT_EQ(lacking(all, second), "");
    const bool measured = second == SecondObjective::none || second == SecondObjective::seconds;
    EXPECT_EQ(lacking(R"({"value": 1})", second) == "", measured);
  }
  EXPECT_EQ(
      lacking(R"({"value": 1, "parameters": "12"})", SecondObjective::parameters),
      "the command's last value came with no parameters, which search.second_objective "
      "weighs it against; it should print lines like {\"value\": 0.25, \"parameters\": 1200}");
  EXPECT_NE(lacking(R"({"value": 1, "parameters": 0.5})", SecondObjective::parameters)
                .find("with less than one of parameters, which"),
            std::string::npos);
  EXPECT_NE(lacking(R"({"value": 1, "parameters": Infinity})", SecondObjective::parameters)
                .find("with no parameters, which"),
            std::string::npos);
  for (const auto second : {SecondObjective::parameters, SecondObjective::inference_seconds}) {
    EXPECT_NE(lacking(std::string(R"({"value": 1, ")") + name(second) + "\": 1e999}", second), "");
  }
  EXPECT_EQ(lacking(R"({"value": 1, "inference_seconds": -1})", SecondObjective::inference_seconds),
            "the command's last value came with negative inference_seconds, which "
            "search.second_objective weighs it against; it should print lines like {\"value\": "
            "0.25, \"inference_seconds\": 2e-6}");
}

std::vector<double> values_of(const SaidCurve& curve) {
  std::vector<double> out;
  for (const auto& [at, value] : curve.points()) {
    out.push_back(value);
  }
  return out;
}

TEST(SaidCurve, IsTheSameInWhateverPieces) {
  const std::string text = "begin\n{\"value\": 3}\n\n{\"value\": 2}\r\n" +
                           std::string(200000, 'x') +
                           "\n{\"value\": 1, \"epoch\": 3}\n{\"value\": 0.5, \"epoch\": 7}";
  for (const std::size_t piece : {1U, 7U, 4096U, 1U << 20}) {
    SaidCurve curve(0, false);
    for (std::size_t at = 0; at < text.size(); at += piece) {
      curve.hear(std::string_view(text).substr(at, piece));
    }
    EXPECT_EQ(values_of(curve), (std::vector<double>{3, 2, 1})) << piece;
    curve.hear_end();
    EXPECT_EQ(values_of(curve), (std::vector<double>{3, 2, 1, 0.5})) << piece;
    EXPECT_EQ(curve.done(), 7U);
    EXPECT_FALSE(curve.diverged() || curve.reached());
  }
}

TEST(SaidCurve, ALineWithoutAnEndSaysNothingHoweverLong) {
  SaidCurve curve(0, false);
  for (int i = 0; i < 1000; ++i) {
    curve.hear("{\"value\": 1}" + std::string(10000, ' '));
  }
  curve.hear("\n{\"value\": 2}\n");
  EXPECT_EQ(values_of(curve), std::vector<double>{2});
}

TEST(SaidCurve, GoesBackWithItsProgram) {
  SaidCurve curve(0, true);
  curve.remember(3, -3);
  curve.remember(6, -6);
  EXPECT_FALSE(curve.any());
  EXPECT_EQ(curve.done(), 6U);
  curve.hear("{\"value\": 4, \"step\": 4}\n");  // goes on from 3: what came after is void
  EXPECT_EQ(values_of(curve), (std::vector<double>{-3, -4}));
  curve.hear("{\"value\": 5, \"step\": 4}\n");  // again
  EXPECT_EQ(values_of(curve), (std::vector<double>{-3, -5}));
  curve.hear("{\"value\": 9, \"step\": 1}\n");  // begins anew
  EXPECT_EQ(values_of(curve), std::vector<double>{-9});
  EXPECT_EQ(curve.last().value, -9);
}

// A fast program is far beyond its rung before it is read; a slow one is not.
TEST(SaidCurve, NothingCountsAfterWhatDecides) {
  SaidCurve rung(2, false);
  rung.hear(
      "{\"value\": 5, \"epoch\": 1}\n{\"value\": 4, \"epoch\": 2}\n{\"value\": 3, \"epoch\": 3}\n");
  rung.hear("{\"value\": NaN}\n");
  rung.hear_end();
  EXPECT_TRUE(rung.reached());
  EXPECT_FALSE(rung.diverged());
  EXPECT_EQ(values_of(rung), (std::vector<double>{5, 4}));
  EXPECT_EQ(rung.last().value, 4);
  SaidCurve bad(2, false);
  bad.hear("{\"value\": 5}\n{\"value\": Infinity}\n{\"value\": 1}\n");
  EXPECT_TRUE(bad.diverged());
  EXPECT_FALSE(bad.reached());
}

TEST(SaidCurve, OfAnyLengthIsKeptInSomePoints) {
  SaidCurve curve(0, false);
  for (int i = 1; i <= 100000; ++i) {
    curve.hear("{\"value\": " + std::to_string(i) + "}\n");
    ASSERT_LE(curve.points().size(), SaidCurve::most_points);
  }
  EXPECT_GT(curve.points().size(), SaidCurve::most_points / 4);
  EXPECT_EQ(curve.points().begin()->first, 1U);
  EXPECT_EQ(curve.done(), 100000U);
  EXPECT_EQ(curve.points().rbegin()->second, 100000);
}

TEST(LastWords, AreReadableWhateverWasPrinted) {
  EXPECT_EQ(last_words(""), "");
  EXPECT_EQ(last_words("\n \n"), "");
  EXPECT_EQ(last_words("a\nb: c\n\n"), "a\nb: c");
  EXPECT_EQ(last_words("\x1b[31mred\x1b[0m\tand \x1b]0;title\a\x01plain\x7f\x1b"), "red and plain");
  EXPECT_EQ(last_words(" 1%|#\r 2%|##\r 3%|###\r\nTypeError\r\n"), " 3%|###\nTypeError");
  EXPECT_EQ(last_words("bad \xff byte"), "bad " + std::string("\xEF\xBF\xBD") + " byte");
  EXPECT_EQ(last_words(std::string(400, 'a') + "\nlast line"), "last line");
  const std::string accents = last_words("\xC3\xA9" + std::string(298, 'x') + "\xC3\xA9", 300);
  EXPECT_EQ(accents, std::string(298, 'x') + "\xC3\xA9");
  EXPECT_LE(last_words(std::string(1 << 20, 'x')).size(), 300U);
}

}  // namespace
}  // namespace twostep
