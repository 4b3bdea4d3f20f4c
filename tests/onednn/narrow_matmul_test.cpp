#include "adapters/onednn/narrow_matmul.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "support/engine_suite.hpp"

namespace twostep::onednn {
namespace {

struct Product {
  std::vector<float> a, b, bias;
  std::vector<double> expected;
  std::vector<double> size;  // of the terms of each sum, which bounds its rounding
};

Product product_of(const MatmulShape& s) {
  const auto m = static_cast<std::size_t>(s.m);
  const auto k = static_cast<std::size_t>(s.k);
  const auto n = static_cast<std::size_t>(s.n);
  Product p{test::normals(m * k, 1), test::normals(k * n, 2), test::normals(n, 3), {}, {}};
  for (std::size_t i = 0; i < m; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      double sum = s.bias ? static_cast<double>(p.bias[j]) : 0;
      double size = std::abs(sum);
      for (std::size_t q = 0; q < k; ++q) {
        const double term = static_cast<double>(p.a[s.a_transposed ? q * m + i : i * k + q]) *
                            static_cast<double>(p.b[q * n + j]);
        sum += term;
        size += std::abs(term);
      }
      p.expected.push_back(s.activation == Activation::relu ? std::max(sum, 0.0) : sum);
      p.size.push_back(size);
    }
  }
  return p;
}

std::vector<float> run(const MatmulShape& s, const Product& p) {
  std::vector<float> c(p.expected.size(), -7.0F);
  NarrowMatmul(s).run(p.a.data(), p.b.data(), s.bias ? p.bias.data() : nullptr, c.data());
  return c;
}

void expect_product(const MatmulShape& s) {
  ASSERT_TRUE(NarrowMatmul::fits(s));
  const Product p = product_of(s);
  const std::vector<float> c = run(s, p);
  for (std::size_t i = 0; i < c.size(); ++i) {
    ASSERT_NEAR(static_cast<double>(c[i]), p.expected[i], 4e-7 * p.size[i])
        << s.m << " " << s.k << " " << s.n << " " << s.a_transposed << " at " << i;
  }
}

TEST(NarrowMatmul, IsTheProductWithAnyTail) {
  for (const std::int64_t n : {1, 2, 3, 4}) {
    for (const std::int64_t k : {16, 17, 31, 32, 47, 100}) {
      for (const std::int64_t m : {1, 3, 8, 13}) {
        expect_product({.m = m, .k = k, .n = n});
        expect_product({.m = m, .k = k, .n = n, .bias = true, .activation = Activation::relu});
      }
    }
  }
}

TEST(NarrowMatmul, IsTheProductOfTheTransposed) {
  for (const std::int64_t n : {1, 2, 3, 4, 5, 6, 7, 8}) {
    for (const std::int64_t m : {16, 17, 31, 64, 100}) {
      for (const std::int64_t k : {1, 3, 8, 13, 32}) {
        expect_product({.m = m, .k = k, .n = n, .a_transposed = true});
      }
    }
  }
}

TEST(NarrowMatmul, LeavesOtherShapesToOthers) {
  EXPECT_FALSE(NarrowMatmul::fits({.m = 8, .k = 15, .n = 1}));
  EXPECT_FALSE(NarrowMatmul::fits({.m = 8, .k = 64, .n = 5}));
  EXPECT_FALSE(NarrowMatmul::fits({.m = 64, .k = 8, .n = 9, .a_transposed = true}));
  EXPECT_FALSE(NarrowMatmul::fits({.m = 8, .k = 64, .n = 1, .b_transposed = true}));
  EXPECT_FALSE(NarrowMatmul::fits({.m = 8, .k = 64, .n = 1, .activation = Activation::tanh}));
  EXPECT_FALSE(NarrowMatmul::fits({.m = 8, .k = 64, .n = 1, .operands = Element::bf16}));
}

// A team's members and batches of other sizes predict the same for a row.
TEST(NarrowMatmul, ARowDoesNotDependOnHowManyThereAre) {
  for (const std::int64_t n : {1, 3}) {
    const MatmulShape all{.m = 21, .k = 70, .n = n, .bias = true};
    const Product p = product_of(all);
    const std::vector<float> together = run(all, p);
    MatmulShape one = all;
    one.m = 1;
    for (std::size_t i = 0; i < 21; ++i) {
      std::vector<float> c(static_cast<std::size_t>(n));
      NarrowMatmul(one).run(&p.a[i * 70], p.b.data(), p.bias.data(), c.data());
      for (std::size_t j = 0; j < c.size(); ++j) {
        EXPECT_EQ(c[j], together[i * c.size() + j]) << i;
      }
    }
  }
}

TEST(NarrowMatmul, KeepsWhatIsNoNumber) {
  const MatmulShape s{.m = 9, .k = 37, .n = 1};
  for (const std::size_t at : {0U, 20U, 31U, 32U, 36U}) {
    Product p = product_of(s);
    p.a[4 * 37 + at] = NAN;
    const std::vector<float> c = run(s, p);
    for (std::size_t i = 0; i < c.size(); ++i) {
      EXPECT_EQ(std::isnan(c[i]), i == 4) << at << " " << i;
    }
  }
}

}  // namespace
}  // namespace twostep::onednn
