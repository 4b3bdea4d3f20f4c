// Repeated timings of alternating pieces of work, in one run.
#pragma once

#include <algorithm>
#include <chrono>
#include <vector>

namespace twostep::bench {

// Seconds of one round of `work`.
template <class Work>
double time_of(int rounds, Work work) {
  const auto begun = std::chrono::steady_clock::now();
  for (int i = 0; i < rounds; ++i) {
    work();
  }
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count() / rounds;
}

// How many rounds take about this long.
template <class Work>
int rounds_of(double wanted, Work work) {
  work();
  return std::max(1, static_cast<int>(wanted / std::max(1e-8, time_of(3, work))));
}

struct MinMedian {
  double min = 0;
  double median = 0;
  explicit MinMedian(std::vector<double> values) {
    std::sort(values.begin(), values.end());
    min = values.front();
    median = values[values.size() / 2];
  }
};

}  // namespace twostep::bench
