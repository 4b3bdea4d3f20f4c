#include "twostep/sim/mem_files.hpp"

#include <algorithm>

#include "twostep/base/error.hpp"

namespace twostep {

class MemFiles::Appender : public AppendFile {
 public:
  Appender(MemFiles& files, std::shared_ptr<File> file, std::string path)
      : files_(files), file_(std::move(file)), path_(std::move(path)) {}
  void append(std::string_view bytes) override {
    files_.take_room(path_, bytes.size());
    file_->pending += bytes;
  }
  void sync() override {
    const bool loss = ++files_.syncs_ == files_.loss_at_sync_;
    if (loss && !files_.loss_after_) {
      throw PowerLoss{};
    }
    file_->durable += file_->pending;
    file_->pending.clear();
    if (loss) {
      throw PowerLoss{};
    }
  }

 private:
  MemFiles& files_;
  std::shared_ptr<File> file_;
  std::string path_;
};

void MemFiles::take_room(const std::string& path, std::size_t bytes) {
  if (room_ < 0) {
    return;
  }
  if (static_cast<std::int64_t>(bytes) > room_) {
    throw Error(ErrorKind::io, Problem{path, "cannot be written", "No space left on device", ""});
  }
  room_ -= static_cast<std::int64_t>(bytes);
}

std::unique_ptr<AppendFile> MemFiles::create_exclusive(const std::string& path) {
  if (files_.count(path) > 0) {
    throw Error(ErrorKind::study, Problem{path, "exists already", "", ""});
  }
  take_room(path, 0);
  auto file = std::make_shared<File>();
  files_[path] = file;
  return std::make_unique<Appender>(*this, file, path);
}

std::optional<std::string> MemFiles::read_from(const std::string& path, std::uint64_t byte) {
  const auto found = files_.find(path);
  if (found == files_.end()) {
    return std::nullopt;
  }
  const std::string all = found->second->durable + found->second->pending;
  return all.substr(std::min<std::size_t>(byte, all.size()));
}

void MemFiles::replace(const std::string& path, std::string_view bytes) {
  take_room(path, bytes.size());
  auto file = std::make_shared<File>();
  file->durable = bytes;
  files_[path] = file;
}

std::vector<std::string> MemFiles::list(const std::string& folder) {
  std::set<std::string> names;
  const std::string prefix = folder.empty() ? "" : folder + "/";
  const auto add = [&](const std::string& path) {
    if (path.size() > prefix.size() && path.compare(0, prefix.size(), prefix) == 0) {
      names.insert(path.substr(prefix.size(), path.find('/', prefix.size()) - prefix.size()));
    }
  };
  for (const auto& [path, file] : files_) {
    add(path);
  }
  for (const std::string& path : folders_) {
    add(path);
  }
  return {names.begin(), names.end()};
}

void MemFiles::remove(const std::string& path) {
  files_.erase(path);
  folders_.erase(path);
}

void MemFiles::make_folder(const std::string& path) {
  if (files_.count(path) > 0) {
    throw Error(ErrorKind::io, Problem{path, "is not a folder", "", ""});
  }
  for (std::size_t at = path.find('/'); at != std::string::npos; at = path.find('/', at + 1)) {
    folders_.insert(path.substr(0, at));
  }
  if (!path.empty()) {
    folders_.insert(path);
  }
}

void MemFiles::crash(const Rng& rng, std::uint64_t draw) {
  std::uint32_t lane = 0;
  for (auto& [path, file] : files_) {
    if (!file->pending.empty()) {
      const std::uint64_t kept = rng.below(file->pending.size() + 1, draw, lane++);
      file->durable += file->pending.substr(0, kept);
      file->pending.clear();
    }
    // Whoever still holds the old file writes into the void from now on, unless it is given back.
  }
}

}  // namespace twostep
