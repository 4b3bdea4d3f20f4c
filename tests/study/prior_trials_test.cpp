#include "twostep/study/prior_trials.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

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
    const auto out = point_of(space, [&](const Dimension& d) {
      const auto found = values.find(d.name);
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

TEST(PriorTrials, WhyOneHasNoPlaceIsSaid) {
  const Study narrow(R"("layers": {"int": [1, 3]}, "width": {"int": [8, 16], "per": "layer"})",
                     R"("learning_rate": 0.02, "batch_size": {"choice": [32, 64]})");
  std::string why;
  EXPECT_EQ(translate(old_study().spec, old_study().space, old_study().point(old_values),
                      narrow.spec, narrow.space, &why),
            std::nullopt);
  EXPECT_EQ(why, "training.learning_rate is 0.01, and here always 0.02");
  auto values = old_values;
  values["training.learning_rate"] = "0.02";
  EXPECT_EQ(translate(old_study().spec, old_study().space, old_study().point(values), narrow.spec,
                      narrow.space, &why),
            std::nullopt);
  EXPECT_EQ(why, "model.width[2] is '24', and here a whole number from 8 to 16");
}

TEST(PriorTrials, TheSameValueMayBeWrittenDifferently) {
  for (const auto& [a, b] : {std::pair{"1e-05", "0.00001"}, {"True", "true"}, {"8.0", "8"}}) {
    EXPECT_TRUE(same_value(a, b)) << a;
  }
  for (const auto& [a, b] : {std::pair{"1", "true"}, {"a", "A"}, {"0.1", "0.10000001"}}) {
    EXPECT_FALSE(same_value(a, b)) << a;
  }
}

}  // namespace
}  // namespace twostep
