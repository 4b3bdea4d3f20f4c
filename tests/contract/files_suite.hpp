// The contract of the files port, for any implementation.
#pragma once

#include <gtest/gtest.h>

#include "twostep/base/error.hpp"
#include "twostep/ports/files.hpp"

namespace twostep::test {

inline void check_files_contract(Files& files) {
  EXPECT_FALSE(files.read("absent").has_value());
  EXPECT_FALSE(files.read("no/such/folder").has_value());
  EXPECT_TRUE(files.list("absent").empty());
  EXPECT_NO_THROW(files.remove("absent"));

  files.make_folder("a/b");
  files.make_folder("a/b");
  {
    const auto file = files.create_exclusive("a/b/log");
    file->append("one\n");
    file->append("two\n");
    file->sync();
    file->append("three\n");
    file->sync();
  }
  EXPECT_EQ(files.read("a/b/log"), "one\ntwo\nthree\n");
  try {
    static_cast<void>(files.create_exclusive("a/b/log"));
    FAIL() << "an existing file was created again";
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::study);
  }
  EXPECT_EQ(files.read("a/b/log"), "one\ntwo\nthree\n");

  files.replace("a/report", "old");
  files.replace("a/report", std::string("n\0w", 3));
  EXPECT_EQ(files.read("a/report"), std::string("n\0w", 3));
  files.replace("a/report", "");
  EXPECT_EQ(files.read("a/report"), "");
  EXPECT_EQ(files.list("a"), (std::vector<std::string>{"b", "report"}));
  EXPECT_EQ(files.list("a/b"), (std::vector<std::string>{"log"}));
  files.remove("a/report");
  EXPECT_FALSE(files.read("a/report").has_value());
  EXPECT_THROW(files.make_folder("a/b/log"), Error);
}

}  // namespace twostep::test
