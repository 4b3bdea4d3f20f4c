#include "twostep/data/column_stats.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "twostep/base/rng.hpp"

namespace twostep {
namespace {

TEST(ColumnStats, MergingEqualsAddingAll) {
  const Rng rng(1, Purpose::noise);
  ColumnStats all;
  ColumnStats merged;
  for (std::uint64_t block = 0; block < 10; ++block) {
    ColumnStats part;
    for (std::uint64_t i = 0; i < 100 + block; ++i) {
      const double v =
          1e6 + rng.normal(block * 1000 + i);  // a large mean: naive sums would lose digits
      all.add(v);
      part.add(v);
    }
    merged.merge(part);
  }
  EXPECT_EQ(all.count, merged.count);
  EXPECT_NEAR(all.mean, merged.mean, 1e-9);
  EXPECT_NEAR(all.deviation(), merged.deviation(), 1e-9);
  EXPECT_NEAR(all.deviation(), 1, 0.1);
  EXPECT_EQ(all.min, merged.min);
  EXPECT_EQ(all.max, merged.max);
}

TEST(ColumnStats, ClosedForms) {
  ColumnStats s;
  for (const double v : {2.0, 4.0, 4.0, 4.0, 5.0, 5.0, 7.0, 9.0}) {
    s.add(v);
  }
  EXPECT_DOUBLE_EQ(s.mean, 5);
  EXPECT_DOUBLE_EQ(s.deviation(), 2);
  EXPECT_FALSE(s.constant());
}

TEST(ColumnStats, ConstantColumnsGetScaleOne) {
  ColumnStats s;
  for (int i = 0; i < 1000; ++i) {
    s.add(288.15);
  }
  EXPECT_TRUE(s.constant());
  for (const Normalisation kind : {Normalisation::standard, Normalisation::min_max}) {
    const ColumnEncoding e = encoding_for(kind, std::vector<ColumnStats>{s});
    EXPECT_EQ(e.scale[0], 1);
    EXPECT_NEAR(e.offset[0], 288.15, 1e-9);
  }
}

TEST(Encoding, MinMaxMapsOntoTheUnitInterval) {
  ColumnStats s;
  for (const double v : {-3.0, 1.0, 5.0}) {
    s.add(v);
  }
  const ColumnEncoding e = encoding_for(Normalisation::min_max, std::vector<ColumnStats>{s});
  EXPECT_EQ((-3.0 - e.offset[0]) / e.scale[0], 0);
  EXPECT_EQ((5.0 - e.offset[0]) / e.scale[0], 1);
  const ColumnEncoding none = encoding_for(Normalisation::none, std::vector<ColumnStats>{s});
  EXPECT_EQ(none.offset[0], 0);
  EXPECT_EQ(none.scale[0], 1);
}

}  // namespace
}  // namespace twostep
