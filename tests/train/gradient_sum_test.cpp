#include "train/gradient_sum.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <mutex>

#include "support/thread_group.hpp"
#include "twostep/base/rng.hpp"
#include "twostep/base/row_range.hpp"

namespace twostep {
namespace {

NetworkShape some_shape() {
  return {5, {700, 300, 20}, 2, Activation::relu, Activation::identity};
}

// Values of very different sizes, and some zeros.
std::vector<float> part_gradient(std::uint32_t part, std::size_t n, double size) {
  const Rng rng(part + 1, Purpose::noise);
  std::vector<float> out(n);
  for (std::size_t i = 0; i < n; ++i) {
    out[i] = i % 17 == 0
                 ? 0.0F
                 : static_cast<float>(size * rng.normal(i) * std::exp2(-20 * rng.uniform(i, 5)));
  }
  return out;
}

void announce(GradientSink& sink, const MlpLayout& layout) {
  std::size_t end = layout.parameters;
  for (std::size_t l = layout.layers.size(); l-- > 0;) {
    sink.ready(layout.layers[l].biases, end);  // in two pieces, as an engine may
    sink.ready(layout.layers[l].weights, layout.layers[l].biases);
    end = layout.layers[l].weights;
  }
}

TEST(Buckets, BeginAtLayersAndCoverTheGradient) {
  const MlpLayout layout(some_shape());
  EXPECT_EQ(bucket_begins(layout, 1),
            (std::vector<std::size_t>{layout.layers[3].weights, layout.layers[2].weights,
                                      layout.layers[1].weights, 0}));
  EXPECT_EQ(bucket_begins(layout, 100000), (std::vector<std::size_t>{layout.layers[1].weights, 0}));
  EXPECT_EQ(bucket_begins(layout, 1U << 30), std::vector<std::size_t>{0});
}

TEST(OverlappedSum, IsTheSumOfTheMembers) {
  const MlpLayout layout(some_shape());
  const std::size_t n = layout.parameters;
  for (const int members : {1, 2, 3}) {
    ThreadTeam team(members);
    team.run([&](Group& group) {
      OverlappedSum sum(layout, group);
      for (int step = 0; step < 2; ++step) {
        std::vector<float> gradient =
            part_gradient(static_cast<std::uint32_t>(group.rank()), n + 1, 1);
        sum.begin(gradient);
        if (group.rank() != 1) {  // member 1 has no rows and announces nothing
          announce(sum, layout);
        } else {
          std::fill(gradient.begin(), gradient.end(), 0.0F);
        }
        sum.finish();
        std::vector<float> truth(n + 1, 0.0F);
        for (int m = 0; m < members; ++m) {
          const auto part = part_gradient(static_cast<std::uint32_t>(m), n + 1, 1);
          for (std::size_t i = 0; i <= n; ++i) {
            truth[i] += m == 1 ? 0.0F : part[i];
          }
        }
        ASSERT_EQ(gradient, truth);
      }
    });
  }
}

// Sums the parts of some steps in a team; returns member 0's gradients and counts the repeats.
std::vector<std::vector<float>> reproducible(int members, std::uint32_t parts,
                                             const std::vector<double>& sizes, int* repeats) {
  const MlpLayout layout(some_shape());
  const std::size_t n = layout.parameters;
  std::vector<std::vector<float>> out;
  std::mutex mutex;
  ThreadTeam team(members);
  team.run([&](Group& group) {
    ReproducibleSum sum(layout, parts, group);
    for (const double size : sizes) {
      std::vector<float> gradient(n + 1);
      int tries = 0;
      for (;; ++tries) {
        sum.begin();
        const RowRange mine = share_of({0, parts}, group.rank(), members);
        for (std::uint64_t p = mine.begin; p < mine.end; ++p) {
          const auto part = part_gradient(static_cast<std::uint32_t>(p), n, size);
          sum.begin_part(static_cast<std::uint32_t>(p), 0.1 * static_cast<double>(p), part,
                         p + 1 == mine.end);
          announce(sum, layout);
        }
        if (sum.finish(gradient)) {
          break;
        }
      }
      if (group.rank() == 0) {
        const std::scoped_lock lock(mutex);
        *repeats += tries;
        out.push_back(gradient);
      }
    }
  });
  return out;
}

TEST(ReproducibleSum, HasTheSameBitsInEveryTeam) {
  // The gradient grows slowly, falls, and jumps: the last is what makes a step be computed again.
  const std::vector<double> sizes{1, 3, 1e-3, 1e6, 1e-30, 0, 2};
  constexpr std::uint32_t parts = 8;
  int repeats = 0;
  const auto alone = reproducible(1, parts, sizes, &repeats);
  EXPECT_EQ(repeats, 3);  // the first, 1e6, and after the zero, of which nothing is known
  for (const int members : {2, 3, 4, 7, 8, 11}) {
    int again = 0;
    EXPECT_EQ(reproducible(members, parts, sizes, &again), alone) << members;
    EXPECT_EQ(again, repeats) << members;
  }
}

TEST(ReproducibleSum, IsAsCloseToTheTruthAsFloatsAre) {
  constexpr std::uint32_t parts = 16;
  int repeats = 0;
  const auto got = reproducible(3, parts, {1, 1}, &repeats).back();
  const std::size_t n = got.size() - 1;
  std::vector<double> truth(n, 0.0);
  std::vector<double> sizes(n, 0.0);
  double largest = 0;
  for (std::uint32_t p = 0; p < parts; ++p) {
    const auto part = part_gradient(p, n, 1);
    for (std::size_t i = 0; i < n; ++i) {
      truth[i] += static_cast<double>(part[i]);
      largest = std::max(largest, std::abs(static_cast<double>(part[i])));
    }
  }
  for (std::size_t i = 0; i < n; ++i) {
    // Half an ulp of the result, and half a unit per part; a unit is 2^-40 of the largest, or less
    // than 2^-39 as that is rounded up to a power of two.
    const double bound =
        std::ldexp(std::abs(truth[i]), -24) + parts * 0.5 * std::ldexp(largest, -39);
    ASSERT_LE(std::abs(static_cast<double>(got[i]) - truth[i]), bound) << i;
  }
  EXPECT_FLOAT_EQ(got.back(), 0.1F * 120);
}

TEST(ReproducibleSum, NotANumberIsPassedOn) {
  const MlpLayout layout(some_shape());
  ThreadTeam team(2);
  team.run([&](Group& group) {
    ReproducibleSum sum(layout, 2, group);
    std::vector<float> part(layout.parameters, 1.0F);
    part[3] = group.rank() == 1 ? NAN : 1.0F;
    part[4] = group.rank() == 1 ? INFINITY : 1.0F;
    std::vector<float> gradient(layout.parameters + 1);
    int tries = 0;
    do {
      sum.begin();
      sum.begin_part(static_cast<std::uint32_t>(group.rank()), 1, part, true);
      announce(sum, layout);
      ASSERT_LT(++tries, 4);
    } while (!sum.finish(gradient));
    EXPECT_TRUE(std::isnan(gradient[3]));
    EXPECT_TRUE(std::isinf(gradient[4]));
  });
}

}  // namespace
}  // namespace twostep
