// Port: the few file operations that the control plane needs, with the durability that it needs.
// Paths are relative to the study directory that an implementation was made for, with '/' between
// parts. All calls throw Error{io} with the path and the system's reason (Error{study} for
// create_exclusive on an existing file).
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace twostep {

class AppendFile {
 public:
  virtual ~AppendFile() = default;
  virtual void append(std::string_view bytes) = 0;
  virtual void sync() = 0;  // when it returns, all appended bytes survive a power loss
};

class Files {
 public:
  virtual ~Files() = default;
  // A new file, opened for appending; its name is durable when this returns. Two processes cannot
  // both succeed.
  [[nodiscard]] virtual std::unique_ptr<AppendFile> create_exclusive(const std::string& path) = 0;
  // From a byte on; beyond the end nothing. nullopt: no such file.
  [[nodiscard]] virtual std::optional<std::string> read_from(const std::string& path,
                                                             std::uint64_t byte) = 0;
  [[nodiscard]] std::optional<std::string> read(const std::string& path) {
    return read_from(path, 0);
  }
  // Readers see the old or the new content, never a mixture, also after a power loss (temporary,
  // sync, rename, sync).
  virtual void replace(const std::string& path, std::string_view bytes) = 0;
  [[nodiscard]] virtual std::vector<std::string> list(
      const std::string& folder) = 0;                     // names, sorted; none: empty
  virtual void remove(const std::string& path) = 0;       // no error if absent
  virtual void make_folder(const std::string& path) = 0;  // with parents; no error if present
};

}  // namespace twostep
