// What Optuna 3.1 decided on the same curves, trial after trial: values reported at the steps 1, 3,
// 9 and 27 of a budget of 27, and the rung at which each trial was pruned (-1: none).
#include <gtest/gtest.h>

#include <algorithm>

#include "search/fidelity/rules.hpp"

namespace twostep {
namespace {

using Curves = std::vector<std::vector<double>>;
using Stops = std::vector<int>;
constexpr std::size_t rungs_of_optuna = 4;

const Curves rough{{89, 42, 55, 98}, {93, 77, 13, 69}, {41, 93, 16, 30}, {24, 57, 70, 41},
                   {58, 79, 23, 83}, {41, 11, 37, 62}, {45, 33, 59, 30}, {19, 27, 89, 89},
                   {66, 26, 26, 10}, {10, 36, 37, 31}, {31, 47, 50, 35}, {79, 96, 90, 36},
                   {33, 98, 35, 59}, {48, 12, 56, 63}, {31, 28, 43, 18}, {52, 48, 87, 85},
                   {10, 86, 96, 53}, {18, 49, 55, 49}, {71, 99, 50, 33}, {71, 70, 32, 17},
                   {42, 12, 55, 61}, {12, 80, 63, 56}, {58, 84, 11, 67}, {15, 33, 89, 35}};
// No two values of a rung are equal: there Optuna lets both go on, and ASHA here the first.
const Curves falling{
    {396, 246, 135, 70}, {278, 272, 191, 186}, {311, 246, 138, 65},  {393, 198, 161, 28},
    {231, 184, 116, 56}, {322, 272, 195, 85},  {369, 289, 184, 151}, {361, 172, 169, 57},
    {330, 166, 100, 50}, {379, 362, 168, 86},  {378, 257, 92, 34},   {317, 283, 217, 51},
    {389, 314, 131, 26}, {343, 243, 186, 138}, {336, 225, 84, 38},   {262, 181, 115, 26},
    {384, 298, 77, 76},  {332, 221, 96, 64},   {232, 200, 86, 40},   {242, 225, 160, 82},
    {327, 277, 242, 96}, {383, 362, 259, 172}, {255, 250, 159, 150}, {216, 203, 85, 67}};

Result seen_at(const std::vector<double>& curve, std::size_t length, Outcome outcome) {
  Result r;
  r.outcome = outcome;
  r.curve.assign(curve.begin(), curve.begin() + static_cast<long>(length));
  r.objective = *std::min_element(r.curve.begin(), r.curve.end());
  return r;
}

Stops stops_of(FidelityRule& rule, const Curves& curves) {
  Stops out;
  for (std::size_t n = 0; n < curves.size(); ++n) {
    const TrialId trial(static_cast<std::uint32_t>(n + 1));
    rule.created(trial);
    int stop = -1;
    for (std::size_t rung = 0; rung + 1 < rungs_of_optuna && stop < 0; ++rung) {
      rule.reached(trial, rung, seen_at(curves[n], rung + 1, Outcome::paused));
      if (rule.next()) {
        rule.resumed(trial);
      } else {
        stop = static_cast<int>(rung);
        rule.stopped(trial);
      }
    }
    if (stop < 0) {
      rule.ended(trial, rungs_of_optuna - 1,
                 seen_at(curves[n], rungs_of_optuna, Outcome::finished));
    }
    out.push_back(stop);
  }
  return out;
}

TEST(OptunaPruners, Percentile) {
  EXPECT_EQ(stops_of(*make_percentile(rungs_of_optuna, 4, 25), rough),
            (Stops{-1, -1, -1, -1, 0, 0, 0, 2, 0, -1, 0, 0, 0, 0, 0, 0, -1, 0, 0, 0, 0, -1, 0, 0}));
  EXPECT_EQ(stops_of(*make_percentile(rungs_of_optuna, 1, 70), rough),
            (Stops{-1, 0, -1, -1, -1, -1, -1, -1, 0, -1, -1, 0,
                   -1, 0, -1, 0,  -1, -1, 0,  0,  0, -1, 0,  -1}));
}

// Optuna's MedianPruner compares with the values at the rung, as percentile: 50 does; median is
// Vizier's, which compares with running averages.
TEST(OptunaPruners, MedianIsThePercentileOfFifty) {
  EXPECT_EQ(stops_of(*make_percentile(rungs_of_optuna, 5, 50), rough),
            (Stops{-1, -1, -1, -1, -1, -1, 2, -1, 0, -1, -1, 0,
                   -1, 0,  -1, 0,  -1, -1, 0, 0,  0, -1, 0,  -1}));
  EXPECT_EQ(
      stops_of(*make_percentile(rungs_of_optuna, 0, 50), rough),
      (Stops{-1, 0, -1, -1, 0, -1, 0, -1, 0, -1, -1, 0, 0, 0, -1, 0, -1, -1, 0, 0, 0, -1, 0, -1}));
}

TEST(OptunaPruners, SuccessiveHalvingIsAsha) {
  EXPECT_EQ(stops_of(*make_asha(rungs_of_optuna, 3), falling),
            (Stops{-1, 1, 0, 0, -1, 0, 0, 0, 0, 0, 0, 1, 0, 0, 0, -1, 0, 0, 1, 1, 0, 0, 1, 1}));
}

}  // namespace
}  // namespace twostep
