// A program that this process has started and looks after, with no shell in between. It gets a
// process group of its own, nothing on its standard input, and a SIGTERM when this process dies.
// Its stderr passes through here on the way to ours (over a pseudo-terminal if ours is a terminal),
// so that what it says can be read.
#pragma once

#include <optional>
#include <string>
#include <vector>

namespace twostep {

class Child {
 public:
  explicit Child(const std::vector<std::string>& command);  // Error{internal} if it cannot fork
  ~Child();                                                 // kills what is left of it
  Child(const Child&) = delete;
  Child& operator=(const Child&) = delete;

  // 128 + the signal for one that was killed, 127 if there is no such program.
  [[nodiscard]] std::optional<int> ended();
  // Passes on what was written to stderr since the last call, and returns it.
  std::string relay();
  void signal(int number);        // the process
  void signal_group(int number);  // its process group
  [[nodiscard]] long pid() const { return pid_; }

 private:
  long pid_ = -1;
  int stderr_ = -1;
  std::optional<int> status_;
};

// What a program prints on stdout; nullopt if it cannot be run or fails.
[[nodiscard]] std::optional<std::string> output_of(const std::vector<std::string>& command);

// From now on processes whose parents die become children of this one, so that they can be found.
void adopt_orphans();
// Kills (SIGKILL) and reaps every process below this one; how many there were.
int kill_descendants();

}  // namespace twostep
