// What every start of a program needs.
#pragma once

#include <unistd.h>

#include <csignal>
#include <string>
#include <vector>

namespace twostep {

// The exit code of a child that could not become the program, as shells have it.
inline constexpr int cannot_execute = 127;

// Of a guard: where it writes the errno with which the program could not be started.
inline constexpr int start_report = 3;

// For execve: null-terminated, and valid as long as `words` is unchanged.
[[nodiscard]] inline std::vector<char*> exec_words(const std::vector<std::string>& words) {
  std::vector<char*> out;
  out.reserve(words.size() + 1);
  for (const std::string& word : words) {
    out.push_back(const_cast<char*>(word.c_str()));
  }
  out.push_back(nullptr);
  return out;
}

// In the child of a fork, instead of the program.
[[noreturn]] inline void report_no_start(int error) {
  static_cast<void>(::write(start_report, &error, sizeof error));
  ::_exit(cannot_execute);
}

// Around a fork. A signal that came between fork and exec would be taken by a handler of this
// program in the child, and be lost to the program that it was for.
class SignalsHeld {
 public:
  SignalsHeld() {
    sigset_t all;
    ::sigfillset(&all);
    ::sigprocmask(SIG_SETMASK, &all, &before_);
  }
  SignalsHeld(const SignalsHeld&) = delete;
  SignalsHeld& operator=(const SignalsHeld&) = delete;
  ~SignalsHeld() { ::sigprocmask(SIG_SETMASK, &before_, nullptr); }

 private:
  sigset_t before_{};
};

// In the child, before exec: every signal does what it does by default, and none is held back.
inline void default_signals() {
  for (int signal = 1; signal < NSIG; ++signal) {
    ::signal(signal, SIG_DFL);  // also what was ignored, which exec would keep so
  }
  sigset_t none;
  ::sigemptyset(&none);
  ::sigprocmask(SIG_SETMASK, &none, nullptr);
}

}  // namespace twostep
