#include "train/row_stream.hpp"

#include <gtest/gtest.h>

#include <mutex>

#include "support/thread_group.hpp"
#include "twostep/ports/solo_group.hpp"
#include "twostep/sim/mem_packs.hpp"

namespace twostep {
namespace {

// Row i holds 2i and -2i - 1 as inputs, i as target and, if asked for, i + 0.5 as weight.
std::unique_ptr<Pack> numbered_pack(MemPacks& packs, std::uint64_t rows, bool weighted = false) {
  PackHeader header;
  header.input_names = {"a", "b"};
  header.target_names = {"y"};
  header.inputs = {{0, 0}, {1, 1}};
  header.targets = {{0}, {1}};
  header.rows = {rows, 0, 0};
  header.digest = "d";
  header.weights = weighted ? "area" : "";
  SoloGroup solo;
  const auto writer = packs.create("full", header, solo);
  std::vector<float> x;
  std::vector<float> y;
  std::vector<float> weights;
  for (std::uint64_t i = 0; i < rows; ++i) {
    x.push_back(static_cast<float>(2 * i));
    x.push_back(-static_cast<float>(2 * i + 1));
    y.push_back(static_cast<float>(i));
    if (weighted) {
      weights.push_back(static_cast<float>(i) + 0.5F);
    }
  }
  writer->write_range(Split::train, 0, x, y, weights);
  writer->finish();
  return packs.open("full", "d");
}

// The rows of the batches from `first` on, put together from all members.
std::vector<float> stream(const Pack& pack, const ReadingPlan& plan, int members,
                          std::uint32_t micro, std::uint64_t epoch, std::uint64_t first) {
  const BatchShares shares(plan.rows, 32, members, micro);
  const bool weighted = !pack.weights(Split::train).empty();
  const std::size_t width = weighted ? 4 : 3;
  std::vector<float> out(plan.rows, -1);
  std::mutex mutex;
  ThreadTeam team(members);
  team.run([&](Group& group) {
    RowStream rows(pack, plan, 7, 1, shares, group);
    rows.begin(epoch, first);
    for (std::uint64_t b = first; b < shares.batches(); ++b) {
      const RowRange batch = shares.batch(b);
      const RowRange mine = shares.of(batch, group.rank());
      const std::span<const float> got = rows.take(batch);
      const std::scoped_lock lock(mutex);
      ASSERT_EQ(got.size(), mine.size() * width);
      for (std::size_t i = 0; i < mine.size(); ++i) {
        const std::span<const float> row = got.subspan(width * i, width);
        ASSERT_EQ(row[0], 2 * row[2]);
        ASSERT_EQ(row[1], -2 * row[2] - 1);
        if (weighted) {
          ASSERT_EQ(row[3], row[2] + 0.5F);
        }
        out[mine.begin + i] = row[2];
      }
    }
  });
  return out;
}

TEST(RowStream, EveryTeamSeesTheOrderOfTheWindows) {
  MemPacks packs;
  const auto pack = numbered_pack(packs, 333);
  for (const ReadingPlan& plan : {ReadingPlan{true, 333, 4, 5}, ReadingPlan{true, 333, 10, 2},
                                  ReadingPlan{true, 333, 7, 48}}) {
    WindowOrder order(7, 1, plan);
    order.begin(2);
    std::vector<float> truth;
    for (std::uint64_t w = 0; w < order.windows(); ++w) {
      order.open(w);
      const RowRange positions = order.positions(w);
      for (std::uint64_t p = positions.begin; p < positions.end; ++p) {
        truth.push_back(static_cast<float>(order.place(p).row));
      }
    }
    for (const int members : {1, 2, 3, 4}) {
      EXPECT_EQ(stream(*pack, plan, members, 0, 2, 0), truth) << members;
      EXPECT_EQ(stream(*pack, plan, members, 6, 2, 0), truth) << members;
      // A resumed training begins within an epoch.
      const auto later = stream(*pack, plan, members, 0, 2, 5);
      EXPECT_TRUE(std::equal(truth.begin() + 160, truth.end(), later.begin() + 160)) << members;
    }
  }
}

TEST(RowStream, BringsEachRowItsWeight) {
  MemPacks packs;
  const auto plain = numbered_pack(packs, 333);
  const ReadingPlan plan{true, 333, 4, 5};
  const std::vector<float> truth = stream(*plain, plan, 1, 0, 2, 0);
  MemPacks others;
  const auto weighted = numbered_pack(others, 333, true);
  for (const int members : {1, 2, 3, 4}) {
    EXPECT_EQ(stream(*weighted, plan, members, 0, 2, 0), truth) << members;
    EXPECT_EQ(stream(*weighted, plan, members, 6, 2, 0), truth) << members;
  }
}

// A pack that notes which rows somebody announced.
class WatchedPack : public Pack {
 public:
  explicit WatchedPack(const Pack& pack) : pack_(pack) {}
  [[nodiscard]] const PackHeader& header() const override { return pack_.header(); }
  [[nodiscard]] std::span<const float> inputs(Split s) const override { return pack_.inputs(s); }
  [[nodiscard]] std::span<const float> targets(Split s) const override { return pack_.targets(s); }
  [[nodiscard]] std::span<const float> weights(Split s) const override { return pack_.weights(s); }
  void will_need(Split, RowRange rows) const override { needed += rows.size(); }
  mutable std::uint64_t needed = 0;

 private:
  const Pack& pack_;
};

TEST(RowStream, ATeamReadsTheDataOnceTogether) {
  MemPacks packs;
  const auto pack = numbered_pack(packs, 333);
  const ReadingPlan plan{true, 333, 4, 20};
  std::mutex mutex;
  std::uint64_t all = 0;
  ThreadTeam team(3);
  team.run([&](Group& group) {
    WatchedPack watched(*pack);
    const BatchShares shares(plan.rows, 32, 3, 0);
    RowStream rows(watched, plan, 7, 1, shares, group);
    rows.begin(0, 0);
    for (std::uint64_t b = 0; b < shares.batches(); ++b) {
      static_cast<void>(rows.take(shares.batch(b)));
    }
    const std::scoped_lock lock(mutex);
    EXPECT_GT(watched.needed, 333U / 4);
    EXPECT_LT(watched.needed, 333U / 2);
    all += watched.needed;
  });
  EXPECT_EQ(all, 333U);
}

}  // namespace
}  // namespace twostep
