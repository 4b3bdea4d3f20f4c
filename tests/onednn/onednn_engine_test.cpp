#include "adapters/onednn/onednn_engine.hpp"

#include <gtest/gtest.h>

#include "support/engine_suite.hpp"

namespace twostep {
namespace {

TEST(OneDnnEngine, ComputesWhatTheReferenceComputes) {
  const auto engine = make_onednn_engine(1);
  test::expect_like_reference(*engine);
}

TEST(OneDnnEngine, SameInputsSameBitsWhateverCameBefore) {
  const NetworkShape shape{16, {33, 64}, 4, Activation::gelu, Activation::identity};
  const auto first = make_onednn_engine(1);
  const test::Passes a = test::run(*first, shape, 37);
  const auto second = make_onednn_engine(1);
  test::run(*second, {3, {100}, 2, Activation::tanh, Activation::sigmoid}, 11);
  const test::Passes b = test::run(*second, shape, 37);
  EXPECT_EQ(a.y, b.y);
  EXPECT_EQ(a.gradient, b.gradient);
}

TEST(OneDnnEngine, NamesItself) {
  EXPECT_NE(make_onednn_engine(1)->description().find("oneDNN"), std::string::npos);
}

}  // namespace
}  // namespace twostep
