// The link, group and packs ports on MPI, at any number of ranks.
#include <gtest/gtest.h>
#include <mpi.h>

#include <cstdlib>
#include <numeric>

#include "adapters/hdf5/hdf5_packs.hpp"
#include "adapters/mpi/mpi_group.hpp"
#include "adapters/mpi/mpi_link.hpp"
#include "adapters/posix/clock.hpp"
#include "twostep/base/row_range.hpp"

namespace twostep {
namespace {

int world_rank() {
  int rank = 0;
  MPI_Comm_rank(MPI_COMM_WORLD, &rank);
  return rank;
}

int world_size() {
  int size = 0;
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  return size;
}

std::vector<int> all_ranks() {
  std::vector<int> ranks(static_cast<std::size_t>(world_size()));
  std::iota(ranks.begin(), ranks.end(), 0);
  return ranks;
}

Bytes message(int from, int number) {
  ByteWriter w;
  w.u32(static_cast<std::uint32_t>(from));
  w.u32(static_cast<std::uint32_t>(number));
  w.raw(Bytes(
      static_cast<std::size_t>(number % 50 == 0 ? 200000 : number)));  // some above eager size
  return w.take();
}

TEST(MpiLink, OrderedPerPairAndNothingLost) {
  MpiLink link;
  constexpr int count = 200;
  for (int i = 0; i < count; ++i) {
    for (int to = 0; to < link.size(); ++to) {
      link.send(to, message(link.rank(), i));
    }
  }
  std::vector<int> next(static_cast<std::size_t>(link.size()), 0);
  int received = 0;
  while (received < count * link.size() || !link.drained()) {
    for (const Mail& mail : link.poll()) {
      ByteReader r(mail.bytes);
      ASSERT_EQ(static_cast<int>(r.u32()), mail.from);
      ASSERT_EQ(static_cast<int>(r.u32()), next[static_cast<std::size_t>(mail.from)]++);
      ++received;
    }
  }
  ASSERT_EQ(received, count * link.size());
  ASSERT_TRUE(link.poll().empty());
  MPI_Barrier(MPI_COMM_WORLD);
}

TEST(MpiGroup, SumsAndBroadcasts) {
  MpiGroupMaker maker;
  const auto group = maker.make(all_ranks(), 5);
  const int n = group->size();
  ASSERT_EQ(n, world_size());
  std::vector<double> d{1.0, static_cast<double>(group->rank())};
  group->sum(d);
  ASSERT_EQ(d[0], n);
  ASSERT_EQ(d[1], n * (n - 1) / 2.0);
  std::vector<float> a(100, 1.0F);
  std::vector<float> b(7, 2.0F);
  group->start_sum(a);
  group->start_sum(b);
  group->wait_sums();
  ASSERT_EQ(a[99], static_cast<float>(n));
  ASSERT_EQ(b[6], 2.0F * static_cast<float>(n));
  std::vector<double> c(50000, 0.5);
  group->start_sum(c);
  group->poke();
  group->wait_sums();
  ASSERT_EQ(c[49999], 0.5 * n);
  for (int root = 0; root < n; ++root) {
    Bytes bytes(10, std::byte(group->rank()));
    group->broadcast(bytes, root);
    ASSERT_EQ(bytes[9], std::byte(root));
  }
}

// Member i sends 1000 i + 10 j + 1 values to member j, some of them none.
TEST(MpiGroup, Exchanges) {
  MpiGroupMaker maker;
  const auto group = maker.make(all_ranks(), 8);
  const auto count = [](std::uint64_t i, std::uint64_t j) {
    return i == j + 1 ? std::uint64_t{0} : 1000 * i + 10 * j + 1;
  };
  const auto me = static_cast<std::uint64_t>(group->rank());
  const auto n = static_cast<std::uint64_t>(group->size());
  std::vector<float> send;
  std::vector<std::uint64_t> send_counts;
  std::vector<std::uint64_t> receive_counts;
  std::vector<float> truth;
  for (std::uint64_t i = 0; i < n; ++i) {
    send_counts.push_back(count(me, i));
    send.insert(send.end(), send_counts.back(), static_cast<float>(100 * me + i));
    receive_counts.push_back(count(i, me));
    truth.insert(truth.end(), receive_counts.back(), static_cast<float>(100 * i + me));
  }
  std::vector<float> received(truth.size());
  group->exchange(send, send_counts, received, receive_counts);
  ASSERT_EQ(received, truth);
}

// Two disjoint teams are made and used at the same time; the rest of the world takes no part.
TEST(MpiGroup, DisjointTeamsDoNotMeet) {
  if (world_size() < 4) {
    return;  // needs two teams of two
  }
  const int rank = world_rank();
  if (rank < 4) {
    const std::vector<int> team = rank < 2 ? std::vector<int>{1, 0} : std::vector<int>{2, 3};
    MpiGroupMaker maker;
    const auto group = maker.make(team, rank < 2 ? 11 : 12);
    ASSERT_EQ(group->size(), 2);
    ASSERT_EQ(team[static_cast<std::size_t>(group->rank())], rank);
    std::vector<double> sum{static_cast<double>(rank)};
    group->sum(sum);
    ASSERT_EQ(sum[0], rank < 2 ? 1 : 5);
  }
  MPI_Barrier(MPI_COMM_WORLD);
}

// Waiting for a late broadcast must leave the processor to others.
TEST(MpiGroup, ALongWaitBurnsNoProcessor) {
  if (world_size() < 2) {
    return;
  }
  MpiGroupMaker maker;
  const auto group = maker.make(all_ranks(), 6);
  const auto cpu = [] { return static_cast<double>(std::clock()) / CLOCKS_PER_SEC; };
  MPI_Barrier(MPI_COMM_WORLD);
  const double before = cpu();
  Bytes bytes(8);
  if (group->rank() == 0) {
    wait_for(std::chrono::milliseconds(1000));
  }
  group->broadcast(bytes, 0);
  ASSERT_LT(cpu() - before, 0.3) << "seconds of processor time in one second of waiting";
  MPI_Barrier(MPI_COMM_WORLD);
}

TEST(MpiPacks, AreWrittenTogether) {
  const char* base = std::getenv("TMPDIR");
  std::string folder = std::string(base != nullptr ? base : "/tmp") + "/twostep-packs-XXXXXX";
  if (world_rank() == 0) {
    ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  }
  MPI_Bcast(folder.data(), static_cast<int>(folder.size()), MPI_CHAR, 0, MPI_COMM_WORLD);
  MpiGroupMaker maker;
  const auto group = maker.make(all_ranks(), 7);
  const auto packs = make_hdf5_packs(folder);
  PackHeader header;
  header.input_names = {"a", "b"};
  header.target_names = {"y"};
  header.inputs = {{0, 0}, {1, 1}};
  header.targets = {{0}, {1}};
  header.rows = {1001, 10, 3};
  header.digest = "d";
  const auto writer = packs->create("full", header, *group);
  for (const Split split : all_splits) {
    const RowRange mine =
        share_of({0, header.rows[static_cast<std::size_t>(split)]}, group->rank(), group->size());
    std::vector<float> x;
    std::vector<float> y;
    for (std::uint64_t i = mine.begin; i < mine.end; ++i) {
      x.push_back(static_cast<float>(i));
      x.push_back(-static_cast<float>(i));
      y.push_back(static_cast<float>(2 * i));
    }
    writer->write_range(split, mine.begin, x, y);
  }
  writer->finish();
  {
    const auto pack = packs->open("full", "d");
    ASSERT_NE(pack, nullptr);
    for (const Split split : all_splits) {
      const auto x = pack->inputs(split);
      const auto y = pack->targets(split);
      for (std::size_t i = 0; i < y.size(); ++i) {
        ASSERT_EQ(x[2 * i], static_cast<float>(i));
        ASSERT_EQ(x[2 * i + 1], -static_cast<float>(i));
        ASSERT_EQ(y[i], static_cast<float>(2 * i));
      }
    }
  }
  MPI_Barrier(MPI_COMM_WORLD);
  if (world_rank() == 0) {
    std::remove((folder + "/full.h5").c_str());
    std::remove(folder.c_str());
  }
}

}  // namespace
}  // namespace twostep
