// The journal: the ordered events of a study, durable before anything follows from them. It is a
// folder of segments (journal/0001.jsonl, ...), each created exclusively by one run and appended to
// by nobody else. A run states in its first event which prefix of the older segments it accepted,
// so what a not-quite-dead older run adds later is ignored. A line is
// {"crc":"xxxxxxxx","seq":n,"event":...}; the checksum (CRC-32C) covers everything behind its
// comma. The form of every event is in docs/formats.md.
#pragma once

#include <cstdint>
#include <functional>
#include <memory>
#include <string>
#include <string_view>
#include <vector>

#include "twostep/control/snapshot.hpp"
#include "twostep/ports/files.hpp"
#include "twostep/study/event.hpp"

namespace twostep {

struct NumberedEvent {
  std::uint64_t seq = 0;
  Event event;
};

// One line with its newline; the inverse throws Error{study} without a place for a line that is not
// whole.
[[nodiscard]] std::string encode_event(const NumberedEvent& event);
[[nodiscard]] NumberedEvent decode_event(std::string_view line);

struct JournalContents {
  std::uint64_t last_seq = 0;
  std::uint32_t newest_segment = 0;
  std::vector<std::string>
      warnings;  // a torn tail that was cut off, bytes of an older run that were ignored
};

// Reads all accepted events in order. Error{study} with segment, line and byte offset for a damaged
// line that is not the tail of the last segment, and for a format that is newer than this program.
// What a snapshot holds is read from there. `snapshot` is given what it needs to be continued.
JournalContents read_journal(Files& files, const std::function<void(const NumberedEvent&)>& event,
                             SnapshotWriter* snapshot = nullptr);

// The number of the newest segment; 0: none.
[[nodiscard]] std::uint32_t newest_segment(Files& files);

// The segment of this run. append collects; flush makes all that was appended durable with one
// sync, then writes a part of the snapshot if one is due.
class JournalWriter {
 public:
  // Creates segment number `segment`, continuing behind last_seq.
  JournalWriter(Files& files, std::uint32_t segment, std::uint64_t last_seq,
                SnapshotWriter* snapshot = nullptr);
  void append(const Event& event);
  void flush();
  [[nodiscard]] std::uint64_t last_seq() const { return seq_; }

 private:
  Files& files_;
  std::unique_ptr<AppendFile> file_;
  SnapshotWriter* snapshot_;
  std::string buffer_;
  std::uint64_t seq_;
  JournalPlace place_;  // behind what was flushed
};

}  // namespace twostep
