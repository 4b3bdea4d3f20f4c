#include "adapters/posix/posix_files.hpp"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <cstring>

#include "twostep/base/error.hpp"

namespace twostep {
namespace {

[[noreturn]] void fail(const std::string& path, const std::string& what, int error) {
  std::string hint;
  if (error == ENOSPC || error == EDQUOT) {
    hint = "free some space; nothing recorded is lost, so run the study again afterwards";
  } else if (error == EACCES || error == EROFS) {
    hint = "check the permissions, or put study.directory elsewhere";
  }
  throw Error(ErrorKind::io, Problem{path, what, std::strerror(error), hint});
}

void sync_folder_of(const std::string& path) {
  const std::string folder = path.substr(0, path.rfind('/') + 1);
  const int fd = ::open(folder.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (fd < 0) {
    fail(folder, "cannot be opened", errno);
  }
  const int result = ::fsync(fd);
  const int error = errno;
  ::close(fd);
  if (result != 0 && error != EINVAL) {  // EINVAL: this file system does not sync folders
    fail(folder, "cannot be made durable", error);
  }
}

void write_all(int fd, const std::string& path, std::string_view bytes) {
  while (!bytes.empty()) {
    const ssize_t n = ::write(fd, bytes.data(), bytes.size());
    if (n < 0 && errno != EINTR) {
      fail(path, "cannot be written", errno);
    }
    bytes.remove_prefix(n < 0 ? 0 : static_cast<std::size_t>(n));
  }
}

class PosixAppendFile : public AppendFile {
 public:
  PosixAppendFile(int fd, std::string path) : fd_(fd), path_(std::move(path)) {}
  PosixAppendFile(const PosixAppendFile&) = delete;
  PosixAppendFile& operator=(const PosixAppendFile&) = delete;
  ~PosixAppendFile() override { ::close(fd_); }

  void append(std::string_view bytes) override { write_all(fd_, path_, bytes); }
  void sync() override {
    if (::fdatasync(fd_) != 0) {
      fail(path_, "cannot be made durable", errno);
    }
  }

 private:
  int fd_;
  std::string path_;
};

class PosixFiles : public Files {
 public:
  explicit PosixFiles(std::string folder) : folder_(std::move(folder)) {}

  [[nodiscard]] std::unique_ptr<AppendFile> create_exclusive(const std::string& name) override {
    const std::string path = place(name);
    const int fd =
        ::open(path.c_str(), O_WRONLY | O_CREAT | O_EXCL | O_APPEND | O_NOFOLLOW | O_CLOEXEC, 0666);
    if (fd < 0 && errno == EEXIST) {
      throw Error(ErrorKind::study,
                  Problem{path, "exists already", "another run of this study has just made it",
                          "wait for it, or end it"});
    }
    if (fd < 0) {
      fail(path, "cannot be created", errno);
    }
    auto file = std::make_unique<PosixAppendFile>(fd, path);
    sync_folder_of(path);
    return file;
  }

  [[nodiscard]] std::optional<std::string> read_from(const std::string& name,
                                                     std::uint64_t byte) override {
    const std::string path = place(name);
    const int fd = ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
      if (errno == ENOENT || errno == ENOTDIR) {
        return std::nullopt;
      }
      fail(path, "cannot be opened", errno);
    }
    std::string out;
    struct stat info {};
    const auto from = static_cast<off_t>(byte);
    if (::fstat(fd, &info) == 0 && info.st_size > from) {
      out.reserve(static_cast<std::size_t>(info.st_size - from));
    }
    if (from > 0 && ::lseek(fd, from, SEEK_SET) < 0) {
      const int error = errno;
      ::close(fd);
      fail(path, "cannot be read", error);
    }
    std::string buffer(1U << 20, '\0');
    ssize_t n = 0;
    while ((n = ::read(fd, buffer.data(), buffer.size())) != 0) {
      if (n < 0 && errno != EINTR) {
        const int error = errno;
        ::close(fd);
        fail(path, "cannot be read", error);
      }
      out.append(buffer.data(), n < 0 ? 0 : static_cast<std::size_t>(n));
    }
    ::close(fd);
    return out;
  }

  void replace(const std::string& name, std::string_view bytes) override {
    const std::string path = place(name);
    const std::string temporary = path + ".partial";
    constexpr int flags = O_WRONLY | O_CREAT | O_TRUNC | O_NOFOLLOW | O_CLOEXEC;
    int fd = ::open(temporary.c_str(), flags, 0666);
    if (fd < 0 && errno == ELOOP) {  // somebody's link, maybe to a file that is not ours
      ::unlink(temporary.c_str());
      fd = ::open(temporary.c_str(), flags, 0666);
    }
    if (fd < 0) {
      fail(path, "cannot be written", errno);
    }
    try {
      write_all(fd, path, bytes);
    } catch (...) {
      ::close(fd);
      ::unlink(temporary.c_str());
      throw;
    }
    const bool synced = ::fsync(fd) == 0;
    const int error = errno;
    ::close(fd);
    if (!synced) {
      fail(path, "cannot be made durable", error);
    }
    if (::rename(temporary.c_str(), path.c_str()) != 0) {
      fail(path, "cannot be put in its place", errno);
    }
    sync_folder_of(path);
  }

  [[nodiscard]] std::vector<std::string> list(const std::string& name) override {
    const std::string path = place(name);
    DIR* folder = ::opendir(path.c_str());
    if (folder == nullptr) {
      if (errno == ENOENT || errno == ENOTDIR) {
        return {};
      }
      fail(path, "cannot be listed", errno);
    }
    std::vector<std::string> names;
    while (const dirent* entry = ::readdir(folder)) {
      const std::string found = entry->d_name;
      if (found != "." && found != "..") {
        names.push_back(found);
      }
    }
    ::closedir(folder);
    std::sort(names.begin(), names.end());
    return names;
  }

  void remove(const std::string& name) override {
    const std::string path = place(name);
    if (std::remove(path.c_str()) != 0 && errno != ENOENT && errno != ENOTDIR) {
      fail(path, "cannot be removed", errno);
    }
  }

  void make_folder(const std::string& name) override {
    const std::string path = place(name);
    for (std::size_t at = path.find('/', 1);; at = path.find('/', at + 1)) {
      const std::string part = path.substr(0, at);
      if (::mkdir(part.c_str(), 0777) != 0 && errno != EEXIST) {
        fail(part, "the folder cannot be made", errno);
      }
      if (at == std::string::npos) {
        break;
      }
    }
    struct stat info {};
    if (::stat(path.c_str(), &info) != 0 || !S_ISDIR(info.st_mode)) {
      fail(path, "is not a folder", ENOTDIR);
    }
  }

 private:
  std::string folder_;

  [[nodiscard]] std::string place(const std::string& name) const {
    return name.empty() ? folder_ : folder_ + "/" + name;
  }
};

}  // namespace

std::unique_ptr<Files> make_posix_files(const std::string& folder) {
  return std::make_unique<PosixFiles>(folder);
}

}  // namespace twostep
