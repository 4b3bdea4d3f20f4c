#include "adapters/posix/program.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>
#include <utility>

#include "adapters/posix/exec.hpp"
#include "adapters/posix/host.hpp"
#include "twostep/base/error.hpp"

extern char** environ;  // NOLINT: POSIX names it so

namespace twostep {
namespace {

// Open MPI, MPICH's Hydra, PMI and PMIx, Slurm, PALS, JSM, Flux.
constexpr const char* of_launchers[] = {
    "OMPI_",  "OPAL_",   "ORTE_", "PRTE_",           "PMIX_",           "PMI_", "HYDRA_", "HYDI_",
    "SLURM_", "SLURMD_", "PALS_", "MPI_LOCALRANKID", "MPI_LOCALNRANKS", "JSM_", "FLUX_"};

[[noreturn]] void refuse_start(const std::string& what) {
  throw Error(ErrorKind::resources, Problem{what, "failed", std::strerror(errno), ""});
}

// Its reading end does not block.
class OutputPipe {
 public:
  OutputPipe() {
    if (::pipe2(ends_, O_CLOEXEC) != 0) {
      refuse_start("pipe");
    }
    ::fcntl(ends_[0], F_SETFL, ::fcntl(ends_[0], F_GETFL) | O_NONBLOCK);
  }
  OutputPipe(const OutputPipe&) = delete;
  OutputPipe& operator=(const OutputPipe&) = delete;
  ~OutputPipe() {
    for (const int end : ends_) {
      if (end >= 0) {
        ::close(end);
      }
    }
  }
  [[nodiscard]] int writer() const { return ends_[1]; }
  [[nodiscard]] int take_reader() { return std::exchange(ends_[0], -1); }

 private:
  int ends_[2] = {-1, -1};
};

void close_others() {
#ifdef SYS_close_range
  if (::syscall(SYS_close_range, start_report + 1U, ~0U, 0U) == 0) {
    return;
  }
#endif
  constexpr int many = 4096;
  for (int fd = start_report + 1; fd < many; ++fd) {
    ::close(fd);
  }
}

}  // namespace

std::vector<std::pair<std::string, std::string>> environment_of_programs() {
  std::vector<std::pair<std::string, std::string>> out;
  for (char** at = environ; *at != nullptr; ++at) {
    const std::string entry = *at;
    const bool of_ranks =
        std::any_of(std::begin(of_launchers), std::end(of_launchers),
                    [&](const char* prefix) { return entry.starts_with(prefix); });
    const std::size_t equals = entry.find('=');
    if (!of_ranks && equals != std::string::npos) {
      out.emplace_back(entry.substr(0, equals), entry.substr(equals + 1));
    }
  }
  return out;
}

void Excerpt::add(const std::string& text) {
  const std::size_t to_head = std::min<std::size_t>(text.size(), half_ - head_.size());
  head_.append(text, 0, to_head);
  tail_.append(text, to_head, std::string::npos);
  if (tail_.size() > 2 * half_) {  // seldom, so that it costs nothing per byte
    left_out_ += tail_.size() - half_;
    tail_.erase(0, tail_.size() - half_);
  }
}

std::string Excerpt::text() const {
  const std::size_t kept = std::min<std::size_t>(tail_.size(), half_);
  const std::uint64_t left_out = left_out_ + (tail_.size() - kept);
  const std::string note =
      left_out > 0 ? "\n... " + std::to_string(left_out) + " bytes are left out ...\n" : "";
  return head_ + note + tail_.substr(tail_.size() - kept);
}

std::string end_text(const ProgramEnd& end) {
  constexpr int by_signal = 128;  // as shells have it of the last command in them
  const auto named = [](int signal) {
    return std::to_string(signal) + " (" + ::strsignal(signal) + ")";
  };
  if (end.signal != 0) {
    return "was ended by signal " + named(end.signal);
  }
  const bool of_shell = end.code > by_signal && end.code < by_signal + SIGRTMIN;
  return "ended with exit code " + std::to_string(end.code) +
         (of_shell ? ", by which shells mean signal " + named(end.code - by_signal) : "");
}

Program::Program(const ProgramOptions& options) {
  struct sigaction reaped {};
  if (::sigaction(SIGCHLD, nullptr, &reaped) == 0 && reaped.sa_handler == SIG_IGN) {
    ::signal(SIGCHLD, SIG_DFL);  // ignored, it would take the guard's exit code with it
  }
  OutputPipe out;
  OutputPipe err;
  OutputPipe start;
  std::vector<std::string> words{own_program(), "guard", std::to_string(own_pid()),
                                 std::to_string(options.grace_seconds)};
  words.insert(words.end(), options.command.begin(), options.command.end());
  std::vector<std::string> entries;
  for (const auto& [name, value] : options.environment) {
    entries.push_back(name + "=" + value);
  }
  auto arguments = exec_words(words);
  auto variables = exec_words(entries);
  const SignalsHeld held;  // the guard lets go of them
  const pid_t pid = ::fork();
  if (pid < 0) {
    refuse_start("fork");
  }
  if (pid == 0) {  // only calls that are allowed between fork and exec
    ::setpgid(0, 0);
    const int nothing = ::open("/dev/null", O_RDONLY);
    ::dup2(nothing, STDIN_FILENO);
    ::dup2(out.writer(), STDOUT_FILENO);
    ::dup2(err.writer(), STDERR_FILENO);
    ::dup2(start.writer(), start_report);
    ::fcntl(start_report, F_SETFD, 0);  // where it was that already
    close_others();                     // locks and connections are not the program's to hold
    ::execve(arguments[0], arguments.data(), variables.data());
    report_no_start(errno);
  }
  guard_ = pid;
  out_ = out.take_reader();
  err_ = err.take_reader();
  start_ = start.take_reader();
}

Program::~Program() {
  terminate();
  while (!end_) {
    read(std::chrono::milliseconds(100));
  }
}

void Program::drain(int& from, std::string& to) {
  char buffer[16384];
  ssize_t n = 0;
  while (from >= 0 && (n = ::read(from, buffer, sizeof buffer)) != 0) {
    if (n < 0) {
      if (errno == EINTR) {
        continue;
      }
      return;
    }
    to.append(buffer, static_cast<std::size_t>(n));
    if (to.size() > sizeof buffer * 64) {
      return;  // its reader comes again
    }
  }
  if (from >= 0) {
    ::close(from);
    from = -1;
  }
}

void Program::note_end(int status) {
  end_.emplace();
  if (WIFSIGNALED(status)) {
    end_->signal = WTERMSIG(status);
  } else {
    end_->code = WEXITSTATUS(status);
  }
  int error = 0;
  if (::read(start_, &error, sizeof error) == sizeof error) {
    end_->start_error = error;
  }
  for (int* end : {&out_, &err_, &start_}) {
    if (*end >= 0) {
      ::close(*end);
      *end = -1;
    }
  }
}

Program::Output Program::read(Duration longest) {
  Output text;
  if (end_) {
    return text;
  }
  pollfd ends[2] = {{out_, POLLIN, 0}, {err_, POLLIN, 0}};
  const auto wait = std::chrono::duration_cast<std::chrono::milliseconds>(longest).count();
  ::poll(ends, 2, static_cast<int>(wait));
  int status = 0;
  const pid_t ended = ::waitpid(static_cast<pid_t>(guard_), &status, WNOHANG);
  const bool gone = ended < 0 && errno == ECHILD;  // somebody else has reaped it
  const bool over = gone || ended == guard_;
  do {  // what it wrote before its end is in the pipes
    drain(out_, text.out);
    drain(err_, text.err);
  } while (over && ((out_ >= 0 && ::poll(ends, 1, 0) > 0 && (ends[0].revents & POLLIN) != 0) ||
                    (err_ >= 0 && ::poll(ends + 1, 1, 0) > 0 && (ends[1].revents & POLLIN) != 0)));
  if (over) {
    note_end(gone ? cannot_execute << 8 : status);
  } else if (out_ < 0 && err_ < 0) {
    ::usleep(static_cast<useconds_t>(std::min<long>(wait, 20)) * 1000);  // its pipes are closed
  }
  return text;
}

void Program::terminate() {
  if (!end_) {
    ::kill(static_cast<pid_t>(guard_), SIGTERM);
  }
}

}  // namespace twostep
