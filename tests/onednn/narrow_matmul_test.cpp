#include "adapters/onednn/narrow_matmul.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "onednn/matmul_case.hpp"

namespace twostep::onednn {
namespace {

TEST(NarrowMatmul, IsTheProductWithAnyTail) {
  for (const std::int64_t n : {1, 2, 3, 4}) {
    for (const std::int64_t k : {16, 17, 31, 32, 47, 100}) {
      for (const std::int64_t m : {1, 2, 3, 4, 5, 8, 13}) {
        expect_product<NarrowMatmul>({.m = m, .k = k, .n = n});
        expect_product<NarrowMatmul>(
            {.m = m, .k = k, .n = n, .bias = true, .activation = Activation::relu});
      }
    }
  }
}

TEST(NarrowMatmul, IsTheProductOfTheTransposed) {
  for (const std::int64_t n : {1, 2, 3, 4, 5, 6, 7, 8}) {
    for (const std::int64_t m : {16, 17, 20, 31, 64, 100}) {
      for (const std::int64_t k : {1, 3, 8, 13, 32}) {
        expect_product<NarrowMatmul>({.m = m, .k = k, .n = n, .a_transposed = true});
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

TEST(NarrowMatmul, ARowDoesNotDependOnHowManyThereAre) {
  for (const std::int64_t n : {1, 2, 3, 4}) {
    expect_rows_alone<NarrowMatmul>({.m = 21, .k = 70, .n = n, .bias = true});
    expect_rows_alone<NarrowMatmul>(
        {.m = 23, .k = 16, .n = n, .bias = true, .activation = Activation::relu});
  }
}

TEST(NarrowMatmul, KeepsWhatIsNoNumber) {
  const MatmulShape s{.m = 9, .k = 37, .n = 1};
  for (const std::size_t at : {0U, 20U, 31U, 32U, 36U}) {
    MatmulCase p = matmul_case(s);
    p.a[4 * 37 + at] = NAN;
    const std::vector<float> c = run<NarrowMatmul>(s, p);
    for (std::size_t i = 0; i < c.size(); ++i) {
      EXPECT_EQ(std::isnan(c[i]), i == 4) << at << " " << i;
    }
  }
}

}  // namespace
}  // namespace twostep::onednn
