// The guard of a user's program, a process of its own: `twostep guard`.
#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <ctime>

#include "adapters/posix/child.hpp"
#include "adapters/posix/clock.hpp"
#include "adapters/posix/exec.hpp"
#include "adapters/posix/program.hpp"

namespace twostep {
namespace {

constexpr int killed = 128;
constexpr Duration look_every = std::chrono::milliseconds(500);  // at the parent

[[noreturn]] void become(char* const* arguments) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // of the guard
  default_signals();
  ::execvp(arguments[0], arguments);
  const char text[] = ": cannot be run: ";
  const char* why = std::strerror(errno);
  static_cast<void>(::write(STDERR_FILENO, arguments[0], std::strlen(arguments[0])) +
                    ::write(STDERR_FILENO, text, sizeof text - 1) +
                    ::write(STDERR_FILENO, why, std::strlen(why)) +
                    ::write(STDERR_FILENO, "\n", 1));
  ::_exit(cannot_execute);
}

// Reaps what has ended; the program's exit code if it is among that.
std::optional<int> reap(pid_t program) {
  std::optional<int> out;
  int status = 0;
  for (pid_t pid = 0; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) {
    if (pid == program) {
      out = WIFEXITED(status) ? WEXITSTATUS(status) : killed + WTERMSIG(status);
    }
  }
  return out;
}

}  // namespace

int guard_program(const std::vector<std::string>& arguments) {
  constexpr std::size_t own = 2;  // the parent's number and the grace
  if (arguments.size() <= own) {
    return 2;
  }
  const long parent = std::atol(arguments[0].c_str());
  const Duration grace = from_seconds(std::atof(arguments[1].c_str()));
  std::vector<char*> words;
  for (std::size_t i = own; i < arguments.size(); ++i) {
    words.push_back(const_cast<char*>(arguments[i].c_str()));
  }
  words.push_back(nullptr);

  ::signal(SIGCHLD, SIG_DFL);  // where it was ignored, nobody would learn of the program's end
  sigset_t heard;
  ::sigemptyset(&heard);
  for (const int signal : {SIGCHLD, SIGTERM, SIGINT, SIGHUP, SIGUSR1, SIGUSR2}) {
    ::sigaddset(&heard, signal);
  }
  ::sigprocmask(SIG_SETMASK, &heard, nullptr);  // the parent has held back all of them until now
  ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  adopt_orphans();
  const pid_t program = ::fork();
  if (program < 0) {
    return cannot_execute;
  }
  if (program == 0) {
    become(words.data());
  }
  ::setpgid(program, program);
  // The pipes are the program's: they end when all who write to them have.
  const int nothing = ::open("/dev/null", O_WRONLY);
  ::dup2(nothing, STDOUT_FILENO);
  ::dup2(nothing, STDERR_FILENO);

  PosixClock clock;
  std::optional<Time> kill_at;
  for (;;) {
    const Duration longest = kill_at ? look_every / 10 : look_every;
    const timespec wait{0, std::chrono::nanoseconds(longest).count()};
    const int signal = ::sigtimedwait(&heard, nullptr, &wait);
    if (const auto code = reap(program)) {
      kill_descendants();
      return *code;
    }
    const bool orphaned = ::getppid() != parent;
    const bool told = signal == SIGTERM || signal == SIGINT || signal == SIGHUP;
    if ((told || orphaned) && !kill_at) {
      kill_at = clock.now() + grace;
      ::kill(-program, SIGTERM);
      ::kill(-program, SIGCONT);
    }
    if (kill_at && clock.now() >= *kill_at) {
      kill_descendants();
      return killed + SIGKILL;
    }
  }
}

}  // namespace twostep
