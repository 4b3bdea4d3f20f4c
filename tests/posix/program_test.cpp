#include "adapters/posix/program.hpp"

#include <gtest/gtest.h>

#include <algorithm>

#include "adapters/posix/host.hpp"

namespace twostep {
namespace {

TEST(Excerpt, KeepsBothEnds) {
  for (const std::size_t piece : {1U, 3U, 7U, 100U}) {
    std::string all;
    for (int i = 0; all.size() < 1000; ++i) {
      all += std::to_string(i) + ",";
    }
    Excerpt excerpt(200);
    for (std::size_t at = 0; at < all.size(); at += piece) {
      excerpt.add(all.substr(at, piece));
    }
    const std::string text = excerpt.text();
    EXPECT_TRUE(text.starts_with(all.substr(0, 100))) << piece;
    EXPECT_TRUE(text.ends_with(all.substr(all.size() - 100))) << piece;
    EXPECT_NE(text.find(std::to_string(all.size() - 200) + " bytes"), std::string::npos) << piece;
  }
}

TEST(Excerpt, IsTheWholeOfWhatIsShort) {
  Excerpt excerpt(200);
  EXPECT_EQ(excerpt.text(), "");
  excerpt.add(std::string(150, 'a'));
  excerpt.add(std::string(50, 'b'));
  EXPECT_EQ(excerpt.text(), std::string(150, 'a') + std::string(50, 'b'));
}

TEST(Programs, AreFoundAsAShellFindsThem) {
  ASSERT_TRUE(find_program("sh"));
  EXPECT_EQ(find_program(*find_program("sh")), find_program("sh"));
  for (const char* none : {"", "no-such-program", "/", "/etc/passwd", "./sh", "/no/such/sh"}) {
    EXPECT_FALSE(find_program(none)) << none;
  }
}

TEST(Programs, SeeNothingOfOurJob) {
  set_environment("OMPI_COMM_WORLD_RANK", "3");
  set_environment("SLURM_PROCID", "3");
  set_environment("TWOSTEP_TEST_MARK", "a=b");
  const auto variables = environment_of_programs();
  const auto has = [&](const std::string& name, const std::string& value) {
    return std::find(variables.begin(), variables.end(), std::pair(name, value)) != variables.end();
  };
  EXPECT_TRUE(has("TWOSTEP_TEST_MARK", "a=b"));
  EXPECT_TRUE(std::none_of(variables.begin(), variables.end(), [](const auto& v) {
    return v.first.starts_with("OMPI_") || v.first.starts_with("SLURM_");
  }));
}

}  // namespace
}  // namespace twostep
