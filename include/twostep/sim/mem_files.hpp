// The files port in memory, as unkind as a file system may be: what was not synced is lost in a
// crash, but for a piece of it that may have reached the disk; the disk may be full.
#pragma once

#include <map>
#include <memory>
#include <set>

#include "twostep/base/rng.hpp"
#include "twostep/ports/files.hpp"

namespace twostep {

struct PowerLoss {};  // what a process does not live to see

class MemFiles : public Files {
 public:
  [[nodiscard]] std::unique_ptr<AppendFile> create_exclusive(const std::string& path) override;
  [[nodiscard]] std::optional<std::string> read_from(const std::string& path,
                                                     std::uint64_t byte) override;
  void replace(const std::string& path, std::string_view bytes) override;
  [[nodiscard]] std::vector<std::string> list(const std::string& folder) override;
  void remove(const std::string& path) override;
  void make_folder(const std::string& path) override;

  // Power loss: of the bytes that were appended but not synced, the first part (drawn) stays.
  void crash(const Rng& rng, std::uint64_t draw);
  // The sync that is `ahead` syncs away does not return: it throws PowerLoss, before its bytes are
  // durable or after.
  void lose_power_at_sync(std::uint64_t ahead, bool after) {
    loss_at_sync_ = ahead == 0 ? 0 : syncs_ + ahead;
    loss_after_ = after;
  }
  // From now on at most this many more bytes can be written; negative: no limit.
  void limit(std::int64_t bytes) { room_ = bytes; }
  [[nodiscard]] std::uint64_t syncs() const { return syncs_; }

 private:
  class Appender;
  struct File {
    std::string durable;
    std::string pending;
  };
  std::map<std::string, std::shared_ptr<File>> files_;
  std::set<std::string> folders_;
  std::int64_t room_ = -1;
  std::uint64_t syncs_ = 0;
  std::uint64_t loss_at_sync_ = 0;  // 0: none
  bool loss_after_ = false;

  void take_room(const std::string& path, std::size_t bytes);
};

}  // namespace twostep
