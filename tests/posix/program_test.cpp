#include "adapters/posix/program.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <filesystem>

#include "adapters/posix/host.hpp"
#include "support/temporary_folder.hpp"
#include "support/write_program.hpp"

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

ProgramEnd wait_for_end(Program& program) {
  for (int i = 0; i < 600 && !program.ended(); ++i) {
    program.read(std::chrono::milliseconds(100));
  }
  return program.ended().value_or(ProgramEnd{-1, -1, -1});
}

ProgramOptions shell(const std::string& script) {
  return {{"/bin/sh", "-c", script}, {{"PATH", "/usr/bin:/bin"}}, 0.2};
}

// A signal of before the guard can hear is heard, whatever handlers this process has.
TEST(Programs, AreStoppedHoweverSoonTheyAreTold) {
  const auto before = std::signal(SIGTERM, [](int) {});
  for (int i = 0; i < 20; ++i) {
    Program program(shell("sleep 600"));
    program.terminate();
    EXPECT_NE(wait_for_end(program), ProgramEnd{});
  }
  std::signal(SIGTERM, before);
}

TEST(Programs, EndWithTheirCodeAlsoWhereChildrenAreIgnored) {
  const auto before = std::signal(SIGCHLD, SIG_IGN);
  {
    Program program(shell("exit 7"));
    EXPECT_EQ(wait_for_end(program), ProgramEnd{7});
  }
  std::signal(SIGCHLD, before);
}

// An exit code of 128 and more is none of a signal.
TEST(Programs, EndBySignalsOrByCodes) {
  const auto end_of = [](const std::string& script) {
    Program program(shell(script));
    return wait_for_end(program);
  };
  EXPECT_EQ(end_of("exit 130"), ProgramEnd{130});
  EXPECT_EQ(end_of("exit 255"), ProgramEnd{255});
  EXPECT_EQ(end_of("kill -9 $$"), (ProgramEnd{0, SIGKILL}));
  EXPECT_EQ(end_of("kill -11 $$"), (ProgramEnd{0, SIGSEGV}));
  EXPECT_EQ(end_of("kill -15 $$"), (ProgramEnd{0, SIGTERM}));
  EXPECT_EQ(end_of("kill -10 $$"), (ProgramEnd{0, SIGUSR1}));
  EXPECT_EQ(end_of("exit 127"), ProgramEnd{127});
  EXPECT_EQ(end_text({3}), "ended with exit code 3");
  EXPECT_EQ(end_text({0, SIGKILL}), "was ended by signal 9 (Killed)");
  EXPECT_EQ(end_text({137}), "ended with exit code 137, by which shells mean signal 9 (Killed)");
}

TEST(Programs, ThatIgnoreTheirEndAreKilled) {
  Program program(shell("trap '' TERM; echo here; while :; do sleep 1; done"));
  std::string said;
  while (!program.ended() && said.empty()) {
    said = program.read(std::chrono::milliseconds(100)).out;
  }
  program.terminate();
  EXPECT_EQ(wait_for_end(program), (ProgramEnd{0, SIGKILL}));
}

TEST(Programs, ThatCannotBeStartedAreToldFromThoseThatFail) {
  const auto error_of = [](const std::string& program) {
    Program started({{program}, {{"PATH", "/usr/bin:/bin"}}, 0.2});
    return wait_for_end(started);
  };
  EXPECT_EQ(error_of("/no/such/program"), (ProgramEnd{127, 0, ENOENT}));
  EXPECT_EQ(error_of("no-such-program"), (ProgramEnd{127, 0, ENOENT}));
  EXPECT_EQ(error_of("/etc/passwd"), (ProgramEnd{127, 0, EACCES}));
  EXPECT_EQ(error_of("/etc/passwd/program"), (ProgramEnd{127, 0, ENOTDIR}));
}

// No shell takes it, as execvp would have it.
TEST(Programs, WithoutAnInterpreterAreNotRun) {
  const test::TemporaryFolder folder;
  const std::string path = folder.path() + "/script";
  test::write_program(path, "echo it was run by a shell\n");
  Program program({{path}, {{"PATH", "/usr/bin:/bin"}}, 0.2});
  std::string said;
  while (!program.ended()) {
    said += program.read(std::chrono::milliseconds(100)).out;
  }
  EXPECT_EQ(*program.ended(), (ProgramEnd{127, 0, ENOEXEC}));
  EXPECT_EQ(said, "");
}

// One that is replaced while it is started is waited for.
TEST(Programs, ThatComeBackAtOnceAreRun) {
  const test::TemporaryFolder folder;
  const std::string path = folder.path() + "/script";
  Program program({{path}, {{"PATH", "/usr/bin:/bin"}}, 0.2});
  program.read(std::chrono::milliseconds(200));
  test::write_program(path + ".new", "#!/bin/sh\nexit 4\n");
  std::filesystem::rename(path + ".new", path);
  EXPECT_EQ(wait_for_end(program), ProgramEnd{4});
}

// Signals that this process ignores or holds back are as usual in the program.
TEST(Programs, HaveTheUsualSignals) {
  const auto before = std::signal(SIGPIPE, SIG_IGN);
  sigset_t held;
  sigset_t mask;
  sigemptyset(&held);
  sigaddset(&held, SIGUSR1);
  sigprocmask(SIG_BLOCK, &held, &mask);
  std::string said;
  {
    Program program(shell("grep -E 'Sig(Blk|Ign)' /proc/self/status"));
    while (!program.ended()) {
      said += program.read(std::chrono::milliseconds(100)).out;
    }
  }
  sigset_t after;
  sigprocmask(SIG_SETMASK, &mask, &after);
  std::signal(SIGPIPE, before);
  EXPECT_EQ(said, "SigBlk:\t0000000000000000\nSigIgn:\t0000000000000000\n");
  EXPECT_EQ(sigismember(&after, SIGUSR1), 1);
  EXPECT_EQ(sigismember(&after, SIGTERM), 0);
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
