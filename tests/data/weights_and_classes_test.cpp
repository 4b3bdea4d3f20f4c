// Row weights and class targets on their way from files into packs.
#include <gtest/gtest.h>

#include "support/class_study.hpp"
#include "support/sample_study.hpp"
#include "twostep/base/error.hpp"
#include "twostep/data/extractor.hpp"
#include "twostep/ports/solo_group.hpp"
#include "twostep/sim/mem_packs.hpp"
#include "twostep/sim/sim_clock.hpp"

namespace twostep {
namespace {

struct ExtractedPacks {
  DataPlan plan;
  std::unique_ptr<Pack> subset;
  std::unique_ptr<Pack> full;
};

ExtractedPacks extract(const StudySpec& spec, MemShards shards) {
  ExtractedPacks out;
  out.plan = make_plan(spec, shards, {1, 0, 0});
  MemPacks packs;
  SoloGroupMaker groups;
  SimClock clock;
  for (const auto kind : {AssignmentKind::extract_subset, AssignmentKind::extract_full}) {
    Assignment a;
    a.kind = kind;
    a.team = {WorkerId(0)};
    Extractor extractor({spec, out.plan, shards, packs, groups, clock});
    extractor.start(a);
    while (!extractor.advance({})) {
    }
  }
  out.subset = packs.open("subset", out.plan.subset_digest);
  out.full = packs.open("full", out.plan.full_digest);
  return out;
}

Problem refusal(const StudySpec& spec, const MemShards& shards) {
  try {
    static_cast<void>(extract(spec, shards));
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::data);
    return error.problems().at(0);
  }
  ADD_FAILURE() << "not refused";
  return {};
}

TEST(Weights, ReachThePackWithMeanOne) {
  const StudySpec spec =
      test::class_spec({R"(["value"])", R"(, "weights": "area")", R"("loss": "mse")"});
  const ExtractedPacks e = extract(spec, test::class_shards(spec));
  EXPECT_EQ(e.subset->header().weights, "area");
  double sum = 0;
  for (const float w : e.subset->weights(Split::train)) {
    sum += static_cast<double>(w);
  }
  EXPECT_NEAR(sum / 300, 1, 1e-6);
  // All rows in file order: the weights are those of the file.
  std::array<std::uint64_t, 3> counts{};
  for (const Split s : all_splits) {
    for (const float w : e.full->weights(s)) {
      const double physical = e.full->header().weight_scale * static_cast<double>(w);
      EXPECT_NEAR(physical, std::round(physical), 1e-6);
      ++counts[static_cast<std::size_t>(std::round(physical)) - 1];
    }
  }
  EXPECT_EQ(counts, (std::array<std::uint64_t, 3>{200, 200, 200}));
}

TEST(Weights, NegativeOnesAreRefusedWithTheirPlace) {
  const StudySpec spec =
      test::class_spec({R"(["value"])", R"(, "weights": "area")", R"("loss": "mse")"});
  MemShards shards = test::class_shards(spec);
  for (std::size_t i = 0; i < 600; ++i) {
    shards.at(0, 2, i) = i >= 40 && i % 2 == 0 ? -2.5 : 1;
  }
  const Problem p = refusal(spec, shards);
  EXPECT_NE(p.what.find("area below 0; the first, -2.5"), std::string::npos) << p.what;
  EXPECT_EQ(p.where.substr(0, 10), "s.h5:area[");
  for (std::size_t i = 0; i < 600; ++i) {
    shards.at(0, 2, i) = 0;
  }
  EXPECT_NE(refusal(spec, shards).what.find("are 0"), std::string::npos);
}

TEST(Weights, MustFitTheColumnsOfATarget) {
  const StudySpec spec =
      test::class_spec({R"([{"name": "value", "weight": [1, 2]}])", "", R"("loss": "mse")"});
  EXPECT_NE(refusal(spec, test::class_shards(spec)).what.find("do not fit"), std::string::npos);
}

TEST(Classes, AreCountedOrGiven) {
  const StudySpec found = test::class_spec();
  const ExtractedPacks e = extract(found, test::class_shards(found));
  EXPECT_EQ(e.plan.classes, 3U);
  EXPECT_EQ(e.plan.outputs(), 3U);
  EXPECT_EQ(e.plan.targets(), 1U);
  EXPECT_EQ(e.subset->targets(Split::train).size(), 300U);  // numbers, not one-hot
  const StudySpec given = test::class_spec({R"(["kind"])", R"(, "classes": 5)"});
  EXPECT_EQ(extract(given, test::class_shards(given)).plan.classes, 5U);
}

TEST(Classes, MayBeShifted) {
  const StudySpec spec = test::class_spec({R"([{"name": "kind", "offset": -1}])"});
  MemShards shards = test::class_shards(spec);
  EXPECT_NE(refusal(spec, shards).what.find("which holds 0"), std::string::npos);
  for (std::size_t i = 0; i < 600; ++i) {
    shards.at(0, 1, i) += 1;  // numbered from 1
  }
  EXPECT_EQ(extract(spec, shards).plan.classes, 3U);
}

TEST(Classes, RealTargetsAreRefusedWithTheirPlace) {
  const StudySpec spec = test::class_spec();
  MemShards shards = test::class_shards(spec);
  shards.at(0, 1, 77) = 0.25;
  const Problem p = refusal(spec, shards);
  EXPECT_NE(p.what.find("which holds 0.25"), std::string::npos) << p.what;
  EXPECT_NE(p.why.find("s.h5:kind[77]"), std::string::npos) << p.why;
  const StudySpec binary =
      test::class_spec({R"(["value"])", "", R"("loss": "binary_cross_entropy")"});
  EXPECT_NE(refusal(binary, test::class_shards(binary)).what.find("binary_cross_entropy of value"),
            std::string::npos);
}

TEST(Classes, OneAloneIsRefused) {
  const StudySpec spec = test::class_spec();
  MemShards shards = test::class_shards(spec);
  for (std::size_t i = 0; i < 600; ++i) {
    shards.at(0, 1, i) = 0;
  }
  EXPECT_NE(refusal(spec, shards).what.find("has one class"), std::string::npos);
}

// What the check before the study does not look at, the extraction does.
TEST(Classes, AreLookedAtAgainWhenRowsAreExtracted) {
  const StudySpec spec = test::class_spec({R"(["kind"])", R"(, "classes": 3, "missing": "drop")"});
  MemShards shards = test::class_shards(spec);
  const DataPlan plan = make_plan(spec, shards, {1, 0, 0});
  for (std::size_t i = 500; i < 600; ++i) {
    shards.at(0, 1, i) = 3;
  }
  MemPacks packs;
  SoloGroupMaker groups;
  SimClock clock;
  Assignment a;
  a.kind = AssignmentKind::extract_subset;
  a.team = {WorkerId(0)};
  Extractor extractor({spec, plan, shards, packs, groups, clock});
  extractor.start(a);
  try {
    while (!extractor.advance({})) {
    }
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(error.problems()[0].what.find("that are no class; the first, 3"), std::string::npos);
    EXPECT_NE(error.problems()[0].why.find("0 to 2"), std::string::npos);
  }
}

}  // namespace
}  // namespace twostep
