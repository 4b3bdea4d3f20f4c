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
#include "adapters/posix/executable.hpp"
#include "adapters/posix/program.hpp"

namespace twostep {
namespace {

constexpr Duration look_every = std::chrono::milliseconds(500);  // at the parent

// A program that is being written, or replaced by a new one, is not there for a moment.
constexpr int most_tries = 10;
constexpr Duration between_tries = std::chrono::milliseconds(100);

[[noreturn]] void become(const std::vector<std::string>& command) {
  ::setpgid(0, 0);
  ::prctl(PR_SET_PDEATHSIG, SIGKILL);  // of the guard
  default_signals();
  const auto words = exec_words(command);
  int error = ENOENT;
  for (int i = 0; i < most_tries; ++i) {
    // Not execvp, which gives what is no program to a shell.
    const auto path = find_program(command.front());
    if (path || command.front().find('/') != std::string::npos) {
      ::execv(path ? path->c_str() : words.front(), words.data());
      error = errno;
    }
    wait_for(between_tries);
  }
  report_no_start(error);
}

// Reaps what has ended; the program's wait status if it is among that.
std::optional<int> reap(pid_t program) {
  std::optional<int> out;
  int status = 0;
  for (pid_t pid = 0; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) {
    if (pid == program) {
      out = status;
    }
  }
  return out;
}

// So that the parent sees what ended the program: an exit code of 128 and more may be its own.
[[noreturn]] void end_by(int signal) {
  ::prctl(PR_SET_DUMPABLE, 0);  // the core of interest is the program's
  ::signal(signal, SIG_DFL);
  sigset_t it;
  ::sigemptyset(&it);
  ::sigaddset(&it, signal);
  ::sigprocmask(SIG_UNBLOCK, &it, nullptr);
  ::kill(::getpid(), signal);
  ::_exit(128 + signal);
}

}  // namespace

int guard_program(const std::vector<std::string>& arguments) {
  constexpr std::size_t own = 2;  // the parent's number and the grace
  if (arguments.size() <= own) {
    return 2;
  }
  const long parent = std::atol(arguments[0].c_str());
  const Duration grace = from_seconds(std::atof(arguments[1].c_str()));
  const std::vector<std::string> command(arguments.begin() + own, arguments.end());

  ::fcntl(start_report, F_SETFD, FD_CLOEXEC);
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
    report_no_start(errno);
  }
  if (program == 0) {
    become(command);
  }
  ::setpgid(program, program);
  ::close(start_report);
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
    if (const auto status = reap(program)) {
      kill_descendants();
      if (WIFSIGNALED(*status)) {
        end_by(WTERMSIG(*status));
      }
      return WEXITSTATUS(*status);
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
      end_by(SIGKILL);
    }
  }
}

}  // namespace twostep
