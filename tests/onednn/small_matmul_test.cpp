#include "adapters/onednn/small_matmul.hpp"

#include <gtest/gtest.h>
#include <omp.h>

#include "onednn/matmul_case.hpp"

namespace twostep::onednn {
namespace {

TEST(SmallMatmul, IsTheProductWithAnyTail) {
  for (const std::int64_t n : {1, 7, 8, 9, 15, 16, 17, 20, 31, 32, 33}) {
    for (const std::int64_t k : {1, 2, 16, 21}) {
      for (const std::int64_t m : {1, 3, 4, 5, 8, 13, 32}) {
        expect_product<SmallMatmul>({.m = m, .k = k, .n = n});
        expect_product<SmallMatmul>(
            {.m = m, .k = k, .n = n, .bias = true, .activation = Activation::relu});
        expect_product<SmallMatmul>({.m = m, .k = k, .n = n, .a_transposed = true});
      }
    }
  }
}

TEST(SmallMatmul, IsTheProductOfTheTransposed) {
  for (const std::int64_t n : {1, 8, 15, 16, 17, 20}) {
    for (const std::int64_t k : {1, 7, 16}) {
      for (const std::int64_t m : {1, 4, 13, 32}) {
        expect_product<SmallMatmul>({.m = m, .k = k, .n = n, .b_transposed = true});
      }
    }
  }
}

// The largest that it takes differ between instruction sets: whatever it takes, it has to compute.
TEST(SmallMatmul, IsTheProductUpToItsLargestSize) {
  std::int64_t largest = 0;
  for (const std::int64_t m : {16, 32, 64, 128, 256, 1027}) {
    for (const std::int64_t k : {16, 30, 64, 100}) {
      for (const std::int64_t n : {16, 64, 100}) {
        for (const MatmulShape& s :
             {MatmulShape{.m = m, .k = k, .n = n, .bias = true, .activation = Activation::relu},
              MatmulShape{.m = m, .k = k, .n = n, .a_transposed = true},
              MatmulShape{.m = m, .k = k, .n = n, .b_transposed = true}}) {
          if (SmallMatmul::fits(s)) {
            expect_product<SmallMatmul>(s);
            largest = std::max(largest, m * k * n);
          }
        }
      }
    }
  }
  EXPECT_GE(largest, 32 * 16 * 16);
}

TEST(SmallMatmul, ARowDoesNotDependOnHowManyThereAre) {
  for (const std::int64_t n : {16, 19, 40}) {
    expect_rows_alone<SmallMatmul>({.m = 21, .k = 20, .n = n, .bias = true});
  }
}

TEST(SmallMatmul, ManyRowsAreTheProductWithAnyNumberOfThreads) {
  const int threads = omp_get_max_threads();
  for (const MatmulShape& s : {MatmulShape{.m = 517, .k = 2, .n = 9, .bias = true},
                               MatmulShape{.m = 1027, .k = 64, .n = 50, .bias = true}}) {
    if (!SmallMatmul::fits(s)) {
      EXPECT_GT(s.k, 2);  // the second is for AVX2
      continue;
    }
    expect_product<SmallMatmul>(s);
    const MatmulCase p = matmul_case(s);
    omp_set_num_threads(1);
    const std::vector<float> alone = run<SmallMatmul>(s, p);
    omp_set_num_threads(3);
    EXPECT_EQ(run<SmallMatmul>(s, p), alone);
    omp_set_num_threads(threads);
  }
}

TEST(SmallMatmul, LeavesOtherShapesToOthers) {
  EXPECT_FALSE(SmallMatmul::fits({.m = 1024, .k = 1024, .n = 1024}));
  EXPECT_FALSE(SmallMatmul::fits({.m = 8, .k = 256, .n = 256, .b_transposed = true}));
  EXPECT_FALSE(SmallMatmul::fits({.m = 8, .k = 8, .n = 16, .activation = Activation::tanh}));
  EXPECT_FALSE(SmallMatmul::fits({.m = 8, .k = 8, .n = 16, .operands = Element::bf16}));
  EXPECT_FALSE(SmallMatmul::fits({.m = 8, .k = 8, .n = 16, .c_pad = 16}));
}

}  // namespace
}  // namespace twostep::onednn
