#include "twostep/data/row_split.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <numeric>
#include <set>

#include "support/sample_study.hpp"
#include "twostep/base/error.hpp"

namespace twostep {
namespace {

constexpr std::uint64_t all_rows = 717;

struct Case {
  const char* name;
  std::string split;
  std::string sampling;
  friend void PrintTo(const Case& c, std::ostream* out) { *out << c.name; }
};

class Splits : public testing::TestWithParam<Case> {
 protected:
  MemShards shards_ = test::sample_shards();
  StudySpec spec_ = test::sample_spec({GetParam().split, "", GetParam().sampling});
  DataPlan plan_ = make_plan(spec_, shards_, {3, 0, 0});
};

TEST_P(Splits, EveryRowIsInOneSplitAndCountsAgree) {
  const RowSplit split(spec_, plan_);
  std::vector<std::uint8_t> all(all_rows);
  split.classify(shards_, 0, all);
  std::array<std::uint64_t, 3> counts{};
  for (const std::uint8_t s : all) {
    ASSERT_LT(s, 3);
    ++counts[s];
  }
  EXPECT_EQ(counts, plan_.split_rows);
  EXPECT_EQ(counts, split.count(shards_));
  std::vector<std::uint8_t> part(100);
  split.classify(shards_, 350, part);
  EXPECT_TRUE(std::equal(part.begin(), part.end(), all.begin() + 350));
}

TEST_P(Splits, SelectionIsAnExactNestedPermutationOfTheSplit) {
  const RowSplit split(spec_, plan_);
  std::vector<std::uint8_t> all(all_rows);
  split.classify(shards_, 0, all);
  for (const Split s : all_splits) {
    const auto i = static_cast<std::size_t>(s);
    const auto rows = split.select(shards_, s, 0, all_rows);
    ASSERT_EQ(rows.size(), plan_.split_rows[i]);
    EXPECT_EQ(std::set<std::uint64_t>(rows.begin(), rows.end()).size(), rows.size());
    for (const std::uint64_t row : rows) {
      EXPECT_EQ(all[row], i);
    }
    const std::uint64_t half = rows.size() / 2;
    auto first = split.select(shards_, s, 0, half);
    const auto second = split.select(shards_, s, half, all_rows);
    first.insert(first.end(), second.begin(), second.end());
    EXPECT_EQ(first, rows);
  }
}

INSTANTIATE_TEST_SUITE_P(
    Kinds, Splits,
    testing::Values(Case{"fraction", R"({"train": 0.7, "validation": 0.15, "test": 0.15})",
                         R"({"rows": 100})"},
                    Case{"fraction_blocks", R"({"train": 0.7, "validation": 0.15, "test": 0.15})",
                         R"({"rows": 100, "sampling": "blocks", "block_rows": 20})"},
                    Case{"blocks", R"({"blocks": {"rows": 32}})", R"({"rows": 100})"},
                    Case{"blocks_blocks", R"({"blocks": {"rows": 50}})",
                         R"({"rows": 100, "sampling": "blocks", "block_rows": 16})"},
                    Case{"variable", R"({"variable": "split"})", R"({"rows": 100})"},
                    Case{"variable_blocks", R"({"variable": "split"})",
                         R"({"rows": 100, "sampling": "blocks", "block_rows": 16})"}),
    [](const auto& tested) { return tested.param.name; });

TEST(Split, FractionsAreExact) {
  MemShards shards = test::sample_shards();
  const StudySpec spec = test::sample_spec();
  const DataPlan plan = make_plan(spec, shards, {3, 0, 0});
  EXPECT_EQ(plan.split_rows, (std::array<std::uint64_t, 3>{501, 108, 108}));
  EXPECT_EQ(plan.rows, all_rows);
}

TEST(Split, BlocksStayTogether) {
  MemShards shards = test::sample_shards();
  const StudySpec spec = test::sample_spec({R"({"blocks": {"rows": 32}})"});
  const DataPlan plan = make_plan(spec, shards, {3, 0, 0});
  std::vector<std::uint8_t> all(all_rows);
  RowSplit(spec, plan).classify(shards, 0, all);
  for (std::uint64_t i = 0; i < all_rows; ++i) {
    EXPECT_EQ(all[i], all[i / 32 * 32]) << i;
  }
}

TEST(Split, ByFilesFollowsTheFiles) {
  MemShards shards = test::sample_shards();
  StudySpec spec = test::sample_spec(
      {R"({"train": 0.7, "validation": 0.15, "test": 0.15})", "", R"({"rows": 100})"});
  spec.data.split.kind = SplitKind::files;
  EXPECT_THROW(static_cast<void>(make_plan(spec, shards, {2, 1, 0})), Error);  // no test rows
}

TEST(Split, AVariableWithOtherValuesIsRefusedWithItsPlace) {
  MemShards shards = test::sample_shards();
  shards.at(2, 3, 5) = 7;
  const StudySpec spec = test::sample_spec({R"({"variable": "split"})"});
  try {
    static_cast<void>(make_plan(spec, shards, {3, 0, 0}));
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.problems()[0].where, "s2.h5:split[5]");
  }
}

TEST(Plan, ReadsBackTheSame) {
  MemShards shards = test::sample_shards();
  const DataPlan plan = make_plan(test::sample_spec(), shards, {3, 0, 0});
  ByteWriter writer;
  encode(writer, plan);
  const Bytes bytes = writer.take();
  ByteReader reader(bytes);
  const DataPlan back = decode_data_plan(reader);
  reader.expect_end();
  ByteWriter again;
  encode(again, back);
  EXPECT_EQ(again.take(), bytes);
  EXPECT_EQ(back.input_names, (std::vector<std::string>{"a", "b[0]", "b[1]"}));
}

TEST(Plan, DigestsFollowWhatDecidesTheContent) {
  MemShards shards = test::sample_shards();
  const auto digest = [&](const test::SampleOptions& o) {
    return make_plan(test::sample_spec(o), shards, {3, 0, 0}).subset_digest;
  };
  const std::string base = digest({});
  EXPECT_EQ(base, digest({}));
  test::SampleOptions other;
  other.subset = R"({"rows": 101, "validation_rows": 50})";
  EXPECT_NE(base, digest(other));
  other = {};
  other.extra_data = R"(, "normalise": {"inputs": "min_max"})";
  EXPECT_NE(base, digest(other));
  other = {};
  other.training = R"("batch_size": 16)";
  EXPECT_EQ(base, digest(other));
}

TEST(Plan, SubsetAndBatchMustFit) {
  MemShards shards = test::sample_shards();
  test::SampleOptions o;
  o.subset = R"({"rows": 600})";
  EXPECT_THROW(static_cast<void>(make_plan(test::sample_spec(o), shards, {3, 0, 0})), Error);
  o.subset = R"({"rows": 20})";
  EXPECT_THROW(static_cast<void>(make_plan(test::sample_spec(o), shards, {3, 0, 0})), Error);
}

}  // namespace
}  // namespace twostep
