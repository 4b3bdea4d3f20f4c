// Spaces and golden files for the tests of trials of other studies.
#pragma once

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>
#include <string>

#include "twostep/base/error.hpp"
#include "twostep/study/configuration.hpp"
#include "twostep/study/prior_trials.hpp"
#include "twostep/study/spec_json.hpp"
#include "twostep/study/spec_reader.hpp"

namespace twostep {

// A study over free names; `space` is JSON, `objective` minimised unless it is r2.
struct FreeStudy {
  explicit FreeStudy(const std::string& space_json, Metric objective = Metric::mse)
      : spec(read_spec(read_json(R"({"study": {"seed": 1}, "space": )" + space_json + "}"),
                       StudyUse::ask)),
        space(make_space(spec)) {
    spec.search.objective = objective;
  }
  [[nodiscard]] TrialsRead csv(const std::string& text) const {
    return read_trials_csv(text, "t.csv", spec, space);
  }
  [[nodiscard]] TrialsRead journal(const std::string& text, const std::string& study = "") const {
    return read_optuna_journal(text, "old.log", study, spec, space);
  }
  [[nodiscard]] std::string configuration(const TrialsRead& read, std::size_t i) const {
    return configuration_json(space, read.warm.trials.at(i).point);
  }
  StudySpec spec;
  Space space;
};

// That of tests/golden/optuna-3.1.csv and of the study "tuned" of optuna-3.1-studies.log, but for
// a parameter "op,t", which cannot be a name here.
inline constexpr const char* tuned_space =
    R"({"lr": {"float": [1e-5, 1e-1], "log": true}, "width": {"int": [8, 64], "step": 8},
        "drop": {"float": [0, 0.5], "step": 0.1}, "bias": {"choice": [true, false]},
        "norm": {"choice": ["none", "batch"]}, "scale": {"choice": [0.1, 1, 10.5]},
        "momentum": {"float": [0, 1], "when": {"norm": "batch"}}})";

inline std::string golden(const std::string& name) {
  std::ifstream file(std::string(TWOSTEP_GOLDEN) + "/" + name);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// The message that reading ends with; "" where it does not.
template <typename Read>
std::string message_of(Read&& read) {
  try {
    static_cast<void>(read());
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::config);
    EXPECT_EQ(error.problems().size(), 1U);
    EXPECT_FALSE(error.problems().front().hint.empty()) << error.what();
    return error.what();
  }
  return "";
}

// What the eight ended trials of the golden study are, from whichever file.
inline void expect_tuned(const FreeStudy& study, const TrialsRead& read) {
  ASSERT_EQ(read.warm.trials.size(), 8U);
  EXPECT_EQ(read.warm.left_out, 0U) << read.first_left_out;
  const auto& t = read.warm.trials;
  EXPECT_EQ(study.configuration(read, 0),
            R"({"lr":1e-05,"width":8,"drop":0.2,"bias":true,"norm":"none","scale":10.5})");
  EXPECT_EQ(study.configuration(read, 2),
            R"({"lr":0.03788145521097119,"width":8,"drop":0.0,"bias":false,"norm":"batch",)"
            R"("scale":0.1,"momentum":0.018288277344191806})");
  EXPECT_EQ(t[0].objective, 0.00801);
  EXPECT_EQ(t[4].objective, 2);                    // pruned, with the last value that it reported
  for (const std::size_t failed : {3, 5, 6, 7}) {  // an exception, NaN, two infinities
    EXPECT_EQ(t[failed].outcome, Outcome::failed);
    EXPECT_TRUE(std::isnan(t[failed].objective));
  }
  for (const std::size_t good : {0, 1, 2, 4}) {
    EXPECT_EQ(t[good].outcome, Outcome::finished);
  }
}

}  // namespace twostep
