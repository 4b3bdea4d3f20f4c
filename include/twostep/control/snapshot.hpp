// The snapshot of a journal: the same events once more in a compact form, so that a long study is
// read back in a fraction of the time and memory. It is derived from the segments, which stay: a
// snapshot that is missing, damaged, of another version or not of the accepted history is left
// aside, and the segments are read.
//
// It grows by parts, journal/SSSS-LAST.events, each with the events since the part before up to
// event LAST, written by the run of segment SSSS when they are durable there. A part names its
// predecessor and that one's checksum, and says where in the segment the events behind it begin. So
// a part counts only as the end of a whole chain, and only if the later runs accepted its segment
// that far: what a run writes that should have been dead is never read. docs/formats.md has the
// bytes.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "twostep/base/bytes.hpp"
#include "twostep/ports/files.hpp"

namespace twostep {

struct NumberedEvent;

struct JournalPlace {  // in a segment, behind an event
  std::uint32_t segment = 0;
  std::uint64_t bytes = 0;
  std::uint64_t lines = 0;
};

struct SnapshotPart {
  std::string name;  // in journal/; empty: none
  std::uint32_t crc = 0;
  std::uint64_t last_seq = 0;
  JournalPlace place;
};

// Collects the events of a journal as they are read and appended, and writes a part when there are
// enough of them.
class SnapshotWriter {
 public:
  static constexpr std::uint32_t usual_events = 20'000;
  explicit SnapshotWriter(std::uint32_t events_per_part = usual_events)  // 0: never
      : events_per_part_(events_per_part) {}
  // The part that the next one continues.
  void continue_from(const SnapshotPart& part);
  // `line` is the event's journal line.
  void add(const NumberedEvent& event, std::string_view line);
  [[nodiscard]] bool due() const;
  // Writes a part that ends with the event added last, which is durable and lies before `place`. A
  // failure is logged and costs nothing but the part.
  void write(Files& files, const JournalPlace& place);

 private:
  std::uint32_t events_per_part_;
  SnapshotPart before_;
  std::uint64_t last_seq_ = 0;
  std::uint64_t wait_until_ = 0;  // after a failure
  ByteWriter events_;
};

// The parts of a chain in their order, checked, and where it ends.
struct Snapshot {
  std::vector<Bytes> parts;
  SnapshotPart last;
};

}  // namespace twostep
