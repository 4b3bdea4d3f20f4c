#include <gtest/gtest.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <csignal>
#include <fstream>

#include "adapters/posix/clock.hpp"
#include "adapters/posix/host.hpp"
#include "adapters/posix/memory.hpp"
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

// A limit on the size of files stands for a full disk; a real one is in tests/crash/disk_test.py.
TEST(PosixFiles, WhatCannotBeWrittenIsAnErrorWithItsReason) {
  const test::TemporaryFolder folder;
  rlimit before{};
  ASSERT_EQ(::getrlimit(RLIMIT_FSIZE, &before), 0);
  const rlimit small{4, before.rlim_max};
  const auto handler = std::signal(SIGXFSZ, SIG_IGN);
  ASSERT_EQ(::setrlimit(RLIMIT_FSIZE, &small), 0);
  std::string why;
  try {
    make_posix_files(folder.path())->replace("x", "content");
  } catch (const Error& error) {
    why = error.what();
    EXPECT_EQ(error.kind(), ErrorKind::io);
  }
  ::setrlimit(RLIMIT_FSIZE, &before);
  std::signal(SIGXFSZ, handler);
  EXPECT_NE(why.find("File too large"), std::string::npos) << why;
  EXPECT_FALSE(exists(folder.file("x.partial")));
}

TEST(PosixFiles, PlantedLinksAreNotFollowed) {
  const test::TemporaryFolder folder;
  const std::string victim = folder.file("victim");
  std::ofstream(victim) << "mine";
  const auto files = make_posix_files(folder.path());
  for (const char* name : {"x.partial", "x", "log", "lock"}) {
    ASSERT_EQ(::symlink(victim.c_str(), folder.file(name).c_str()), 0);
  }
  files->replace("x", "content");
  EXPECT_EQ(files->read("x"), "content");
  EXPECT_THROW(static_cast<void>(files->create_exclusive("log")), Error);
  EXPECT_THROW(StudyLock(folder.path(), Duration{0}), Error);
  EXPECT_EQ(files->read("victim"), "mine");
}

TEST(PosixFiles, KeepTheUsersUmask) {
  const test::TemporaryFolder folder;
  const mode_t before = ::umask(027);
  make_posix_files(folder.path())->replace("x", "content");
  static_cast<void>(make_posix_files(folder.path())->create_exclusive("y"));
  ::umask(before);
  for (const char* name : {"x", "y"}) {
    struct stat info {};
    ASSERT_EQ(::stat(folder.file(name).c_str(), &info), 0);
    EXPECT_EQ(info.st_mode & 0777, 0640U);
  }
}

TEST(Memory, IsReadFromMeminfo) {
  const std::string text = "MemTotal:       24576 kB\nMemFree: 1 kB\nMemAvailable:   1024 kB\n";
  EXPECT_EQ(meminfo_bytes(text, "MemTotal"), 24576U * 1024);
  EXPECT_EQ(meminfo_bytes(text, "MemAvailable"), 1024U * 1024);
  EXPECT_EQ(meminfo_bytes(text, "Available"), 0U);
  EXPECT_GT(memory_at_hand(), 1U << 20);
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
