// The flattening rule, on arrays in memory, against the rule spelled out one element at a time.
#include <gtest/gtest.h>

#include <algorithm>

#include "twostep/base/error.hpp"
#include "twostep/base/rng.hpp"
#include "twostep/sim/array_shards.hpp"

namespace twostep {
namespace {

using Names = std::vector<std::string>;
using Sizes = std::vector<std::uint64_t>;

MemArray make_array(const Sizes& sizes, const Names& names, const Sizes& chunk = {}) {
  MemArray array{{sizes, names}, {}, chunk};
  std::uint64_t n = 1;
  for (const std::uint64_t size : sizes) {
    n *= size;
  }
  for (std::uint64_t i = 0; i < n; ++i) {
    array.values.push_back(static_cast<double>(i));
  }
  return array;
}

VariableSpec variable(const std::string& name, std::vector<LevelSelection> levels = {},
                      Names dimensions = {}) {
  VariableSpec v;
  v.name = name;
  v.levels = std::move(levels);
  v.dimensions = std::move(dimensions);
  return v;
}

LevelSelection list(std::vector<std::uint64_t> levels, const std::string& dimension = "") {
  LevelSelection s;
  s.dimension = dimension;
  s.list = std::move(levels);
  return s;
}

LevelSelection range(std::uint64_t from, std::uint64_t to, std::uint64_t step) {
  return {"", {}, from, to, step};
}

// T[time, lev, ncol], PS[time, ncol], lat[ncol], and a profile stored the other way round.
TableRequest climate_request() {
  return {{"time", "ncol"},
          "study.yaml:4",
          {variable("T", {list({0, 2, 5, 6})}), variable("PS"), variable("lat"),
           variable("Q", {range(1, 6, 2)}), variable("BAND")}};
}

constexpr std::uint64_t ntime = 5;
constexpr std::uint64_t nlev = 7;
constexpr std::uint64_t ncol = 11;

std::vector<MemArrayShard> climate(bool chunked, std::uint64_t times = ntime) {
  const auto chunk = [&](Sizes sizes) { return chunked ? sizes : Sizes{}; };
  return {{"a.nc",
           {make_array({times, nlev, ncol}, {"time", "lev", "ncol"}, chunk({2, 3, 4})),
            make_array({times, ncol}, {"time", "ncol"}, chunk({1, 11})),
            make_array({ncol}, {"ncol"}, chunk({3})),
            make_array({ncol, nlev, times}, {"ncol", "lev", "time"}, chunk({4, 7, 1})),
            make_array({2, times, 3, ncol}, {"sw", "time", "band", "ncol"},
                       chunk({1, times, 2, ncol}))}}};
}

// The expected rows [t, c] of each variable, spelled out.
std::vector<double> expected_row(std::size_t variable, std::uint64_t row, std::uint64_t times) {
  const std::uint64_t t = row / ncol;
  const std::uint64_t c = row % ncol;
  std::vector<double> out;
  if (variable == 0) {
    for (const std::uint64_t lev : {0, 2, 5, 6}) {
      out.push_back(static_cast<double>((t * nlev + lev) * ncol + c));
    }
  } else if (variable == 1) {
    out = {static_cast<double>(t * ncol + c)};
  } else if (variable == 2) {
    out = {static_cast<double>(c)};
  } else if (variable == 3) {
    for (const std::uint64_t lev : {1, 3, 5}) {
      out.push_back(static_cast<double>((c * nlev + lev) * times + t));
    }
  } else {
    for (const std::uint64_t sw : {0, 1}) {
      for (const std::uint64_t band : {0, 1, 2}) {
        out.push_back(static_cast<double>(((sw * times + t) * 3 + band) * ncol + c));
      }
    }
  }
  return out;
}

class Table : public testing::TestWithParam<bool> {
 protected:
  ArrayShards shards_{climate_request(), climate(GetParam())};
};

TEST_P(Table, RangesOfRowsAreTheRuleSpelledOut) {
  const std::uint64_t rows = ntime * ncol;
  ASSERT_EQ(shards_.shards()[0].rows, rows);
  for (std::size_t v = 0; v < 5; ++v) {
    const std::uint64_t k = shards_.variables()[v].columns;
    for (std::uint64_t begin = 0; begin < rows; ++begin) {
      for (std::uint64_t count = 1; begin + count <= rows; ++count) {
        std::vector<double> out(count * k, -1);
        shards_.read_range(v, 0, begin, count, out);
        for (std::uint64_t i = 0; i < count; ++i) {
          const auto row = expected_row(v, begin + i, ntime);
          ASSERT_EQ(row.size(), k);
          ASSERT_TRUE(std::equal(row.begin(), row.end(), out.begin() + static_cast<long>(i * k)))
              << "variable " << v << " row " << begin + i << " of " << begin << "+" << count;
        }
      }
    }
  }
}

TEST_P(Table, ScatteredRowsAreTheSameRows) {
  const Rng rng(7, Purpose::noise);
  for (std::uint64_t round = 0; round < 50; ++round) {
    std::vector<std::uint64_t> rows;
    for (std::uint64_t row = 0; row < ntime * ncol; ++row) {
      if (rng.uniform(round * 100 + row, 0) < 0.02 * static_cast<double>(round)) {
        rows.push_back(row);
      }
    }
    for (std::size_t v = 0; v < 5; ++v) {
      const std::uint64_t k = shards_.variables()[v].columns;
      std::vector<double> out(rows.size() * k, -1);
      shards_.read_rows(v, 0, rows, out);
      for (std::size_t i = 0; i < rows.size(); ++i) {
        const auto row = expected_row(v, rows[i], ntime);
        ASSERT_TRUE(std::equal(row.begin(), row.end(), out.begin() + static_cast<long>(i * k)));
      }
    }
  }
}

TEST_P(Table, ColumnsAreNamedByTheirLevels) {
  EXPECT_EQ(shards_.variables()[0].labels, (Names{"lev=0", "lev=2", "lev=5", "lev=6"}));
  EXPECT_TRUE(shards_.variables()[1].labels.empty());
  EXPECT_EQ(shards_.variables()[3].labels, (Names{"lev=1", "lev=3", "lev=5"}));
  EXPECT_EQ(shards_.variables()[4].labels[4], "sw=1,band=1");
  EXPECT_EQ(shards_.shards()[0].dimensions[1].name, "ncol");
  EXPECT_EQ(shards_.shards()[0].dimensions[1].size, ncol);
}

INSTANTIATE_TEST_SUITE_P(Layouts, Table, testing::Bool(), [](const auto& tested) {
  return tested.param ? "chunked" : "contiguous";
});

// Whatever the order of the rows asked for: a chunk is unpacked once.
TEST(Table, AScatteredSelectionTouchesEachChunkOnce) {
  const TableRequest request{{"time", "ncol"}, "", {variable("T", {list({0, 1, 4, 5})})}};
  ArrayShards shards(request,
                     {{"a.nc", {make_array({8, 6, 20}, {"time", "lev", "ncol"}, {4, 3, 10})}}});
  std::vector<std::uint64_t> rows;
  for (std::uint64_t row = 0; row < 160; row += 3) {
    rows.push_back(row);
  }
  std::vector<double> out(rows.size() * 4);
  shards.read_rows(0, 0, rows, out);
  EXPECT_EQ(shards.chunks_read().size(), 8U);  // 2 x 2 x 2: all of them hold a chosen row and level
  for (const auto& [chunk, times] : shards.chunks_read()) {
    EXPECT_EQ(times, 1) << "chunk " << chunk;
  }
  // Rows 0 to 79 share their chunks with one another and with no other row.
  EXPECT_EQ(shards.shards()[0].chunk_rows, 80U);
}

TEST(Table, ContiguousLevelsThatAreNotWantedAreNotRead) {
  const TableRequest request{{"time", "ncol"}, "", {variable("T", {list({3, 50})})}};
  ArrayShards shards(request, {{"a.nc", {make_array({2, 60, 2000}, {"time", "lev", "ncol"})}}});
  std::vector<double> out(2000 * 2);
  shards.read_range(0, 0, 2000, 2000, out);
  EXPECT_EQ(shards.values_read(), 2U * 2000U);
  EXPECT_EQ(shards.slabs_read(), 2U);
}

// A cache must hold what reading in order comes back to, and no more.
TEST(Table, ChunksInUse) {
  const auto chunks = [](const Names& rows, const MemArray& array, const VariableSpec& v) {
    TableLayout layout = make_table_layout("a", rows, v, array.shape);
    for (std::uint64_t& size : layout.row_sizes) {
      size = size == 0 ? 9 : size;
    }
    return TableReader(std::move(layout), {array.chunk, 4}).chunks_in_use();
  };
  const Names names{"time", "lev", "ncol"};
  const Names rows{"time", "ncol"};
  EXPECT_EQ(chunks(rows, make_array({8, 6, 20}, names, {1, 6, 10}), variable("T")), 1U);
  EXPECT_EQ(chunks(rows, make_array({8, 6, 20}, names, {1, 3, 20}), variable("T")), 2U);
  EXPECT_EQ(chunks(rows, make_array({8, 6, 20}, names, {4, 6, 5}), variable("T")), 4U);
  EXPECT_EQ(chunks(rows, make_array({8, 6, 20}, names, {4, 3, 5}), variable("T")), 8U);
  EXPECT_EQ(chunks(rows, make_array({8, 6, 20}, names, {4, 3, 5}), variable("T", {list({0})})), 4U);
  EXPECT_EQ(chunks(rows, make_array({20}, {"ncol"}, {5}), variable("lat")), 4U);
  EXPECT_EQ(chunks({}, make_array({100, 4}, {}, {10, 4}), variable("x")), 1U);
}

TEST(Table, FilesWithoutNamesGetThemFromTheStudy) {
  const TableRequest request{
      {"time", "ncol"}, "", {variable("T", {list({1})}, {"time", "lev", "ncol"}), variable("PS")}};
  ArrayShards shards(request, {{"a.h5", {make_array({3, 2, 4}, {}), make_array({3, 4}, {})}}});
  std::vector<double> out(1);
  shards.read_range(0, 0, 6, 1, out);  // time 1, column 2
  EXPECT_EQ(out[0], (1 * 2 + 1) * 4 + 2);
  shards.read_range(1, 0, 6, 1, out);
  EXPECT_EQ(out[0], 6);
  EXPECT_EQ(shards.variables()[0].labels, Names{"lev=1"});
}

TEST(Table, WithoutDataRowsTheFirstDimensionIsTheRows) {
  const TableRequest request{{}, "", {variable("x"), variable("b", {list({0, 3})})}};
  ArrayShards shards(request, {{"a.h5", {make_array({6}, {}), make_array({6, 4}, {})}}});
  EXPECT_TRUE(shards.variables()[0].labels.empty());
  EXPECT_EQ(shards.variables()[1].labels, (Names{"0", "3"}));
  EXPECT_TRUE(shards.shards()[0].dimensions.empty());
  std::vector<double> out(2);
  shards.read_range(1, 0, 2, 1, out);
  EXPECT_EQ(out, (std::vector<double>{8, 11}));
}

TEST(Table, DescriptionsTravel) {
  const ArrayShards shards(climate_request(), climate(true));
  ByteWriter writer;
  ShardsDescription{shards.variables(), shards.shards()}.encode(writer);
  const Bytes bytes = writer.take();
  ByteReader reader(bytes);
  const ShardsDescription back = ShardsDescription::decode(reader);
  EXPECT_EQ(back.variables[0].labels, shards.variables()[0].labels);
  EXPECT_EQ(row_sizes_of(back.shards[0]), (Sizes{ntime, ncol}));
  EXPECT_EQ(back.shards[0].rows, ntime * ncol);
}

struct Bad {
  const char* name;
  TableRequest request;
  std::vector<MemArrayShard> shards;
  std::string where;
  std::string what;
  std::string hint;
  friend void PrintTo(const Bad& c, std::ostream* out) { *out << c.name; }
};

MemArray cube() {
  return make_array({2, 3, 4}, {"time", "lev", "ncol"});
}

const Bad bad_cases[] = {
    {"no_rows_said",
     {{}, "", {variable("T")}},
     {{"a", {cube()}}},
     "a:T",
     "3 dimensions",
     "data.rows: [time, ncol]"},
    {"no_names",
     {{"time", "ncol"}, "", {variable("T")}},
     {{"a", {make_array({2, 3, 4}, {})}}},
     "a:T",
     "no names",
     "dimensions: [...]"},
    {"unknown_row",
     {{"time", "ncoll"}, "s:3", {variable("T")}},
     {{"a", {cube()}}},
     "a",
     "no variable has the row dimension ncoll (s:3)",
     "did you mean ncol?"},
    {"all_rows_unknown",
     {{"tine"}, "", {variable("T")}},
     {{"a", {cube()}}},
     "a",
     "no variable has the row dimension tine",
     "did you mean time?"},
    {"rowless",
     {{"time", "ncol"}, "", {variable("PS"), variable("hyam")}},
     {{"a", {make_array({2, 5}, {"time", "ncol"}), make_array({3}, {"lev"})}}},
     "a:hyam",
     "none of the row dimensions",
     "teaches nothing"},
    {"level_out_of_range",
     {{"time", "ncol"}, "", {variable("T", {list({0, 3})})}},
     {{"a", {cube()}}},
     "a:T",
     "level 3 of lev is out of range",
     "the last is 2"},
    {"range_out_of_range",
     {{"time", "ncol"}, "", {variable("T", {range(0, 9, 1)})}},
     {{"a", {cube()}}},
     "a:T",
     "level 9 of lev",
     "the last is 2"},
    {"which_dimension",
     {{"time"}, "", {variable("T", {list({0})})}},
     {{"a", {cube()}}},
     "a:T",
     "levels of which dimension?",
     "levels: {lev: [0, 5, 10]}"},
    {"unknown_dimension",
     {{"time", "ncol"}, "", {variable("T", {list({0}, "levv")})}},
     {{"a", {cube()}}},
     "a:T",
     "no dimension levv",
     "did you mean lev?"},
    {"levels_of_rows",
     {{"time", "ncol"}, "", {variable("T", {list({0}, "ncol")})}},
     {{"a", {cube()}}},
     "a:T",
     "which is a row dimension",
     "leave it out"},
    {"wrong_count",
     {{"time"}, "", {variable("T", {}, {"time", "ncol"})}},
     {{"a", {cube()}}},
     "a:T",
     "it has 3 dimensions",
     "name each of them"},
    {"twice",
     {{"n"}, "", {variable("C")}},
     {{"a", {make_array({3, 3}, {"n", "n"})}}},
     "a:C",
     "the dimension n twice",
     "name them apart"},
    {"variables_disagree",
     {{"time", "ncol"}, "", {variable("T"), variable("PS")}},
     {{"a", {cube(), make_array({2, 5}, {"time", "ncol"})}}},
     "a:PS",
     "does not fit",
     ""},
    {"shards_disagree",
     {{"time", "ncol"}, "", {variable("PS")}},
     {{"a", {make_array({2, 5}, {"time", "ncol"})}}, {"b", {make_array({2, 6}, {"time", "ncol"})}}},
     "b",
     "its dimension ncol has 6 places",
     "end to end along time"},
    {"levels_differ",
     {{"time", "ncol"}, "", {variable("T")}},
     {{"a", {cube()}}, {"b", {make_array({2, 2, 4}, {"time", "lev", "ncol"})}}},
     "b:T",
     "it has 2 columns",
     "the same variables"},
    {"far_too_wide",
     {{"time"}, "", {variable("T")}},
     {{"a", {MemArray{{{2, 1U << 21}, {"time", "ncol"}}, {}, {}}}}},
     "a:T",
     "2097152 columns",
     "data.rows"},
};

class BadTables : public testing::TestWithParam<Bad> {};

TEST_P(BadTables, AreRefusedWithTheirPlace) {
  const Bad& bad = GetParam();
  try {
    const ArrayShards shards(bad.request, bad.shards);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::data);
    ASSERT_EQ(error.problems().size(), 1U) << error.what();
    const Problem& problem = error.problems()[0];
    EXPECT_EQ(problem.where, bad.where);
    EXPECT_NE(problem.what.find(bad.what), std::string::npos) << problem.what;
    EXPECT_NE(problem.hint.find(bad.hint), std::string::npos) << problem.hint;
  }
}

INSTANTIATE_TEST_SUITE_P(All, BadTables, testing::ValuesIn(bad_cases),
                         [](const auto& tested) { return tested.param.name; });

}  // namespace
}  // namespace twostep
