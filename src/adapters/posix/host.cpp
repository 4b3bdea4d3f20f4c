#include "adapters/posix/host.hpp"

#include <fcntl.h>
#include <glob.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <unistd.h>

#include <climits>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "twostep/base/error.hpp"

namespace twostep {
namespace {

volatile std::sig_atomic_t noted_signal = 0;
volatile std::sig_atomic_t noted_terms = 0;

extern "C" void note_signal(int signal) {
  if (noted_signal == 0) {
    noted_signal = signal;
  }
  if (signal == SIGTERM) {
    noted_terms = noted_terms + 1;
  }
}

}  // namespace

std::string host_name() {
  char name[HOST_NAME_MAX + 1] = {};
  return ::gethostname(name, sizeof name - 1) == 0 ? name : "unknown";
}

std::string cpu_set() {
  cpu_set_t set;
  CPU_ZERO(&set);
  if (::sched_getaffinity(0, sizeof set, &set) != 0) {
    return "?";
  }
  std::string out;
  for (int i = 0; i < CPU_SETSIZE; ++i) {
    if (!CPU_ISSET(i, &set)) {
      continue;
    }
    int last = i;
    while (last + 1 < CPU_SETSIZE && CPU_ISSET(last + 1, &set)) {
      ++last;
    }
    out += (out.empty() ? "" : ",") + std::to_string(i);
    if (last > i) {
      out += "-" + std::to_string(last);
    }
    i = last;
  }
  return out;
}

int cpu_count() {
  cpu_set_t set;
  CPU_ZERO(&set);
  return ::sched_getaffinity(0, sizeof set, &set) == 0 ? CPU_COUNT(&set) : 1;
}

std::optional<int> stderr_terminal() {
  const char* kind = std::getenv("TERM");
  if (kind == nullptr || std::string(kind) == "dumb") {
    return std::nullopt;
  }
  const auto width = [](int descriptor) -> std::optional<int> {
    if (::isatty(descriptor) != 1) {
      return std::nullopt;
    }
    winsize size{};
    return ::ioctl(descriptor, TIOCGWINSZ, &size) == 0 && size.ws_col > 0 ? size.ws_col : 80;
  };
  if (const auto own = width(STDERR_FILENO)) {
    return own;
  }
  if (!environment("OMPI_COMM_WORLD_SIZE") && !environment("PMI_SIZE") &&
      !environment("PMIX_RANK")) {
    return std::nullopt;
  }
  const std::string path = "/proc/" + std::to_string(::getppid()) + "/fd/2";
  const int descriptor = ::open(path.c_str(), O_WRONLY | O_NOCTTY | O_CLOEXEC);
  if (descriptor < 0) {
    return std::nullopt;
  }
  const auto launcher = width(descriptor);
  ::close(descriptor);
  return launcher;
}

std::optional<std::string> environment(const std::string& name) {
  const char* value = std::getenv(name.c_str());
  return value == nullptr ? std::nullopt : std::optional<std::string>(value);
}

void set_environment(const std::string& name, const std::string& value) {
  ::setenv(name.c_str(), value.c_str(), 0);
}

std::vector<std::string> expand_pattern(const std::string& pattern) {
  glob_t found{};
  std::vector<std::string> out;
  if (::glob(pattern.c_str(), GLOB_BRACE | GLOB_TILDE, nullptr, &found) == 0) {
    out.assign(found.gl_pathv, found.gl_pathv + found.gl_pathc);
  }
  ::globfree(&found);
  return out;
}

bool exists(const std::string& path) {
  return ::access(path.c_str(), F_OK) == 0;
}

std::string real_path(const std::string& path) {
  std::error_code error;
  const auto out = std::filesystem::weakly_canonical(path, error);
  return error ? path : out.string();
}

void remove_tree(const std::string& path) {
  std::error_code error;
  std::filesystem::remove_all(path, error);
  if (error) {
    throw Error(ErrorKind::io, Problem{path, "cannot be removed", error.message(), ""});
  }
}

void note_stop_signals() {
  struct sigaction action {};
  action.sa_handler = &note_signal;
  sigemptyset(&action.sa_mask);
  for (const int signal : {SIGTERM, SIGUSR1, SIGUSR2}) {
    ::sigaction(signal, &action, nullptr);
  }
  action.sa_flags = static_cast<int>(SA_RESETHAND);
  ::sigaction(SIGINT, &action, nullptr);
}

std::optional<std::string> stop_signal() {
  switch (noted_signal) {
    case 0:
      return std::nullopt;
    case SIGTERM:
      return "SIGTERM";
    case SIGINT:
      return "SIGINT";
    case SIGUSR2:
      return "SIGUSR2";
    default:
      return "SIGUSR1";
  }
}

int terms_noted() {
  return noted_terms;
}

long own_pid() {
  return ::getpid();
}

std::string own_program() {
  std::error_code error;
  const auto path = std::filesystem::read_symlink("/proc/self/exe", error);
  return error ? "twostep" : path.string();
}

std::string pid_space() {
  std::error_code error;
  const auto space = std::filesystem::read_symlink("/proc/self/ns/pid", error);
  std::ifstream boot("/proc/sys/kernel/random/boot_id");
  std::string machine;
  std::getline(boot, machine);
  return error || machine.empty() ? "" : machine + space.string();
}

bool process_lives(long pid) {
  std::ifstream file("/proc/" + std::to_string(pid) + "/stat");
  std::string text;
  std::getline(file, text);
  const auto name_end = text.rfind(')');
  if (name_end == std::string::npos || name_end + 2 >= text.size()) {
    return false;
  }
  const char state = text[name_end + 2];
  return state != 'Z' && state != 'X';
}

double peak_memory() {
  rusage usage{};
  return ::getrusage(RUSAGE_SELF, &usage) == 0 ? 1024.0 * static_cast<double>(usage.ru_maxrss) : 0;
}

}  // namespace twostep
