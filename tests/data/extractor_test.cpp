#include "twostep/data/extractor.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

#include "support/sample_study.hpp"
#include "support/thread_group.hpp"
#include "twostep/base/error.hpp"
#include "twostep/data/row_split.hpp"
#include "twostep/data/transform.hpp"
#include "twostep/sim/mem_packs.hpp"
#include "twostep/sim/sim_clock.hpp"

namespace twostep {
namespace {

struct Extracted {
  std::unique_ptr<Pack> subset;
  std::unique_ptr<Pack> full;
  Result subset_result;
  Result full_result;
};

Result run_one(const ExtractorContext& context, AssignmentKind kind, std::uint64_t id) {
  Assignment a;
  a.id = AssignmentId(id);
  a.kind = kind;
  a.team = {WorkerId(0)};
  Extractor extractor(context);
  extractor.start(a);
  for (;;) {
    if (auto result = extractor.advance({})) {
      return *result;
    }
  }
}

Extracted extract(const StudySpec& spec, const MemShards& shards, int members, bool full = true) {
  MemPacks packs;
  MemShards first = shards;
  const DataPlan plan = make_plan(spec, first, {3, 0, 0});
  Extracted out;
  ThreadTeam team(members);
  team.run([&](Group& group) {
    MemShards mine = shards;
    SimClock clock;
    FixedGroupMaker groups(team, group.rank());
    const ExtractorContext context{spec, plan, mine, packs, groups, clock};
    const Result subset = run_one(context, AssignmentKind::extract_subset, 1);
    const Result all = full ? run_one(context, AssignmentKind::extract_full, 2) : Result{};
    if (group.rank() == 0) {
      out.subset_result = subset;
      out.full_result = all;
    }
  });
  out.subset = packs.open("subset", plan.subset_digest);
  out.full = packs.open("full", plan.full_digest);
  return out;
}

void expect_equal(const Pack& a, const Pack& b) {
  EXPECT_EQ(a.header(), b.header());
  for (const Split s : all_splits) {
    EXPECT_TRUE(
        std::equal(a.inputs(s).begin(), a.inputs(s).end(), b.inputs(s).begin(), b.inputs(s).end()));
    EXPECT_TRUE(std::equal(a.targets(s).begin(), a.targets(s).end(), b.targets(s).begin(),
                           b.targets(s).end()));
  }
}

TEST(Extractor, AnyTeamWritesTheSameBits) {
  for (const std::uint64_t chunk : {0ULL, 64ULL}) {
    const MemShards shards = test::sample_shards(chunk);
    const Extracted alone = extract(test::sample_spec(), shards, 1);
    for (const int members : {2, 3, 7}) {
      const Extracted team = extract(test::sample_spec(), shards, members);
      expect_equal(*alone.subset, *team.subset);
      expect_equal(*alone.full, *team.full);
    }
  }
}

// The truth: select, transform and standardise by hand, in the plainest way.
TEST(Extractor, SubsetHoldsTheSelectedRowsStandardised) {
  MemShards shards = test::sample_shards();
  const StudySpec spec = test::sample_spec();
  const DataPlan plan = make_plan(spec, shards, {3, 0, 0});
  const Extracted e = extract(spec, shards, 2);
  const auto rows = RowSplit(spec, plan).select(shards, Split::train, 0, 100);
  std::vector<std::vector<double>> columns(4);
  for (const std::uint64_t row : rows) {
    double a = 0;
    double y = 0;
    double b[2];
    read_global_range(shards, plan, 0, row, 1, std::span(&a, 1));
    read_global_range(shards, plan, 1, row, 1, b);
    read_global_range(shards, plan, 2, row, 1, std::span(&y, 1));
    columns[0].push_back(a);
    columns[1].push_back(std::log10(b[0]));
    columns[2].push_back(std::log10(b[1]));
    columns[3].push_back(y);
  }
  for (std::size_t c = 0; c < 4; ++c) {
    double mean = 0;
    for (const double v : columns[c]) {
      mean += v / 100;
    }
    double variance = 0;
    for (const double v : columns[c]) {
      variance += (v - mean) * (v - mean) / 100;
    }
    for (std::size_t i = 0; i < 100; ++i) {
      const float stored =
          c < 3 ? e.subset->inputs(Split::train)[i * 3 + c] : e.subset->targets(Split::train)[i];
      EXPECT_NEAR(stored, (columns[c][i] - mean) / std::sqrt(variance), 1e-5);
    }
  }
  EXPECT_EQ(e.subset_result.train_rows, 100U);
  EXPECT_EQ(e.subset_result.validation_rows, 50U);
}

TEST(Extractor, FullHoldsAllRowsInFileOrder) {
  MemShards shards = test::sample_shards();
  const StudySpec spec = test::sample_spec();
  const DataPlan plan = make_plan(spec, shards, {3, 0, 0});
  const Extracted e = extract(spec, shards, 3);
  std::vector<std::uint8_t> splits(717);
  RowSplit(spec, plan).classify(shards, 0, splits);
  std::array<std::size_t, 3> next{};
  const ColumnEncoding& code = e.full->header().targets;
  for (std::uint64_t row = 0; row < 717; ++row) {
    double y = 0;
    read_global_range(shards, plan, 2, row, 1, std::span(&y, 1));
    const float stored = e.full->targets(all_splits[splits[row]])[next[splits[row]]++];
    EXPECT_NEAR(code.offset[0] + code.scale[0] * static_cast<double>(stored), y, 1e-5);
  }
  EXPECT_EQ(e.full_result.test_rows, 108U);
}

std::vector<Problem> problems_of(const StudySpec& spec, const MemShards& shards, int members,
                                 bool full = true) {
  try {
    extract(spec, shards, members, full);
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::data);
    return error.problems();
  }
  return {};
}

constexpr double nan_value = std::numeric_limits<double>::quiet_NaN();

TEST(Extractor, BadValuesAreCountedAndTheFirstIsNamed) {
  MemShards shards = test::sample_shards();
  shards.at(0, 0, 17) = nan_value;
  shards.at(2, 0, 3) = nan_value;
  shards.at(2, 2, 9) = INFINITY;
  shards.at(0, 1, 2 * 5 + 1) = -1;
  for (const int members : {1, 3}) {
    const auto problems = problems_of(test::sample_spec(), shards, members);
    ASSERT_FALSE(problems.empty());
  }
  // All of them are seen when all rows are read.
  test::SampleOptions small;
  small.subset = R"({"rows": 33, "validation_rows": 10})";
  small.training = R"("batch_size": 8)";
  const auto subset = problems_of(test::sample_spec(small), shards, 2, false);
  for (const int members : {1, 3}) {
    const auto problems = problems_of(test::sample_spec(small), shards, members);
    if (!subset.empty()) {
      continue;  // this selection already meets one of them
    }
    ASSERT_EQ(problems.size(), 3U);
    EXPECT_EQ(problems[0].where, "s0.h5:a[17]");
    EXPECT_NE(problems[0].what.find("2 values of a missing"), std::string::npos);
    EXPECT_EQ(problems[1].where, "s0.h5:b[5,1]");
    EXPECT_NE(problems[1].what.find("log10"), std::string::npos);
    EXPECT_EQ(problems[2].where, "s2.h5:y[9]");
  }
}

TEST(Extractor, DroppingFillsTheSubsetWithTheNextRows) {
  MemShards shards = test::sample_shards();
  for (std::size_t i = 0; i < 400; i += 3) {
    shards.at(0, 0, i) = nan_value;
  }
  test::SampleOptions o;
  o.extra_data = R"(, "missing": "drop")";
  const StudySpec spec = test::sample_spec(o);
  const Extracted alone = extract(spec, shards, 1);
  const Extracted team = extract(spec, shards, 3);
  expect_equal(*alone.subset, *team.subset);
  expect_equal(*alone.full, *team.full);
  EXPECT_EQ(alone.subset->header().rows[0], 100U);
  EXPECT_GT(alone.subset->header().dropped_rows, 0U);
  EXPECT_EQ(alone.full->header().dropped_rows, 134U);
  const auto& rows = alone.full->header().rows;
  EXPECT_EQ(rows[0] + rows[1] + rows[2], 717U - 134U);
  for (const Split s : all_splits) {
    for (const float v : alone.full->inputs(s)) {
      ASSERT_TRUE(std::isfinite(v));
    }
  }
}

TEST(Extractor, TooManyDroppedRowsAreAnError) {
  MemShards shards = test::sample_shards();
  for (std::size_t i = 0; i < 400; ++i) {
    shards.at(0, 0, i) = nan_value;
  }
  test::SampleOptions o;
  o.extra_data = R"(, "missing": "drop")";
  o.subset = R"({"rows": 400, "validation_rows": 50})";
  const auto problems = problems_of(test::sample_spec(o), shards, 2, false);
  ASSERT_FALSE(problems.empty());
  EXPECT_NE(problems[0].what.find("too few training rows"), std::string::npos);
}

TEST(Extractor, AConstantTargetIsRefused) {
  MemShards shards = test::sample_shards();
  for (std::size_t i = 0; i < 400; ++i) {
    shards.at(0, 2, i) = 4;
  }
  for (std::size_t i = 0; i < 317; ++i) {
    shards.at(2, 2, i) = 4;
  }
  const auto problems = problems_of(test::sample_spec(), shards, 2, false);
  ASSERT_EQ(problems.size(), 1U);
  EXPECT_NE(problems[0].what.find("the target y is constant"), std::string::npos);
}

// One member cannot read its part: all get its error, none waits for ever.
class BrokenShards : public MemShards {
 public:
  explicit BrokenShards(const MemShards& good) : MemShards(good) {}
  void read_rows(std::size_t, std::size_t, std::span<const std::uint64_t>,
                 std::span<double>) override {
    throw Error(ErrorKind::io, Problem{"s2.h5", "cannot be read", "stale file handle", ""});
  }
};

TEST(Extractor, OneMembersErrorIsEverybodys) {
  MemShards shards = test::sample_shards();
  const StudySpec spec = test::sample_spec();
  const DataPlan plan = make_plan(spec, shards, {3, 0, 0});
  MemPacks packs;
  ThreadTeam team(3);
  std::array<std::string, 3> texts;
  team.run([&](Group& group) {
    MemShards good = shards;
    BrokenShards broken(shards);
    SimClock clock;
    FixedGroupMaker groups(team, group.rank());
    const ExtractorContext context{spec,  plan,   group.rank() == 1 ? broken : good,
                                   packs, groups, clock};
    try {
      run_one(context, AssignmentKind::extract_subset, 1);
    } catch (const Error& error) {
      texts[static_cast<std::size_t>(group.rank())] = error.what();
    }
  });
  EXPECT_NE(texts[0].find("stale file handle"), std::string::npos);
  EXPECT_EQ(texts[0], texts[1]);
  EXPECT_EQ(texts[0], texts[2]);
}

}  // namespace
}  // namespace twostep
