#include "twostep/train/memory.hpp"

#include <gtest/gtest.h>

#include "twostep/base/error.hpp"
#include "twostep/ports/mlp_layout.hpp"

namespace twostep {
namespace {

NetworkShape shape(std::vector<std::uint32_t> widths) {
  NetworkShape s;
  s.inputs = 10;
  s.widths = std::move(widths);
  s.outputs = 4;
  return s;
}

TEST(Memory, GrowsWithParametersOptimiserAndBatch) {
  const NetworkShape wide = shape({1000, 1000});
  const std::uint64_t parameters = MlpLayout(wide).parameters;
  const std::uint64_t sgd = training_bytes(wide, OptimizerKind::sgd, 32);
  const std::uint64_t adam = training_bytes(wide, OptimizerKind::adam, 32);
  EXPECT_EQ(adam - sgd, 4 * parameters);  // a second moment
  // Not less than what a training holds for certain: parameters, best, gradient, two moments.
  EXPECT_GE(adam, 4 * 5 * parameters);
  EXPECT_LE(adam, 4 * 12 * parameters);
  const std::uint64_t units = 10 + 1000 + 1000 + 4;
  EXPECT_EQ(training_bytes(wide, OptimizerKind::sgd, 132) - sgd, 100 * units * 4 * 2);
}

TEST(Memory, AbsurdNetworksDoNotOverflow) {
  const NetworkShape absurd = shape(std::vector<std::uint32_t>(100, 4000000000U));
  EXPECT_EQ(training_bytes(absurd, OptimizerKind::adam, 4000000000U), ~std::uint64_t{0});
}

TEST(Memory, TooMuchIsAnErrorOfResources) {
  EXPECT_NO_THROW(require_memory(5, 5));
  EXPECT_NO_THROW(require_memory(5, 0));  // not known
  try {
    require_memory(6000000, 5000000);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::resources);
    EXPECT_NE(std::string(error.what()).find("6 MB"), std::string::npos);
  }
}

}  // namespace
}  // namespace twostep
