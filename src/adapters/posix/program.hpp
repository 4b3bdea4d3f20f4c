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

struct ProgramEnd {
  int code = 0;         // its exit code, if no signal ended it
  int signal = 0;       // that ended it; 0: none
  int start_error = 0;  // errno with which it could not be started; 0: it was
  friend bool operator==(const ProgramEnd&, const ProgramEnd&) = default;
};
// "ended with exit code 3", "was ended by signal 9 (Killed)"; of one that was started.
[[nodiscard]] std::string end_text(const ProgramEnd& end);

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
  // How it ended, once it has and all was read.
  [[nodiscard]] const std::optional<ProgramEnd>& ended() const { return end_; }
  void terminate();  // SIGTERM, and SIGKILL to what is left after the grace

 private:
  long guard_ = -1;
  int out_ = -1;
  int err_ = -1;
  int start_ = -1;  // says with which error the program could not be started
  std::optional<ProgramEnd> end_;

  void note_end(int status);
  static void drain(int& from, std::string& to);
};

// What `twostep guard PARENT GRACE PROGRAM...` does. It ends as the program has: returns its exit
// code, or is ended by the same signal.
int guard_program(const std::vector<std::string>& arguments);

}  // namespace twostep
