#include "twostep/sim/mem_files.hpp"

#include <gtest/gtest.h>

#include "contract/files_suite.hpp"

namespace twostep {
namespace {

TEST(MemFiles, KeepsTheContract) {
  MemFiles files;
  test::check_files_contract(files);
}

TEST(MemFiles, ACrashLosesOnlyWhatWasNotSynced) {
  bool torn = false;
  for (std::uint64_t draw = 0; draw < 50; ++draw) {
    MemFiles files;
    const auto file = files.create_exclusive("log");
    file->append("durable|");
    file->sync();
    file->append("pending");
    files.crash(Rng(1, Purpose::simulation), draw);
    const std::string text = *files.read("log");
    ASSERT_EQ(text.substr(0, 8), "durable|");
    ASSERT_EQ(std::string("durable|pending").substr(0, text.size()), text);
    torn = torn || (text.size() > 8 && text.size() < 15);
  }
  EXPECT_TRUE(torn);
}

TEST(MemFiles, AFullDiskIsAnError) {
  MemFiles files;
  files.limit(4);
  files.replace("a", "1234");
  EXPECT_THROW(files.replace("b", "5"), Error);
}

}  // namespace
}  // namespace twostep
