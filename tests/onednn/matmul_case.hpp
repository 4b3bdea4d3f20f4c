// A matrix product with random numbers, and what it is in double precision.
#pragma once

#include <algorithm>
#include <cmath>
#include <vector>

#include <gtest/gtest.h>

#include "adapters/onednn/matmul.hpp"
#include "support/engine_suite.hpp"

namespace twostep::onednn {

struct MatmulCase {
  std::vector<float> a, b, bias;
  std::vector<double> expected;
  std::vector<double> size;  // of the terms of each sum, which bounds its rounding
};

inline MatmulCase matmul_case(const MatmulShape& s) {
  const auto m = static_cast<std::size_t>(s.m);
  const auto k = static_cast<std::size_t>(s.k);
  const auto n = static_cast<std::size_t>(s.n);
  MatmulCase p{test::normals(m * k, 1), test::normals(k * n, 2), test::normals(n, 3), {}, {}};
  for (std::size_t i = 0; i < m; ++i) {
    for (std::size_t j = 0; j < n; ++j) {
      double sum = s.bias ? static_cast<double>(p.bias[j]) : 0;
      double size = std::abs(sum);
      for (std::size_t q = 0; q < k; ++q) {
        const double term = static_cast<double>(p.a[s.a_transposed ? q * m + i : i * k + q]) *
                            static_cast<double>(p.b[s.b_transposed ? j * k + q : q * n + j]);
        sum += term;
        size += std::abs(term);
      }
      p.expected.push_back(s.activation == Activation::relu ? std::max(sum, 0.0) : sum);
      p.size.push_back(size);
    }
  }
  return p;
}

template <class Kernel>
std::vector<float> run(const MatmulShape& s, const MatmulCase& p) {
  std::vector<float> c(p.expected.size(), -7.0F);
  Kernel(s).run(p.a.data(), p.b.data(), s.bias ? p.bias.data() : nullptr, c.data());
  return c;
}

template <class Kernel>
void expect_product(const MatmulShape& s) {
  ASSERT_TRUE(Kernel::fits(s));
  const MatmulCase p = matmul_case(s);
  const std::vector<float> c = run<Kernel>(s, p);
  for (std::size_t i = 0; i < c.size(); ++i) {
    ASSERT_NEAR(static_cast<double>(c[i]), p.expected[i], 4e-7 * p.size[i])
        << s.m << " " << s.k << " " << s.n << " " << s.a_transposed << s.b_transposed << " at "
        << i;
  }
}

// A team's members and batches of other sizes compute the same for a row.
template <class Kernel>
void expect_rows_alone(const MatmulShape& all) {
  const MatmulCase p = matmul_case(all);
  const std::vector<float> together = run<Kernel>(all, p);
  MatmulShape one = all;
  one.m = 1;
  const auto k = static_cast<std::size_t>(all.k);
  for (std::size_t i = 0; i < static_cast<std::size_t>(all.m); ++i) {
    std::vector<float> c(static_cast<std::size_t>(all.n));
    Kernel(one).run(&p.a[i * k], p.b.data(), p.bias.data(), c.data());
    for (std::size_t j = 0; j < c.size(); ++j) {
      EXPECT_EQ(c[j], together[i * c.size() + j]) << i;
    }
  }
}

}  // namespace twostep::onednn
