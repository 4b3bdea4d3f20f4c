#include <gtest/gtest.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

#include "adapters/posix/clock.hpp"
#include "adapters/posix/host.hpp"
#include "adapters/posix/posix_files.hpp"
#include "adapters/posix/study_lock.hpp"
#include "contract/files_suite.hpp"
#include "support/temporary_folder.hpp"

namespace twostep {
namespace {

TEST(PosixFiles, KeepTheContract) {
  const test::TemporaryFolder folder;
  const auto files = make_posix_files(folder.path());
  test::check_files_contract(*files);
}

TEST(PosixFiles, NoSpaceIsAnErrorWithItsReason) {
  const auto files = make_posix_files("/dev");
  // /dev/full refuses every write, as a full disk does.
  const test::TemporaryFolder folder;
  ASSERT_EQ(::symlink("/dev/full", folder.file("x.partial").c_str()), 0);
  try {
    make_posix_files(folder.path())->replace("x", "content");
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::io);
    EXPECT_NE(std::string(error.what()).find("No space left"), std::string::npos);
  }
}

TEST(PosixClock, IsMonotonic) {
  PosixClock clock;
  Time last = clock.now();
  for (int i = 0; i < 1000; ++i) {
    const Time now = clock.now();
    ASSERT_GE(now, last);
    last = now;
  }
  wait_for(std::chrono::milliseconds(2));
  EXPECT_GE(clock.now() - last, std::chrono::milliseconds(2));
}

TEST(StudyLock, TheSecondIsToldWhoHoldsIt) {
  const test::TemporaryFolder folder;
  int ready[2];
  ASSERT_EQ(::pipe(ready), 0);
  const pid_t child = ::fork();
  if (child == 0) {
    const StudyLock lock(folder.path(), {});
    char byte = 1;
    (void)!::write(ready[1], &byte, 1);
    ::pause();
    ::_exit(0);
  }
  char byte = 0;
  ASSERT_EQ(::read(ready[0], &byte, 1), 1);
  try {
    const StudyLock second(folder.path(), std::chrono::milliseconds(150));
    ADD_FAILURE() << "two runs hold one directory";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::study);
    const std::string text = error.what();
    EXPECT_NE(text.find("process " + std::to_string(child)), std::string::npos) << text;
    EXPECT_NE(text.find(host_name()), std::string::npos);
  }
  // It goes with its holder, however that ends.
  ::kill(child, SIGKILL);
  ::waitpid(child, nullptr, 0);
  EXPECT_NO_THROW(StudyLock(folder.path(), {}));
}

TEST(Patterns, AreExpandedSorted) {
  const test::TemporaryFolder folder;
  for (const char* name : {"b.h5", "a.h5", "c.nc"}) {
    std::ofstream(folder.file(name)) << "x";
  }
  EXPECT_EQ(expand_pattern(folder.file("*.h5")),
            (std::vector<std::string>{folder.file("a.h5"), folder.file("b.h5")}));
  EXPECT_EQ(expand_pattern(folder.file("c.nc")).size(), 1U);
  EXPECT_TRUE(expand_pattern(folder.file("*.grib")).empty());
  EXPECT_TRUE(expand_pattern(folder.file("absent.h5")).empty());
}

TEST(Host, KnowsItsProcessors) {
  EXPECT_GE(cpu_count(), 1);
  EXPECT_FALSE(cpu_set().empty());
  EXPECT_GT(peak_memory(), 1e5);
}

}  // namespace
}  // namespace twostep
