#include "twostep/node/all_reduce_timing.hpp"

#include <gtest/gtest.h>

#include "twostep/ports/solo_group.hpp"

namespace twostep {
namespace {

// Sums that take what the model says they do.
struct SlowGroup : SoloGroup {
  Time now{};
  AllReduceCost truth;
  int members = 4;
  [[nodiscard]] int size() const override { return members; }
  void sum(std::span<float> values) override {
    now += from_seconds(truth.seconds(4.0 * static_cast<double>(values.size()), 4));
  }
};

struct ItsClock : Clock {
  explicit ItsClock(const SlowGroup& group) : group_(group) {}
  [[nodiscard]] Time now() override { return group_.now; }
  [[nodiscard]] WallTime wall() override { return {}; }

 private:
  const SlowGroup& group_;
};

TEST(AllReduceTiming, FindsWhatTheNetworkTakes) {
  for (const auto& [alpha, beta] : {std::pair(2e-6, 1e-10), {5e-5, 8e-9}, {4e-7, 3e-11}}) {
    SlowGroup group;
    group.truth = {alpha, beta};
    ItsClock clock(group);
    const AllReduceCost found = time_all_reduce(group, clock);
    EXPECT_NEAR(found.alpha, alpha, 0.01 * alpha);
    EXPECT_NEAR(found.beta, beta, 0.01 * beta);
  }
}

}  // namespace
}  // namespace twostep
