#include "adapters/posix/program.hpp"

#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <csignal>
#include <cstdlib>
#include <cstring>

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

bool executable(const std::string& path) {
  struct stat status {};
  return ::stat(path.c_str(), &status) == 0 && S_ISREG(status.st_mode) &&
         ::access(path.c_str(), X_OK) == 0;
}

[[noreturn]] void refuse_start(const std::string& what) {
  throw Error(ErrorKind::resources, Problem{what, "failed", std::strerror(errno), ""});
}

std::pair<int, int> make_output_pipe() {
  int ends[2];
  if (::pipe2(ends, O_CLOEXEC) != 0) {
    refuse_start("pipe");
  }
  ::fcntl(ends[0], F_SETFL, ::fcntl(ends[0], F_GETFL) | O_NONBLOCK);
  return {ends[0], ends[1]};
}

void close_others() {
#ifdef SYS_close_range
  if (::syscall(SYS_close_range, 3U, ~0U, 0U) == 0) {
    return;
  }
#endif
  constexpr int many = 4096;
  for (int fd = 3; fd < many; ++fd) {
    ::close(fd);
  }
}

}  // namespace

std::optional<std::string> find_program(const std::string& name) {
  if (name.find('/') != std::string::npos) {
    return executable(name) ? std::optional(name) : std::nullopt;
  }
  const std::string path = environment("PATH").value_or("/usr/bin:/bin");
  for (std::size_t at = 0; at <= path.size();) {
    const std::size_t end = std::min(path.find(':', at), path.size());
    const std::string folder = end == at ? "." : path.substr(at, end - at);
    if (!name.empty() && executable(folder + "/" + name)) {
      return folder + "/" + name;
    }
    at = end + 1;
  }
  return std::nullopt;
}

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

Program::Program(const ProgramOptions& options) {
  struct sigaction reaped {};
  if (::sigaction(SIGCHLD, nullptr, &reaped) == 0 && reaped.sa_handler == SIG_IGN) {
    ::signal(SIGCHLD, SIG_DFL);  // ignored, it would take the guard's exit code with it
  }
  const auto out = make_output_pipe();
  const auto err = make_output_pipe();
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
    ::dup2(out.second, STDOUT_FILENO);
    ::dup2(err.second, STDERR_FILENO);
    close_others();  // locks and connections are not the program's to hold
    ::execve(arguments[0], arguments.data(), variables.data());
    ::_exit(cannot_execute);
  }
  guard_ = pid;
  ::close(out.second);
  ::close(err.second);
  out_ = out.first;
  err_ = err.first;
}

Program::~Program() {
  terminate();
  while (!status_) {
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

Program::Output Program::read(Duration longest) {
  Output text;
  if (status_) {
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
    status_ = gone                ? cannot_execute
              : WIFEXITED(status) ? WEXITSTATUS(status)
                                  : 128 + WTERMSIG(status);
    for (int* end : {&out_, &err_}) {
      if (*end >= 0) {
        ::close(*end);
        *end = -1;
      }
    }
  } else if (out_ < 0 && err_ < 0) {
    ::usleep(static_cast<useconds_t>(std::min<long>(wait, 20)) * 1000);  // its pipes are closed
  }
  return text;
}

void Program::terminate() {
  if (!status_) {
    ::kill(static_cast<pid_t>(guard_), SIGTERM);
  }
}

}  // namespace twostep
