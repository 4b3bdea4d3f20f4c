#include "twostep/train/average.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace twostep {
namespace {

std::vector<float> weights_of(int step) {
  return {static_cast<float>(std::sin(step)), 1.0F, static_cast<float>(step)};
}

TEST(RunningAverage, EmaIsItsClosedForm) {
  const double d = 0.9;
  RunningAverage average(Averaging::ema, d);
  EXPECT_TRUE(average.empty());
  for (int n = 1; n <= 60; ++n) {
    average.add(weights_of(n));
    for (std::size_t j = 0; j < 3; ++j) {
      double sum = 0;
      for (int i = 1; i <= n; ++i) {
        sum += (1 - d) * std::pow(d, n - i) * static_cast<double>(weights_of(i)[j]);
      }
      EXPECT_NEAR(average.values()[j], sum / (1 - std::pow(d, n)), 2e-5) << n << " " << j;
    }
  }
}

TEST(RunningAverage, SwaIsTheMean) {
  RunningAverage average(Averaging::swa);
  double sum = 0;
  for (int n = 1; n <= 40; ++n) {
    average.add(weights_of(n));
    sum += static_cast<double>(weights_of(n)[0]);
    EXPECT_NEAR(average.values()[0], sum / n, 1e-6);
    EXPECT_NEAR(average.values()[2], 0.5 * (n + 1), 1e-5);
  }
}

TEST(RunningAverage, GoesOnWithTheSameBits) {
  for (const Averaging kind : {Averaging::ema, Averaging::swa}) {
    RunningAverage whole(kind, 0.95);
    RunningAverage first(kind, 0.95);
    for (int n = 1; n <= 10; ++n) {
      whole.add(weights_of(n));
      first.add(weights_of(n));
    }
    ByteWriter writer;
    first.save(writer);
    const Bytes bytes = writer.take();
    ByteReader reader(bytes);
    RunningAverage second(kind, 0.95);
    second.load(reader);
    reader.expect_end();
    for (int n = 11; n <= 20; ++n) {
      whole.add(weights_of(n));
      second.add(weights_of(n));
    }
    EXPECT_EQ(whole.values(), second.values());
  }
}

}  // namespace
}  // namespace twostep
