#include "twostep/search/sampler.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <map>
#include <set>

#include "search_support.hpp"
#include "twostep/base/error.hpp"

namespace twostep {
namespace {

using test::make_sampler;
using test::unit_cube;

Dimension integer(const std::string& name, double low, double high) {
  return test::integer_dimension(name, low, high);
}

std::vector<std::vector<double>> draw(const Sampler& sampler, std::uint32_t n) {
  std::vector<std::vector<double>> out;
  for (std::uint32_t i = 1; i <= n; ++i) {
    const auto point = sampler.propose(TrialId(i), 0);
    EXPECT_TRUE(point.has_value());
    std::vector<double> x;
    for (const Value& v : point->values) {
      x.push_back(std::get<double>(v));
    }
    out.push_back(x);
  }
  return out;
}

// Every elementary interval of volume 2^-m holds exactly one of the first 2^m points: the (t, m,
// s)-net property with t = 0, which Sobol's sequence has in its first two dimensions, scrambled or
// not.
TEST(Sobol, FirstTwoDimensionsAreANet) {
  const auto sampler = make_sampler(Algorithm::sobol, unit_cube(2), 5);
  for (const int m : {4, 6}) {
    const int n = 1 << m;
    const auto points = draw(*sampler, static_cast<std::uint32_t>(n));
    for (int a = 0; a <= m; ++a) {
      std::map<std::pair<int, int>, int> cells;
      for (const auto& p : points) {
        ++cells[{static_cast<int>(p[0] * (1 << a)), static_cast<int>(p[1] * (1 << (m - a)))}];
      }
      EXPECT_EQ(cells.size(), static_cast<std::size_t>(n)) << "m " << m << " a " << a;
    }
  }
}

// In one dimension every 2^-m interval holds one of the first 2^m points, in every dimension.
TEST(Sobol, EveryDimensionIsStratified) {
  const auto sampler = make_sampler(Algorithm::sobol, unit_cube(12), 9);
  const auto points = draw(*sampler, 64);
  for (std::size_t d = 0; d < 12; ++d) {
    std::set<int> cells;
    for (const auto& p : points) {
      cells.insert(static_cast<int>(p[d] * 64));
    }
    EXPECT_EQ(cells.size(), 64U) << d;
  }
}

TEST(Sobol, IntegratesBetterThanRandom) {
  const auto error = [](Algorithm algorithm, std::uint64_t seed) {
    const auto sampler = make_sampler(algorithm, unit_cube(4), seed);
    double sum = 0;
    for (const auto& p : draw(*sampler, 512)) {
      sum += p[0] * p[1] + p[2] * p[2] * p[3];
    }
    return std::abs(sum / 512 - (0.25 + 1.0 / 6));
  };
  double sobol = 0;
  double random = 0;
  for (std::uint64_t seed = 1; seed <= 10; ++seed) {
    sobol += error(Algorithm::sobol, seed);
    random += error(Algorithm::random, seed);
  }
  EXPECT_LT(sobol, random / 5);
}

// In base b, every interval of b^-m holds exactly one of the first b^m points, permuted or not.
TEST(Halton, IsStratifiedInEveryBase) {
  const auto sampler = make_sampler(Algorithm::halton, unit_cube(4), 3);
  const auto points = draw(*sampler, 343);
  const std::vector<std::pair<int, int>> bases{{2, 256}, {3, 243}, {5, 125}, {7, 343}};
  for (std::size_t d = 0; d < bases.size(); ++d) {
    std::set<int> cells;
    for (int i = 0; i < bases[d].second; ++i) {
      cells.insert(static_cast<int>(points[static_cast<std::size_t>(i)][d] * bases[d].second));
    }
    EXPECT_EQ(cells.size(), static_cast<std::size_t>(bases[d].second)) << "base " << bases[d].first;
  }
}

// The first points of neighbouring large bases lie on a line unless the digits are permuted.
TEST(Halton, LargeBasesAreNotCorrelated) {
  const auto points = draw(*make_sampler(Algorithm::halton, unit_cube(30), 1), 60);
  double product = 0;
  for (const auto& p : points) {
    product += (p[28] - 0.5) * (p[29] - 0.5);
  }
  EXPECT_LT(std::abs(product / 60 * 12), 0.35);
}

TEST(LatinHypercube, HasOnePointInEveryStratum) {
  const auto points = draw(*make_sampler(Algorithm::latin_hypercube, unit_cube(5), 4, 50), 150);
  for (std::size_t cube = 0; cube < 3; ++cube) {
    for (std::size_t d = 0; d < 5; ++d) {
      std::set<int> strata;
      for (std::size_t i = 0; i < 50; ++i) {
        strata.insert(static_cast<int>(points[50 * cube + i][d] * 50));
      }
      EXPECT_EQ(strata.size(), 50U) << d;
    }
  }
  EXPECT_NE(points[0], points[50]);
}

TEST(Sobol, SeedsGiveOtherScrambles) {
  const auto a = draw(*make_sampler(Algorithm::sobol, unit_cube(3), 1), 8);
  const auto b = draw(*make_sampler(Algorithm::sobol, unit_cube(3), 2), 8);
  EXPECT_NE(a, b);
}

TEST(Random, IsAFunctionOfSeedAndTrial) {
  const auto a = make_sampler(Algorithm::random, unit_cube(3), 1);
  const auto b = make_sampler(Algorithm::random, unit_cube(3), 1);
  EXPECT_EQ(a->propose(TrialId(17), 0), b->propose(TrialId(17), 0));
  EXPECT_NE(a->propose(TrialId(17), 0), a->propose(TrialId(17), 1));
  EXPECT_NE(a->propose(TrialId(17), 0),
            make_sampler(Algorithm::random, unit_cube(3), 2)->propose(TrialId(17), 0));
}

Space conditional_space() {
  Space space;
  space.dimensions.push_back(integer("layers", 1, 3));
  for (int i = 1; i <= 3; ++i) {
    Dimension width = integer("width[" + std::to_string(i) + "]", 1, 2);
    width.condition = Condition{0, {}, i};
    space.dimensions.push_back(width);
  }
  space.dimensions.push_back(
      test::choice_dimension("act", {Value(std::string("relu")), Value(std::string("tanh"))}));
  return space;
}

TEST(Grid, CoversConditionalSpacesExactlyOnce) {
  const Space space = conditional_space();
  // layers 1: 2, layers 2: 4, layers 3: 8 widths; times 2 activations.
  ASSERT_EQ(space.cardinality(), 28U);
  Proposer proposer(make_sampler(Algorithm::grid, space, 0), space);
  std::set<std::uint64_t> seen;
  std::uint32_t n = 0;
  while (const auto point = proposer.next(TrialId(n + 1))) {
    ++n;
    EXPECT_TRUE(space.contains(*point));
    EXPECT_TRUE(seen.insert(fingerprint(*point)).second);
    proposer.created(TrialId(n), *point);
    ASSERT_LE(n, 28U);
  }
  EXPECT_EQ(n, 28U);
}

TEST(Grid, RefusesContinuousDimensions) {
  try {
    static_cast<void>(make_sampler(Algorithm::grid, unit_cube(1), 0));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::config);
    EXPECT_NE(std::string(error.what()).find("step"), std::string::npos);
  }
}

TEST(Proposer, NeverRepeatsAndEndsWithTheSpace) {
  const Space space = conditional_space();
  for (const Algorithm algorithm :
       {Algorithm::random, Algorithm::sobol, Algorithm::halton, Algorithm::latin_hypercube}) {
    Proposer proposer(make_sampler(algorithm, space, 3), space);
    std::set<std::uint64_t> seen;
    std::uint32_t n = 0;
    while (const auto point = proposer.next(TrialId(n + 1))) {
      ++n;
      ASSERT_TRUE(seen.insert(fingerprint(*point)).second);
      proposer.created(TrialId(n), *point);
    }
    EXPECT_EQ(n, 28U);
  }
}

TEST(Space, UnitAndValueAreInverse) {
  Dimension log_integer = integer("w", 8, 256);
  log_integer.log = true;
  Dimension stepped = test::real_dimension("s");
  stepped.step = 0.25;
  for (const Dimension& d : {log_integer, stepped, integer("i", -3, 3)}) {
    for (int i = 0; i < 1000; ++i) {
      const Value v = value_at(d, i / 1000.0);
      EXPECT_TRUE(contains(d, v));
      EXPECT_EQ(value_at(d, unit_of(d, v)), v);
    }
  }
  EXPECT_EQ(cardinality(stepped), 5U);
}

TEST(Space, LogIntegersAreEvenInTheLogarithm) {
  Dimension d = integer("w", 1, 1023);
  d.log = true;
  int below = 0;
  for (int i = 0; i < 10000; ++i) {
    below += std::get<std::int64_t>(value_at(d, (i + 0.5) / 10000)) < 32 ? 1 : 0;
  }
  // Share of [0.5, 31.5) in log [0.5, 1023.5).
  EXPECT_NEAR(below / 10000.0, std::log(31.5 / 0.5) / std::log(1023.5 / 0.5), 0.002);
}

}  // namespace
}  // namespace twostep
