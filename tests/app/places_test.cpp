#include "app/places.hpp"

#include <gmock/gmock.h>

namespace twostep {
namespace {

using ::testing::HasSubstr;

std::vector<Place> ranks(const std::vector<std::pair<std::string, std::string>>& where) {
  std::vector<Place> out;
  for (const auto& [host, cpus] : where) {
    out.push_back({host, cpus, 0, ""});
  }
  return out;
}

TEST(Places, AreToldForEveryRank) {
  EXPECT_EQ(places_text(ranks({{"h1", "0-3"}, {"h1", "0-3"}, {"h1", "0-3"}, {"h2", "5,7"}})),
            "4 ranks (rank 0 coordinates): 0 on h1 CPUs 0-3; 1-2 on h1 CPUs 0-3; 3 on h2 CPUs 5,7");
}

TEST(Places, CrowdingCountsThreadsOfTrainingRanksAgainstTheirCpus) {
  const auto roomy = ranks({{"h1", "0-3"}, {"h1", "0-3"}, {"h1", "0-3"}});
  EXPECT_EQ(crowding_text(roomy, 1), "");
  EXPECT_EQ(crowding_text(roomy, 2), "");  // rank 0 trains nothing
  EXPECT_THAT(crowding_text(roomy, 3),
              HasSubstr("2 training ranks of 3 threads share 4 CPUs of h1"));
  EXPECT_EQ(crowding_text(ranks({{"h1", "0"}, {"h1", "1"}, {"h1", "2"}}), 1), "");
  EXPECT_THAT(crowding_text(ranks({{"h1", "0"}, {"h1", "0"}, {"h1", "0"}}), 1),
              HasSubstr("2 training ranks of 1 thread share 1 CPU of h1"));
  EXPECT_EQ(crowding_text(ranks({{"h1", "0-1"}, {"h1", "0-1"}, {"h2", "0-1"}}), 2), "");
}

TEST(Places, ARankWithFewerCpusThanThreadsIsNamed) {
  const std::string text = crowding_text(ranks({{"h1", "0-7"}, {"h1", "0-3"}, {"h1", "9"}}), 4);
  EXPECT_THAT(text, HasSubstr("rank 2 on h1 may use 1 CPU for training.threads: 4"));
  EXPECT_NE(crowding_text(ranks({{"h1", "2-3"}}), 4), "");  // alone, rank 0 trains
}

TEST(Places, SilenceWhereTheSystemDoesNotSay) {
  EXPECT_EQ(crowding_text(ranks({{"h1", "?"}, {"h1", "?"}, {"h1", "?"}}), 8), "");
}

}  // namespace
}  // namespace twostep
