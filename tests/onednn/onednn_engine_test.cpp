#include "adapters/onednn/onednn_engine.hpp"

#include <gtest/gtest.h>

#include <filesystem>

#include "support/feature_suite.hpp"
#include "twostep/train/reference_engine.hpp"

namespace twostep {
namespace {

TEST(OneDnnEngine, ComputesWhatTheReferenceComputes) {
  const auto engine = make_onednn_engine(1);
  test::expect_like_reference(*engine);
}

TEST(OneDnnEngine, ComputesEveryFeatureLikeTheReference) {
  const auto engine = make_onednn_engine(1);
  test::expect_features_like_reference(*engine);
}

TEST(OneDnnEngine, ATeamFindsWhatOneFinds) {
  test::expect_team_like_one([] { return make_onednn_engine(1); });
}

TEST(OneDnnEngine, DropsTheSameUnitsInTeamsOfAnySize) {
  test::expect_same_units_dropped([] { return make_onednn_engine(1); });
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

// Small products have kernels of their own, whose loads may straddle cache lines.
TEST(OneDnnEngine, BitsDoNotDependOnAlignment) {
  for (const std::uint32_t width : {7U, 16U, 33U, 64U}) {
    const NetworkShape shape{5, {width, width}, 1, Activation::relu, Activation::identity};
    constexpr std::uint32_t rows = 19;
    const MlpLayout layout(shape);
    const auto engine = make_onednn_engine(1);
    const auto network = engine->compile(shape, rows, Pass::training);
    const auto run_at = [&](std::size_t offset) {
      const auto shifted = [&](std::vector<float> values) {
        values.insert(values.begin(), offset, 0.0F);
        return values;
      };
      const auto p = shifted(test::normals(layout.parameters, 3, 0.1));
      const auto x = shifted(test::normals(rows * shape.inputs, 1));
      const auto dy = shifted(test::normals(rows, 2));
      std::vector<float> y(rows + offset);
      std::vector<float> gradient(layout.parameters + offset);
      network->forward(std::span(p).subspan(offset), {}, std::span(x).subspan(offset),
                       std::span(y).subspan(offset), {});
      network->backward(std::span(p).subspan(offset), std::span(x).subspan(offset),
                        std::span(dy).subspan(offset), std::span(gradient).subspan(offset),
                        nullptr);
      y.insert(y.end(), gradient.begin(), gradient.end());
      y.erase(y.begin() + static_cast<std::ptrdiff_t>(rows + offset),
              y.begin() + static_cast<std::ptrdiff_t>(rows + 2 * offset));
      y.erase(y.begin(), y.begin() + static_cast<std::ptrdiff_t>(offset));
      return y;
    };
    const auto aligned = run_at(0);
    for (const std::size_t offset : {1U, 3U, 8U}) {
      EXPECT_EQ(run_at(offset), aligned) << width << " " << offset;
    }
  }
}

// Rows of 512 and 1024 numbers do not lie end to end.
TEST(OneDnnEngine, ComputesWideLayersLikeTheReference) {
  const auto engine = make_onednn_engine(1);
  const auto reference = make_reference_engine();
  for (const Activation activation : {Activation::relu, Activation::gelu}) {
    for (const std::uint32_t outputs : {1U, 20U}) {
      const NetworkShape shape{5, {512, 20, 1024}, outputs, activation, Activation::identity};
      for (const std::uint32_t batch : {1U, 13U}) {
        const test::Passes got = test::run(*engine, shape, batch);
        const test::Passes truth = test::run(*reference, shape, batch);
        EXPECT_LT(test::relative_distance(got.y, truth.y), 1e-5) << name(activation) << batch;
        EXPECT_LT(test::relative_distance(got.gradient, truth.gradient), 1e-5)
            << name(activation) << batch;
      }
    }
  }
}

// Nothing is promised between numbers of threads but to compute the same up to rounding.
TEST(OneDnnEngine, TheSameThreadsGiveTheSameBits) {
  const NetworkShape shape{20, {300, 300}, 2, Activation::relu, Activation::identity};
  const test::Passes one = test::run(*make_onednn_engine(1), shape, 256);
  const auto tasks = [] {
    const std::filesystem::directory_iterator all("/proc/self/task");
    return std::distance(begin(all), end(all));
  };
  const auto before = tasks();
  const test::Passes two = test::run(*make_onednn_engine(2), shape, 256);
  EXPECT_EQ(tasks(), before + 1);
  EXPECT_LT(test::relative_distance(two.y, one.y), 1e-5);
  EXPECT_LT(test::relative_distance(two.gradient, one.gradient), 1e-5);
  for (int i = 0; i < 3; ++i) {
    const test::Passes again = test::run(*make_onednn_engine(2), shape, 256);
    EXPECT_EQ(again.y, two.y);
    EXPECT_EQ(again.gradient, two.gradient);
  }
}

TEST(OneDnnEngine, NamesItself) {
  EXPECT_NE(make_onednn_engine(1)->description().find("oneDNN"), std::string::npos);
}

}  // namespace
}  // namespace twostep
