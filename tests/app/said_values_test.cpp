#include "app/said_values.hpp"

#include <gtest/gtest.h>

#include <cmath>

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

TEST(SaidCurve, IsByEpochAndBounded) {
  SaidCurve curve;
  EXPECT_EQ(curve.last(), 0U);
  curve.add(2, 0.5);
  curve.add(1, 0.7);
  curve.add(2, 0.4);
  EXPECT_EQ(curve.last(), 2U);
  EXPECT_EQ(curve.points().at(2), 0.4);
  for (std::uint64_t at = 3; at <= 1'000'000; ++at) {
    curve.add(at, 1.0 / static_cast<double>(at));
    ASSERT_LE(curve.points().size(), SaidCurve::most);
    ASSERT_EQ(curve.points().at(at), 1.0 / static_cast<double>(at));
  }
  EXPECT_GT(curve.points().size(), SaidCurve::most / 2);
}

}  // namespace
}  // namespace twostep
