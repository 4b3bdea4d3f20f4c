#include "twostep/base/rng.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numbers>
#include <set>
#include <vector>

namespace twostep {
namespace {

// Known-answer vectors published with Random123 (kat_vectors, philox4x32 10 rounds).
TEST(Philox, ReproducesPublishedVectors) {
  using Words = std::array<std::uint32_t, 4>;
  EXPECT_EQ(philox4x32({0, 0, 0, 0}, {0, 0}),
            (Words{0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}));
  EXPECT_EQ(philox4x32({0xffffffff, 0xffffffff, 0xffffffff, 0xffffffff}, {0xffffffff, 0xffffffff}),
            (Words{0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}));
  EXPECT_EQ(philox4x32({0x243f6a88, 0x85a308d3, 0x13198a2e, 0x03707344}, {0xa4093822, 0x299f31d0}),
            (Words{0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}));
}

TEST(Rng, StreamsOfDifferentKeysDiffer) {
  std::set<std::uint64_t> seen;
  for (std::uint64_t seed = 0; seed < 4; ++seed) {
    for (const Purpose purpose : {Purpose::split, Purpose::search, Purpose::shuffle}) {
      for (std::uint64_t a = 0; a < 4; ++a) {
        for (std::uint64_t b = 0; b < 4; ++b) {
          const Rng rng(seed, purpose, a, b);
          EXPECT_TRUE(seen.insert(rng.bits(0)).second);
          EXPECT_TRUE(seen.insert(rng.bits(1)).second);
          EXPECT_TRUE(seen.insert(rng.bits(0, 1)).second);
        }
      }
    }
  }
}

TEST(Rng, UniformAndNormalHaveTheirMoments) {
  const Rng rng(3, Purpose::noise);
  constexpr int n = 200000;
  double sum = 0;
  double normal_sum = 0;
  double normal_squares = 0;
  for (int i = 0; i < n; ++i) {
    const double u = rng.uniform(static_cast<std::uint64_t>(i));
    ASSERT_GE(u, 0);
    ASSERT_LT(u, 1);
    sum += u;
    const double z = rng.normal(static_cast<std::uint64_t>(i), 1);
    normal_sum += z;
    normal_squares += z * z;
  }
  // Five standard errors.
  EXPECT_NEAR(sum / n, 0.5, 5 * std::sqrt(1.0 / 12 / n));
  EXPECT_NEAR(normal_sum / n, 0, 5 / std::sqrt(n));
  EXPECT_NEAR(normal_squares / n, 1, 5 * std::sqrt(2.0 / n));
}

TEST(Rng, ManyAtATimeAreTheSameNumbers) {
  const Rng rng(5, Purpose::noise, 2, 3);
  for (const std::size_t n : {1U, 3U, 64U, 1003U}) {
    std::vector<std::uint32_t> words(n);
    std::vector<float> normals(n);
    rng.words(7, 11, words);
    rng.normals(7, 11, normals);
    for (std::uint32_t i = 0; i < n; ++i) {
      const std::uint64_t pair = rng.block(7, 11 + i / 4)[i % 4 / 2];
      EXPECT_EQ(words[i], static_cast<std::uint32_t>(pair >> (32 * (i % 2)))) << i;
      const double u = (static_cast<double>(pair & 0xffffffffU) + 0.5) * 0x1p-32;
      const double angle = 2 * std::numbers::pi * static_cast<double>(pair >> 32) * 0x1p-32;
      const double radius = std::sqrt(-2 * std::log(u));
      EXPECT_NEAR(normals[i], radius * (i % 2 == 0 ? std::cos(angle) : std::sin(angle)), 1e-6);
    }
  }
}

TEST(Rng, BelowStaysBelowAndReachesAll) {
  const Rng rng(5, Purpose::noise);
  std::vector<int> counts(7);
  for (std::uint64_t i = 0; i < 7000; ++i) {
    const std::uint64_t v = rng.below(7, i);
    ASSERT_LT(v, 7U);
    ++counts[v];
  }
  for (const int c : counts) {
    EXPECT_NEAR(c, 1000, 150);
  }
}

TEST(Permutation, IsABijectionWithItsInverse) {
  for (const std::uint64_t n : {1ULL, 2ULL, 3ULL, 7ULL, 64ULL, 1000ULL, 4097ULL}) {
    const Permutation p(n, Rng(11, Purpose::split));
    std::set<std::uint64_t> seen;
    for (std::uint64_t i = 0; i < n; ++i) {
      const std::uint64_t e = p.at(i);
      ASSERT_LT(e, n);
      ASSERT_TRUE(seen.insert(e).second);
      ASSERT_EQ(p.position_of(e), i);
    }
  }
}

TEST(Permutation, LooksShuffled) {
  constexpr std::uint64_t n = 10000;
  const Permutation p(n, Rng(12, Purpose::split));
  double displacement = 0;
  int ascents = 0;
  for (std::uint64_t i = 0; i < n; ++i) {
    displacement += std::abs(static_cast<double>(p.at(i)) - static_cast<double>(i));
    ascents += i > 0 && p.at(i) > p.at(i - 1) ? 1 : 0;
  }
  EXPECT_NEAR(displacement / n, n / 3.0, 0.03 * n);  // of a uniform permutation: n / 3
  EXPECT_NEAR(ascents, n / 2.0, 5 * std::sqrt(n / 12.0));
}

TEST(Permutation, WorksOnHugeDomains) {
  const std::uint64_t n = 50'000'000'019ULL;
  const Permutation p(n, Rng(1, Purpose::split));
  for (std::uint64_t i = 0; i < n; i += n / 1000) {
    ASSERT_EQ(p.position_of(p.at(i)), i);
  }
}

TEST(Rng, BlocksOfWordsAreTheWordsThemselves) {
  const Rng rng(3, Purpose::noise, 4, 5);
  const std::uint64_t first = (std::uint64_t{1} << 32) - 20;  // over the edge of the low word
  std::vector<std::uint64_t> words(53);
  rng.bits(first, words);
  for (std::size_t i = 0; i < words.size(); ++i) {
    ASSERT_EQ(words[i], rng.bits(first + i)) << i;
  }
}

}  // namespace
}  // namespace twostep
