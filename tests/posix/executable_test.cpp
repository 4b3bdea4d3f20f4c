#include "adapters/posix/executable.hpp"

#include <gtest/gtest.h>

#include <cerrno>

#include "adapters/posix/host.hpp"
#include "support/temporary_folder.hpp"
#include "support/write_program.hpp"

namespace twostep {
namespace {

TEST(Executable, IsFoundAsAShellFindsIt) {
  ASSERT_TRUE(find_program("sh"));
  EXPECT_EQ(find_program(*find_program("sh")), find_program("sh"));
  for (const char* none : {"", "no-such-program", "/", "/etc/passwd", "./sh", "/no/such/sh"}) {
    EXPECT_FALSE(find_program(none)) << none;
  }
}

class ExecutableProblem : public testing::Test {
 protected:
  test::TemporaryFolder folder_;
  std::string path_ = folder_.path() + "/script";

  // What is said of a file with this content.
  std::string said(const std::string& content, int start_error = 0) {
    test::write_program(path_, content);
    const auto problem = program_problem(path_, start_error);
    return problem ? problem->text() : "";
  }
};

#define EXPECT_SAYS(text, part) EXPECT_NE((text).find(part), std::string::npos) << (text)

TEST_F(ExecutableProblem, NoneIsSeenInWhatRuns) {
  EXPECT_FALSE(program_problem("sh"));
  for (const char* good :
       {"#!/bin/sh\nexit 0\n", "#! /bin/sh -e\n", "#!/usr/bin/env sh\n",
        "#!/usr/bin/env -S sh -e\n", "#!/usr/bin/env A=1 no-such-program\n", "#!/bin/sh"}) {
    EXPECT_EQ(said(good), "");
  }
}

TEST_F(ExecutableProblem, AnInterpreterMayBeMissing) {
  const std::string text = said("#!/usr/bin/python9 -u\nprint(1)\n", ENOENT);
  EXPECT_SAYS(text, "cannot be run: " + path_);
  EXPECT_SAYS(text,
              "interpreter /usr/bin/python9 is not there: " + path_ + ":1: #!/usr/bin/python9");
  EXPECT_SAYS(text, "[python3, " + path_ + "]");
  EXPECT_SAYS(said("#!/etc/passwd\n"), "/etc/passwd is not executable");
  EXPECT_SAYS(said("#!/usr/bin/env python9\n"), "python9 is in none of the folders of PATH");
  EXPECT_SAYS(said("#!\n"), "names no interpreter");
}

TEST_F(ExecutableProblem, LinesMayEndAsInWindows) {
  for (const char* first : {"#!/bin/sh\r\n", "#!/usr/bin/env python3\r\n", "#!/bin/sh -e\r\n"}) {
    const std::string text = said(std::string(first) + "exit 0\r\n");
    EXPECT_SAYS(text, "carriage return");
    EXPECT_SAYS(text, "sed -i");
    EXPECT_EQ(text.find('\r'), std::string::npos);
  }
}

TEST_F(ExecutableProblem, AScriptNamesItsInterpreter) {
  const std::string text = said("import os\n");
  EXPECT_SAYS(text, "its first line names no interpreter; no shell reads it");
  EXPECT_SAYS(text, "#!/usr/bin/env python3");
  EXPECT_SAYS(said(""), "it is empty");
}

TEST_F(ExecutableProblem, ABinaryMayBeOfAnotherSystem) {
  const std::string binary(
      "\x7f"
      "ELF\2\1\1\0\0\0\0\0",
      12);
  EXPECT_EQ(said(binary), "");
  EXPECT_SAYS(said(binary, ENOEXEC), "another processor");
  EXPECT_SAYS(said(binary, ENOENT), "loader");
  EXPECT_EQ(said(std::string("MZ\0\0", 4)), "");  // some systems run those
}

TEST_F(ExecutableProblem, WhatIsNotThereIsSaid) {
  const auto text = [](const std::string& name, int error = 0) {
    return program_problem(name, error)->text();
  };
  EXPECT_SAYS(text(path_), "no such program: " + path_ + "\n  why: there is no such file");
  EXPECT_SAYS(text(path_), "a script needs its interpreter");
  EXPECT_SAYS(text(path_, ENOENT), "put it back");
  EXPECT_SAYS(text("no-such-program"), "none of the folders of PATH");
  EXPECT_SAYS(text(folder_.path()), "it is a folder");
  EXPECT_SAYS(text("/etc/passwd"), "not executable: /etc/passwd\n  why: its permissions are 0644");
  EXPECT_SAYS(text("/etc/passwd/x", ENOTDIR), "Not a directory");
  std::filesystem::create_symlink("/no/where", path_);
  EXPECT_SAYS(text(path_), "it is a link to /no/where, which is not there");
  std::filesystem::remove(path_);
  std::filesystem::create_symlink(path_, path_);
  EXPECT_SAYS(text(path_, ELOOP), "levels of symbolic links");
}

TEST_F(ExecutableProblem, WhatIsNotSeenIsWhatTheSystemSays) {
  EXPECT_SAYS(said("#!/bin/sh\n", E2BIG), "cannot be run: " + path_ + "\n  why: Argument list");
}

}  // namespace
}  // namespace twostep
