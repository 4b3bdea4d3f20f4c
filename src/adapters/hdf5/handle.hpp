// Ownership of HDF5 identifiers, and errors with the reason that HDF5 gives.
#pragma once

#include <hdf5.h>

#include <string>
#include <utility>

namespace twostep::hdf5 {

using Close = herr_t (*)(hid_t);

class Handle {
 public:
  Handle() = default;
  Handle(hid_t id, Close close_function) : id_(id), close_(close_function) {}
  Handle(Handle&& other) noexcept : id_(std::exchange(other.id_, -1)), close_(other.close_) {}
  Handle& operator=(Handle&& other) noexcept {
    std::swap(id_, other.id_);
    std::swap(close_, other.close_);
    return *this;
  }
  Handle(const Handle&) = delete;
  Handle& operator=(const Handle&) = delete;
  ~Handle() {
    if (id_ >= 0) {
      close_(id_);
    }
  }
  [[nodiscard]] bool valid() const { return id_ >= 0; }
  [[nodiscard]] hid_t get() const { return id_; }
  // Gives the identifier up without closing it.
  void leave() { id_ = -1; }
  // Closes now and says whether that went well (what was buffered is written here).
  [[nodiscard]] bool close() { return id_ < 0 || close_(std::exchange(id_, -1)) >= 0; }

 private:
  hid_t id_ = -1;
  Close close_ = nullptr;
};

// Once per process: no printing of HDF5's error stack, no file locks (parallel file systems).
void prepare_library();
// The innermost message of HDF5's error stack, which it then clears.
std::string reason();
// Throws Error{io} for a failed call; where: a path.
[[noreturn]] void throw_io(const std::string& where, const std::string& what);

// Properties for opening a user's file: no locking, a sieve buffer that does not read far beyond
// what is asked for.
[[nodiscard]] Handle reading_properties();

[[nodiscard]] std::string read_text_attribute(hid_t object, const char* name);  // "" if absent
void write_text_attribute(hid_t object, const char* name, const std::string& text);

// Makes the file durable under its final name: sync, rename, sync of the folder. Throws Error{io}.
void publish(const std::string& temporary, const std::string& path);
// Throws Error{io} if a new file `path` could not grow to `bytes`: no space, a quota, a limit.
// Asked before a file is written together, since a write that fails on one rank alone leaves
// parallel HDF5 in a state that cannot be closed. Leaves no file behind.
void require_space(const std::string& path, std::uint64_t bytes, const std::string& for_what);

}  // namespace twostep::hdf5
