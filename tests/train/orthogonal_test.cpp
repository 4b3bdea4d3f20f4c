#include "train/orthogonal.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

#include "twostep/base/rng.hpp"

namespace twostep {
namespace {

std::vector<double> numbers(std::size_t n) {
  std::vector<float> drawn(n);
  Rng(5, Purpose::initialise).normals(1, 0, drawn);
  return {drawn.begin(), drawn.end()};
}

double dot(const double* a, const double* b, std::size_t n) {
  double sum = 0;
  for (std::size_t i = 0; i < n; ++i) {
    sum += a[i] * b[i];
  }
  return sum;
}

void expect_orthonormal(const std::vector<double>& q, std::size_t count, std::size_t length) {
  for (std::size_t a = 0; a < count; ++a) {
    for (std::size_t b = 0; b <= a; ++b) {
      ASSERT_NEAR(dot(&q[a * length], &q[b * length], length), a == b ? 1 : 0, 1e-11)
          << count << " of " << length << ": " << a << ", " << b;
    }
  }
}

TEST(MakeOrthonormal, KeepsTheSpanOfTheVectorsBefore) {
  for (const auto& [count, length] : {std::pair<std::size_t, std::size_t>{1, 1},
                                      {1, 9},
                                      {3, 3},
                                      {7, 8},
                                      {8, 8},
                                      {9, 70},
                                      {13, 13},
                                      {33, 47},
                                      {128, 128}}) {
    const std::vector<double> v = numbers(count * length);
    std::vector<double> q = v;
    make_orthonormal(q, count, length);
    expect_orthonormal(q, count, length);
    for (std::size_t i = 0; i < count; ++i) {  // v_i is a sum of q_0 .. q_i, with a positive last
      std::vector<double> rest(v.begin() + static_cast<long>(i * length),
                               v.begin() + static_cast<long>((i + 1) * length));
      for (std::size_t k = 0; k <= i; ++k) {
        const double along = dot(&rest[0], &q[k * length], length);
        for (std::size_t j = 0; j < length; ++j) {
          rest[j] -= along * q[k * length + j];
        }
        ASSERT_TRUE(k < i || along > 0);
      }
      ASSERT_LT(std::sqrt(dot(&rest[0], &rest[0], length)), 1e-10);
    }
  }
}

TEST(MakeOrthonormal, VectorsThatAreAlmostDependentAreMadeOrthogonalAgain) {
  constexpr std::size_t count = 20;
  constexpr std::size_t length = 40;
  std::vector<double> v = numbers(count * length);
  for (std::size_t i = 1; i < count; ++i) {  // all but the first: the first, and a little
    for (std::size_t j = 0; j < length; ++j) {
      v[i * length + j] = v[j] + 1e-7 * v[i * length + j];
    }
  }
  make_orthonormal(v, count, length);
  expect_orthonormal(v, count, length);
}

}  // namespace
}  // namespace twostep
