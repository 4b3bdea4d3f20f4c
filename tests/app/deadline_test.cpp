#include "app/deadline.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <map>

#include "twostep/base/error.hpp"

namespace twostep {
namespace {

constexpr WallTime now = std::chrono::seconds(1'700'000'000);

// Whole seconds until the deadline.
std::optional<long> left(const DeadlineOptions& options,
                         const std::map<std::string, std::string>& variables = {}) {
  const auto end = find_deadline(options, now, [&](const std::string& name) {
    const auto at = variables.find(name);
    return at == variables.end() ? std::nullopt : std::optional(at->second);
  });
  return end ? std::optional(std::lround(seconds(*end - now))) : std::nullopt;
}

TEST(Deadline, ReadsSpansAsSlurmWritesThem) {
  const std::map<std::string, double> spans{
      {"2:00:00", 7200}, {"5:30", 330}, {"1-12", 129600}, {"1-0:30", 88200},    {"90s", 90},
      {"45m", 2700},     {"2h", 7200},  {"1.5h", 5400},   {"1-01:01:01", 90061}};
  for (const auto& [text, expected] : spans) {
    EXPECT_EQ(parse_duration(text, 0), expected) << text;
  }
  EXPECT_EQ(parse_duration("120", 60), 7200);
  for (const char* wrong : {"", "120", "x", "1:2:3:4", "-5", "5-", "1-2-3", "h", "1::2"}) {
    EXPECT_FALSE(parse_duration(wrong, 0)) << wrong;
  }
}

TEST(Deadline, ReadsMoments) {
  EXPECT_EQ(parse_moment("1700000000"), now);
  EXPECT_EQ(parse_moment("2023-11-14T22:13:20Z"), now);
  EXPECT_EQ(parse_moment(moment_text(now)), now);
  EXPECT_FALSE(parse_moment("tomorrow"));
  EXPECT_FALSE(parse_moment("2023-11-14"));
}

TEST(Deadline, WhatIsToldComesBeforeTheEnvironment) {
  const std::map<std::string, std::string> slurm{{"SLURM_JOB_END_TIME", "1700000300"}};
  EXPECT_EQ(left({}, slurm), 300);
  EXPECT_EQ(left({.deadline = "1700000100"}, slurm), 100);
  EXPECT_EQ(left({.walltime = "60s"}, slurm), 60);
  EXPECT_EQ(left({.deadline = "NONE"}, slurm), std::nullopt);  // what squeue says of no limit
  EXPECT_EQ(left({}, {{"PBS_WALLTIME", "3600"}}), 3600);
  EXPECT_EQ(left({}, {{"OAR_JOB_WALLTIME_SECONDS", "60"}}), 60);
  EXPECT_EQ(left({}, {{"SLURM_JOB_END_TIME", "0"}}), std::nullopt);
  EXPECT_EQ(left({}), std::nullopt);
  EXPECT_THROW(left({.deadline = "soon"}), Error);
  EXPECT_THROW(left({.walltime = "120"}), Error);
}

TEST(Deadline, LsfSaysHoursAndMinutesOfALimit) {
  EXPECT_EQ(parse_time_left("1:30 L\n"), 5400);
  EXPECT_EQ(parse_time_left("0:02 L"), 120);
  EXPECT_EQ(parse_time_left("45 L"), 2700);
  for (const char* none : {"", "-", "-\n", "1:30 E", "1:30 X", "1:30", "x:30 L", "1:2:3 L", "L"}) {
    EXPECT_EQ(parse_time_left(none), std::nullopt) << none;
  }
}

TEST(Deadline, TheMarginGrowsWithTheTimeThatIsLeft) {
  EXPECT_EQ(safety_margin({}, std::chrono::seconds(60)), std::chrono::seconds(10));
  EXPECT_EQ(safety_margin({}, std::chrono::minutes(20)), std::chrono::seconds(60));
  EXPECT_EQ(safety_margin({}, std::chrono::hours(24)), std::chrono::seconds(120));
  EXPECT_EQ(safety_margin({.margin = 3}, std::chrono::hours(24)), std::chrono::seconds(3));
}

}  // namespace
}  // namespace twostep
