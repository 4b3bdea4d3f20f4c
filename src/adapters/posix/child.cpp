#include "adapters/posix/child.hpp"

#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <map>

#include "adapters/posix/clock.hpp"
#include "adapters/posix/exec.hpp"
#include "twostep/base/error.hpp"

namespace twostep {
namespace {

struct Ends {
  int ours = -1;
  int theirs = -1;
};

Ends make_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    throw Error(ErrorKind::internal, Problem{"pipe", "cannot be made", std::strerror(errno), ""});
  }
  return {ends[0], ends[1]};
}

// Where stderr is a terminal, its reader should see one too.
Ends make_channel() {
  winsize size{};
  if (::isatty(STDERR_FILENO) != 1 || ::ioctl(STDERR_FILENO, TIOCGWINSZ, &size) != 0) {
    return make_pipe();
  }
  const int ours = ::posix_openpt(O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (ours < 0 || ::grantpt(ours) != 0 || ::unlockpt(ours) != 0) {
    return make_pipe();
  }
  const int theirs = ::open(::ptsname(ours), O_RDWR | O_NOCTTY | O_CLOEXEC);
  if (theirs < 0) {
    ::close(ours);
    return make_pipe();
  }
  termios mode{};
  ::tcgetattr(theirs, &mode);
  mode.c_oflag &= ~static_cast<tcflag_t>(OPOST);  // our terminal does that
  ::tcsetattr(theirs, TCSANOW, &mode);
  ::ioctl(theirs, TIOCSWINSZ, &size);
  return {ours, theirs};
}

// Only calls that are allowed between fork and exec.
[[noreturn]] void become(char* const* arguments, int out, int err, bool own_group) {
  if (own_group) {
    ::setpgid(0, 0);
    ::prctl(PR_SET_PDEATHSIG, SIGTERM);
  }
  const int nothing = ::open("/dev/null", O_RDONLY);
  ::dup2(nothing, STDIN_FILENO);
  if (out >= 0) {
    ::dup2(out, STDOUT_FILENO);
  }
  if (err >= 0) {
    ::dup2(err, STDERR_FILENO);
  }
  ::execvp(arguments[0], arguments);
  const char text[] = ": no such program\n";
  static_cast<void>(::write(STDERR_FILENO, arguments[0], std::strlen(arguments[0])) +
                    ::write(STDERR_FILENO, text, sizeof text - 1));
  ::_exit(cannot_execute);
}

pid_t fork_or_throw() {
  const SignalsHeld held;
  const pid_t pid = ::fork();
  if (pid == 0) {
    default_signals();
  }
  if (pid < 0) {
    throw Error(ErrorKind::internal, Problem{"fork", "failed", std::strerror(errno), ""});
  }
  return pid;
}

int exit_status(int status) {
  constexpr int killed = 128;
  return WIFEXITED(status) ? WEXITSTATUS(status) : killed + WTERMSIG(status);
}

}  // namespace

Child::Child(const std::vector<std::string>& command) {
  const Ends ends = make_channel();
  auto arguments = exec_words(command);
  const pid_t pid = fork_or_throw();
  if (pid == 0) {
    become(arguments.data(), -1, ends.theirs, true);
  }
  pid_ = pid;
  ::setpgid(pid, pid);
  ::close(ends.theirs);
  stderr_ = ends.ours;
  ::fcntl(stderr_, F_SETFL, ::fcntl(stderr_, F_GETFL) | O_NONBLOCK);
}

Child::~Child() {
  if (!ended()) {
    signal_group(SIGKILL);
    int status = 0;
    ::waitpid(static_cast<pid_t>(pid_), &status, 0);
  }
  ::close(stderr_);
}

std::optional<int> Child::ended() {
  int status = 0;
  if (!status_ && ::waitpid(static_cast<pid_t>(pid_), &status, WNOHANG) == pid_) {
    status_ = exit_status(status);
  }
  return status_;
}

std::string Child::relay() {
  std::string out;
  char buffer[4096];
  ssize_t n = 0;
  while ((n = ::read(stderr_, buffer, sizeof buffer)) > 0) {
    out.append(buffer, static_cast<std::size_t>(n));
  }
  for (std::size_t done = 0; done < out.size();) {
    const ssize_t written = ::write(STDERR_FILENO, out.data() + done, out.size() - done);
    if (written <= 0) {
      break;
    }
    done += static_cast<std::size_t>(written);
  }
  return out;
}

void Child::signal(int number) {
  if (!ended()) {
    ::kill(static_cast<pid_t>(pid_), number);
  }
}

void Child::signal_group(int number) {
  if (!ended()) {
    ::kill(-static_cast<pid_t>(pid_), number);
  }
}

std::optional<std::string> output_of(const std::vector<std::string>& command) {
  const Ends ends = make_pipe();
  auto arguments = exec_words(command);
  const pid_t pid = fork_or_throw();
  if (pid == 0) {
    const int quiet = ::open("/dev/null", O_WRONLY);
    become(arguments.data(), ends.theirs, quiet, false);
  }
  ::close(ends.theirs);
  std::string out;
  char buffer[4096];
  ssize_t n = 0;
  while ((n = ::read(ends.ours, buffer, sizeof buffer)) > 0 || (n < 0 && errno == EINTR)) {
    out.append(buffer, static_cast<std::size_t>(std::max<ssize_t>(n, 0)));
  }
  ::close(ends.ours);
  int status = 0;
  ::waitpid(pid, &status, 0);
  return exit_status(status) == 0 ? std::optional(out) : std::nullopt;
}

void adopt_orphans() {
  ::prctl(PR_SET_CHILD_SUBREAPER, 1);
}

int kill_descendants() {
  int killed = 0;
  constexpr int most_rounds = 100;  // one in uninterruptible sleep does not end
  bool found = true;
  for (int round = 0; found && round < most_rounds; ++round) {
    found = false;
    std::multimap<long, long> children;
    std::error_code error;
    for (const auto& entry : std::filesystem::directory_iterator("/proc", error)) {
      const long pid = std::atol(entry.path().filename().c_str());
      std::ifstream file(entry.path() / "stat");
      std::string text;
      if (pid <= 0 || !std::getline(file, text) || text.rfind(')') == std::string::npos) {
        continue;
      }
      const long parent = std::atol(text.c_str() + text.rfind(')') + 4);
      children.emplace(parent, pid);
    }
    std::vector<long> todo{::getpid()};
    while (!todo.empty()) {
      const long parent = todo.back();
      todo.pop_back();
      const auto [first, last] = children.equal_range(parent);
      for (auto at = first; at != last; ++at) {
        todo.push_back(at->second);
        killed += ::kill(static_cast<pid_t>(at->second), SIGKILL) == 0 ? 1 : 0;
        found = true;
      }
    }
    while (::waitpid(-1, nullptr, WNOHANG) > 0) {
    }
    if (found) {
      wait_for(std::chrono::milliseconds(20));
    }
  }
  return killed;
}

}  // namespace twostep
