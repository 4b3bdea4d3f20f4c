#include "twostep/train/batches.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <set>

namespace twostep {
namespace {

ReadingPlan window_plan(std::uint64_t rows, std::uint64_t block_rows, std::uint64_t blocks) {
  return {true, rows, block_rows, blocks};
}

// All rows of an epoch in their order.
std::vector<std::uint64_t> walk(WindowOrder& order) {
  std::vector<std::uint64_t> out;
  for (std::uint64_t w = 0; w < order.windows(); ++w) {
    order.open(w);
    const RowRange positions = order.positions(w);
    EXPECT_EQ(positions.begin, out.size());
    for (std::uint64_t p = positions.begin; p < positions.end; ++p) {
      const WindowOrder::Place place = order.place(p);
      const RowRange block = order.blocks().at(place.block);
      EXPECT_TRUE(place.row >= block.begin && place.row < block.end);
      out.push_back(place.row);
    }
  }
  return out;
}

TEST(WindowOrder, BringsEveryRowOnce) {
  for (const std::uint64_t rows : {1U, 7U, 100U, 101U, 1000U}) {
    for (const std::uint64_t block : {1U, 3U, 10U, 200U}) {
      for (const std::uint64_t blocks : {1U, 2U, 5U}) {
        WindowOrder order(4, 1, window_plan(rows, block, blocks));
        for (const std::uint64_t epoch : {0U, 1U, 9U}) {
          order.begin(epoch);
          const auto all = walk(order);
          EXPECT_EQ(all.size(), rows);
          EXPECT_EQ(std::set<std::uint64_t>(all.begin(), all.end()).size(), rows);
        }
      }
    }
  }
}

TEST(WindowOrder, OneWindowOfAllRowsIsEpochOrder) {
  for (const std::uint64_t block : {1U, 8U, 1000U}) {
    WindowOrder windows(11, 1, window_plan(500, block, 500));
    EpochOrder plain(11, 1, 500);
    for (const std::uint64_t epoch : {0U, 3U}) {
      windows.begin(epoch);
      plain.begin(epoch);
      const auto all = walk(windows);
      for (std::uint64_t p = 0; p < 500; ++p) {
        ASSERT_EQ(all[p], plain.row(p));
      }
    }
  }
}

// Rows stay within their window, blocks meet other blocks in the next epoch, and rows move far.
TEST(WindowOrder, MixesWithinWindowsAndBlocksOverEpochs) {
  WindowOrder order(2, 1, window_plan(6400, 10, 16));
  order.begin(0);
  order.open(0);
  std::set<std::uint64_t> first;
  for (const RowRange& b : order.blocks()) {
    first.insert(b.begin);
  }
  EXPECT_EQ(first.size(), 16U);
  order.begin(1);
  order.open(0);
  std::size_t again = 0;
  for (const RowRange& b : order.blocks()) {
    again += first.count(b.begin);
  }
  EXPECT_LT(again, 6U);  // 16 of 640 blocks: 0.4 are expected
  order.begin(0);
  const auto all = walk(order);
  // Neighbours in the order are neighbours in the data once in a hundred times or so.
  std::size_t neighbours = 0;
  for (std::size_t i = 1; i < all.size(); ++i) {
    neighbours += all[i] == all[i - 1] + 1 ? 1 : 0;
  }
  EXPECT_LT(neighbours, 100U);
}

TEST(ReadingPlan, FollowsTheMemoryAndNothingElse) {
  RetrainingSpec spec;
  spec.memory = 1;  // MiB: 26,214 rows of 10 columns
  EXPECT_FALSE(plan_reading(spec, 26214, 10).streamed);
  const ReadingPlan large = plan_reading(spec, 1000000, 10);
  EXPECT_TRUE(large.streamed);
  EXPECT_LE(large.window_rows(), 26214U);
  EXPECT_GT(large.window_rows(), 26214U - large.block_rows);
  EXPECT_GE(large.window_blocks, 64U);
  spec.reading = Reading::mapped;
  EXPECT_FALSE(plan_reading(spec, 1000000, 10).streamed);
  spec.reading = Reading::streamed;
  const ReadingPlan small = plan_reading(spec, 1000, 10);
  EXPECT_TRUE(small.streamed);
  EXPECT_EQ(small.window_rows(), 1000U);
  spec.memory = 1e-3;  // of 26 rows
  const ReadingPlan tiny = plan_reading(spec, 1000, 10);
  EXPECT_EQ(tiny.window_rows(), 26U);
  EXPECT_EQ(tiny.block_rows, 1U);
  EXPECT_NE(tiny.text().find("windows of 26"), std::string::npos);
}

TEST(BatchShares, CoverEachBatchInTheOrderOfMembers) {
  for (const std::uint32_t micro : {0U, 1U, 4U, 16U}) {
    for (const int members : {1, 2, 3, 5, 20}) {
      const BatchShares shares(107, 25, members, micro);
      EXPECT_EQ(shares.batches(), 5U);
      for (std::uint64_t b = 0; b < 5; ++b) {
        const RowRange batch = shares.batch(b);
        std::uint64_t at = batch.begin;
        for (int m = 0; m < members; ++m) {
          const RowRange mine = shares.of(batch, m);
          if (mine.size() > 0) {
            EXPECT_EQ(mine.begin, at);
            at = mine.end;
          }
        }
        EXPECT_EQ(at, batch.end);
      }
      EXPECT_EQ(shares.batch(4).size(), 7U);
      EXPECT_EQ(shares.batch_of(99), 3U);
      EXPECT_EQ(shares.batch_of(100), 4U);
    }
  }
}

}  // namespace
}  // namespace twostep
