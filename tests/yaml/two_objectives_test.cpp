// search.second_objective: what it can be, and what cannot serve it.
#include <gtest/gtest.h>

#include "adapters/yaml/yaml_reader.hpp"
#include "twostep/base/error.hpp"
#include "twostep/study/algorithm.hpp"
#include "twostep/study/spec_json.hpp"
#include "twostep/study/spec_reader.hpp"

namespace twostep {
namespace {

StudySpec with_search(const std::string& options) {
  return read_spec(
      read_yaml("study: {name: s, directory: out}\n"
                "data: {files: [a.h5], inputs: [t], targets: [y]}\n"
                "training: {learning_rate: {float: [1e-3, 1e-1]}}\n"
                "promotion: {finalists: 1}\n"
                "retraining: {budget: {epochs: 3}}\n"
                "search: {trials: 9, subset: {rows: 500}, budget: {epochs: 9},\n  " +
                    options + "}\n",
                "s.yaml"));
}

std::vector<Problem> problems_with(const std::string& options) {
  try {
    static_cast<void>(with_search(options));
  } catch (const Error& error) {
    return error.problems();
  }
  return {};
}

TEST(TwoObjectives, AreReadAndWrittenByName) {
  for (const std::string& text : second_objective_names()) {
    const std::string algorithm = text == "none" ? "random" : "nsga2";
    const StudySpec spec = with_search("algorithm: " + algorithm + ", second_objective: " + text);
    EXPECT_EQ(name(spec.search.second_objective), text);
    EXPECT_EQ(read_spec(read_json(to_json(spec))), spec);
  }
  EXPECT_EQ(
      with_search("algorithm: nsga2, second_objective: inference_seconds").search.second_objective,
      SecondObjective::inference_seconds);
}

TEST(TwoObjectives, WhatCannotServeThemIsRefusedWithItsPlace) {
  const auto other = problems_with("algorithm: gp, second_objective: inference_seconds");
  ASSERT_EQ(other.size(), 1U);
  EXPECT_EQ(other[0].where, "s.yaml:7");
  EXPECT_EQ(other[0].what, "search.second_objective goes with nsga2, and the algorithm is gp");
  const auto none = problems_with("algorithm: nsga2");
  ASSERT_EQ(none.size(), 1U);
  EXPECT_NE(none[0].hint.find("parameters or inference_seconds"), std::string::npos);
  const auto stopped = problems_with(
      "algorithm: nsga2, second_objective: inference_seconds,\n  early_stopping: {rule: median}");
  ASSERT_EQ(stopped.size(), 1U);
  EXPECT_EQ(stopped[0].where, "s.yaml:8");
  EXPECT_EQ(stopped[0].what, "search.early_stopping with nsga2");
  const auto near = problems_with("algorithm: nsga2, second_objective: inference_second");
  ASSERT_FALSE(near.empty());
  EXPECT_EQ(near[0].where, "s.yaml:7");
  EXPECT_NE(near[0].text().find("inference_seconds"), std::string::npos);
}

}  // namespace
}  // namespace twostep
