// A user's program under a guard: a small process between this one and the program that ends all of
// it, the program, what it has started, and what left its group or its parents, when it is told to,
// when the program ends, or when this process dies. No shell is involved. The program has a process
// group of its own and nothing on its standard input.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "twostep/base/time.hpp"

namespace twostep {

// The path of an executable file: the name itself where it has a slash, else from PATH.
[[nodiscard]] std::optional<std::string> find_program(const std::string& name);

// This process's environment without the variables by which MPI and batch systems know the ranks of
// a job, so that the program does not take itself for one of them.
[[nodiscard]] std::vector<std::pair<std::string, std::string>> environment_of_programs();

// A text that comes in pieces, of which the beginning and the end are kept, half of `most` bytes
// each.
class Excerpt {
 public:
  explicit Excerpt(std::uint64_t most) : half_(most / 2) {}
  void add(const std::string& text);
  [[nodiscard]] std::string text() const;  // with a line that says what is left out

 private:
  std::uint64_t half_;
  std::uint64_t left_out_ = 0;
  std::string head_;
  std::string tail_;
};

struct ProgramOptions {
  std::vector<std::string> command;
  std::vector<std::pair<std::string, std::string>> environment;  // all of it
  double grace_seconds = 10;                                     // between SIGTERM and SIGKILL
};

class Program {
 public:
  explicit Program(const ProgramOptions& options);  // Error{resources} if it cannot be started
  ~Program();                                       // ends it, and waits until it has
  Program(const Program&) = delete;
  Program& operator=(const Program&) = delete;

  struct Output {
    std::string out;
    std::string err;
  };
  // What it has written since, after waiting for it up to `longest`.
  Output read(Duration longest);
  // Its exit code, or 128 + the signal that killed it, once it has ended and all was read.
  [[nodiscard]] std::optional<int> ended() const { return status_; }
  void terminate();  // SIGTERM, and SIGKILL to what is left after the grace

 private:
  long guard_ = -1;
  int out_ = -1;
  int err_ = -1;
  std::optional<int> status_;

  static void drain(int& from, std::string& to);
};

// What `twostep guard PARENT GRACE PROGRAM...` does; returns its exit code.
int guard_program(const std::vector<std::string>& arguments);

}  // namespace twostep
