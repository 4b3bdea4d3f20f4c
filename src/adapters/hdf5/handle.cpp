#include "adapters/hdf5/handle.hpp"

#include <fcntl.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include <cerrno>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <vector>

#include "twostep/base/error.hpp"

namespace twostep::hdf5 {
namespace {

// HDF5 keeps the outermost call first; the last entry says what really happened.
herr_t keep_last(unsigned, const H5E_error2_t* entry, void* out) {
  if (entry->desc != nullptr && entry->desc[0] != '\0') {
    *static_cast<std::string*>(out) = entry->desc;
  }
  return 0;
}

// Of a failed system call HDF5 tells a long story, in the middle of which stands what the system
// said.
std::string system_reason(const std::string& text) {
  const std::string mark = "error message = '";
  const std::size_t begin = text.find(mark);
  if (begin == std::string::npos) {
    return text;
  }
  const std::size_t from = begin + mark.size();
  return text.substr(from, text.find('\'', from) - from);
}

void sync_path(const std::string& path, int flags) {
  const int fd = ::open(path.c_str(), flags);
  if (fd < 0 || ::fsync(fd) != 0) {
    const std::string why = std::strerror(errno);
    if (fd >= 0) {
      ::close(fd);
    }
    throw Error(ErrorKind::io, Problem{path, "cannot be made durable", why, ""});
  }
  ::close(fd);
}

std::string human(std::uint64_t bytes) {
  char out[32];
  std::snprintf(out, sizeof out, "%.1f MB", static_cast<double>(bytes) / 1e6);
  return out;
}

}  // namespace

void prepare_library() {
  static const bool once = [] {
    // Read by HDF5 itself; a user's own setting is left alone.
    setenv("HDF5_USE_FILE_LOCKING", "FALSE", 0);
    // A file that could not be written to its end cannot be closed either, and HDF5's own cleaning
    // up at the exit would crash over it. Everything is closed where it is used.
    H5dont_atexit();
    H5Eset_auto2(H5E_DEFAULT, nullptr, nullptr);
    return true;
  }();
  static_cast<void>(once);
}

std::string reason() {
  std::string out;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_UPWARD, &keep_last, &out);
  std::string innermost;
  H5Ewalk2(H5E_DEFAULT, H5E_WALK_DOWNWARD, &keep_last, &innermost);
  H5Eclear2(H5E_DEFAULT);
  return system_reason(innermost.empty() ? out : innermost);
}

void throw_io(const std::string& where, const std::string& what) {
  throw Error(ErrorKind::io, Problem{where, what, reason(), ""});
}

Handle reading_properties() {
  prepare_library();
  Handle access(H5Pcreate(H5P_FILE_ACCESS), &H5Pclose);
  H5Pset_sieve_buf_size(access.get(), 512);
  H5Pset_fclose_degree(access.get(), H5F_CLOSE_STRONG);
  return access;
}

std::string read_text_attribute(hid_t object, const char* name) {
  if (H5Aexists(object, name) <= 0) {
    return "";
  }
  const Handle attribute(H5Aopen(object, name, H5P_DEFAULT), &H5Aclose);
  const Handle type(H5Aget_type(attribute.get()), &H5Tclose);
  const Handle space(H5Aget_space(attribute.get()), &H5Sclose);
  if (H5Tget_class(type.get()) != H5T_STRING || H5Tis_variable_str(type.get()) > 0 ||
      H5Sget_simple_extent_npoints(space.get()) != 1) {
    return "";  // not one text of ours; an array of them would not fit below
  }
  std::string text(H5Tget_size(type.get()), '\0');
  if (H5Aread(attribute.get(), type.get(), text.data()) < 0) {
    reason();
    return "";
  }
  text.resize(std::strlen(text.c_str()));
  return text;
}

void write_text_attribute(hid_t object, const char* name, const std::string& text) {
  const Handle type(H5Tcopy(H5T_C_S1), &H5Tclose);
  H5Tset_size(type.get(), text.size() + 1);
  H5Tset_cset(type.get(), H5T_CSET_UTF8);
  const Handle space(H5Screate(H5S_SCALAR), &H5Sclose);
  // Attributes of the compact form end at 64 KB; a header with many columns is longer.
  const Handle attribute(
      H5Acreate2(object, name, type.get(), space.get(), H5P_DEFAULT, H5P_DEFAULT), &H5Aclose);
  if (!attribute.valid() || H5Awrite(attribute.get(), type.get(), text.c_str()) < 0) {
    throw_io(name, "an attribute cannot be written");
  }
}

void publish(const std::string& temporary, const std::string& path) {
  sync_path(temporary, O_RDWR);
  if (std::rename(temporary.c_str(), path.c_str()) != 0) {
    throw Error(ErrorKind::io,
                Problem{path, "cannot be put in its place", std::strerror(errno), ""});
  }
  const std::size_t slash = path.rfind('/');
  sync_path(slash == std::string::npos ? "." : path.substr(0, slash + 1), O_RDONLY | O_DIRECTORY);
}

void require_space(const std::string& path, std::uint64_t bytes, const std::string& for_what) {
  const std::string hint = "free some, or put study.directory elsewhere";
  const std::string what = "not enough space for " + for_what;
  ::unlink(path.c_str());  // a leftover, or somebody's link to a file that is not ours
  const int fd = ::open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
  if (fd < 0) {
    throw Error(ErrorKind::io, Problem{path, "cannot be created", std::strerror(errno), hint});
  }
  struct statvfs info {};
  const bool known = ::fstatvfs(fd, &info) == 0;
  const std::uint64_t free = static_cast<std::uint64_t>(info.f_bavail) * info.f_frsize;
  int error = known && free < bytes ? ENOSPC : 0;
  if (error == 0 && ::fallocate(fd, 0, 0, static_cast<off_t>(bytes)) != 0 && errno != EOPNOTSUPP &&
      errno != ENOSYS) {
    error = errno;
  }
  ::close(fd);
  ::unlink(path.c_str());
  if (error != 0) {
    throw Error(ErrorKind::io, Problem{path, what,
                                       human(bytes) + " are needed, " + human(free) +
                                           " are free (" + std::strerror(error) + ")",
                                       hint});
  }
}

}  // namespace twostep::hdf5
