#include "adapters/posix/study_lock.hpp"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <ctime>

#include "adapters/posix/clock.hpp"
#include "adapters/posix/host.hpp"
#include "twostep/base/error.hpp"
#include "twostep/base/log.hpp"

namespace twostep {
namespace {

std::string holder_text() {
  char when[32];
  const std::time_t now = std::time(nullptr);
  std::tm parts{};
  ::localtime_r(&now, &parts);
  std::strftime(when, sizeof when, "%Y-%m-%d %H:%M:%S", &parts);
  std::string job;
  for (const char* name : {"SLURM_JOB_ID", "PBS_JOBID", "LSB_JOBID"}) {
    if (const auto id = environment(name); id && job.empty()) {
      job = " in job " + *id;
    }
  }
  return "process " + std::to_string(::getpid()) + " on " + host_name() + job + " since " + when;
}

std::string read_holder(int fd) {
  char text[256] = {};
  const ssize_t n = ::pread(fd, text, sizeof text - 1, 0);
  std::string out(text, n > 0 ? static_cast<std::size_t>(n) : 0);
  while (!out.empty() && out.back() == '\n') {
    out.pop_back();
  }
  return out.empty() ? "an unknown process" : out;
}

}  // namespace

StudyLock::StudyLock(const std::string& directory, Duration patience) {
  const std::string path = directory + "/lock";
  fd_ = ::open(path.c_str(), O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0666);
  if (fd_ < 0) {
    throw Error(ErrorKind::io, Problem{path, "cannot be opened", std::strerror(errno),
                                       "check the permissions of study.directory"});
  }
  PosixClock clock;
  const Time begun = clock.now();
  while (::flock(fd_, LOCK_EX | LOCK_NB) != 0) {
    if (errno != EWOULDBLOCK) {
      log(LogLevel::warning, path + ": this file system has no locks (" + std::strerror(errno) +
                                 "); take care that no second run is started");
      break;
    }
    if (clock.now() - begun >= patience) {
      const std::string holder = read_holder(fd_);
      ::close(fd_);
      throw Error(ErrorKind::study,
                  Problem{directory, "this study directory is held by another run", holder,
                          "wait for it, end it, or use another study.directory"});
    }
    wait_for(std::chrono::milliseconds(100));
  }
  const std::string text = holder_text() + "\n";
  if (::ftruncate(fd_, 0) != 0 || ::pwrite(fd_, text.data(), text.size(), 0) < 0) {
    log(LogLevel::warning, path + ": cannot note who holds it: " + std::strerror(errno));
  }
}

StudyLock::~StudyLock() {
  if (fd_ >= 0) {
    ::close(fd_);
  }
}

}  // namespace twostep
