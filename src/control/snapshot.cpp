#include "twostep/control/snapshot.hpp"

#include <algorithm>
#include <cstdio>
#include <span>

#include "control/compact_event.hpp"
#include "control/snapshot_chain.hpp"
#include "twostep/base/error.hpp"
#include "twostep/base/log.hpp"

namespace twostep {
namespace {

constexpr std::string_view snapshot_magic = "twostep events";
constexpr std::uint32_t snapshot_version = 1;
constexpr std::size_t crc_bytes = 4;
const std::string journal_folder = "journal/";

std::string part_name(std::uint32_t segment, std::uint64_t last_seq) {
  char text[64];
  std::snprintf(text, sizeof text, "%04u-%010llu.events", segment,
                static_cast<unsigned long long>(last_seq));
  return text;
}

struct Head {
  SnapshotPart part;
  SnapshotPart before;
};

Head read_head(ByteReader& in) {
  if (in.text() != snapshot_magic || in.u32() != snapshot_version) {
    throw Error(ErrorKind::study, Problem{"", "a snapshot of another version", "", ""});
  }
  Head head;
  head.before.name = in.text();
  head.before.crc = in.u32();
  head.before.last_seq = in.u64();
  head.part.last_seq = in.u64();
  head.part.place.segment = in.u32();
  head.part.place.bytes = in.u64();
  head.part.place.lines = in.u64();
  return head;
}

// One part, whole.
struct Part {
  Bytes events;
  Head head;
};

Part read_part(Files& files, const std::string& name) {
  const std::optional<std::string> text = files.read(journal_folder + name);
  if (!text || text->size() < crc_bytes) {
    throw Error(ErrorKind::study, Problem{"", "it is missing or empty", "", ""});
  }
  const auto* data = reinterpret_cast<const std::byte*>(text->data());
  const std::span<const std::byte> body(data, text->size() - crc_bytes);
  const std::uint32_t crc = crc32c(body);
  if (ByteReader(std::span(data, text->size()).last(crc_bytes)).u32() != crc) {
    throw Error(ErrorKind::study, Problem{"", "its checksum does not match", "", ""});
  }
  ByteReader in(body);
  Part part;
  part.head = read_head(in);
  part.head.part.name = name;
  part.head.part.crc = crc;
  part.events = in.raw();
  in.expect_end();
  return part;
}

}  // namespace

void SnapshotWriter::continue_from(const SnapshotPart& part) {
  before_ = part;
  last_seq_ = part.last_seq;
}

void SnapshotWriter::add(const NumberedEvent& event, std::string_view line) {
  if (events_per_part_ > 0) {
    write_compact(events_, event, line);
    last_seq_ = event.seq;
  }
}

bool SnapshotWriter::due() const {
  return events_per_part_ > 0 && last_seq_ >= before_.last_seq + events_per_part_ &&
         last_seq_ >= wait_until_;
}

void SnapshotWriter::write(Files& files, const JournalPlace& place) {
  const Bytes events = events_.take();
  ByteWriter out;
  out.text(snapshot_magic);
  out.u32(snapshot_version);
  out.text(before_.name);
  out.u32(before_.crc);
  out.u64(before_.last_seq);
  out.u64(last_seq_);
  out.u32(place.segment);
  out.u64(place.bytes);
  out.u64(place.lines);
  out.raw(events);
  Bytes bytes = out.take();
  const SnapshotPart part{part_name(place.segment, last_seq_),
                          crc32c(std::span<const std::byte>(bytes)), last_seq_, place};
  ByteWriter end;
  end.bytes(bytes);
  end.u32(part.crc);
  bytes = end.take();
  try {
    files.replace(journal_folder + part.name,
                  {reinterpret_cast<const char*>(bytes.data()), bytes.size()});
    before_ = part;
    events_ = {};
  } catch (const Error& error) {
    log(LogLevel::warning, std::string("no snapshot was written: ") + error.what());
    events_ = {};
    events_.bytes(events);
    wait_until_ = last_seq_ + events_per_part_;
  }
}

std::vector<PartName> snapshot_parts(const std::vector<std::string>& names) {
  std::vector<PartName> out;
  for (const std::string& name : names) {
    PartName part;
    unsigned long long last = 0;
    if (std::sscanf(name.c_str(), "%9u-%18llu.events", &part.segment, &last) == 2 &&
        name == part_name(part.segment, last)) {
      part.name = name;
      part.last_seq = last;
      out.push_back(part);
    }
  }
  std::sort(out.begin(), out.end(), [](const PartName& a, const PartName& b) {
    return a.segment != b.segment ? a.segment < b.segment : a.last_seq < b.last_seq;
  });
  return out;
}

std::optional<Snapshot> read_chain(Files& files, const PartName& last,
                                   std::vector<std::string>& warnings) {
  Snapshot out;
  SnapshotPart wanted{last.name, 0, last.last_seq, {}};
  while (!wanted.name.empty()) {
    try {
      Part part = read_part(files, wanted.name);
      const SnapshotPart& found = part.head.part;
      const bool first = out.parts.empty();
      if (found.last_seq != wanted.last_seq || part.head.before.last_seq >= found.last_seq ||
          (!first && found.crc != wanted.crc) || (first && found.place.segment != last.segment)) {
        throw Error(ErrorKind::study, Problem{"", "it is not the part that was expected", "", ""});
      }
      if (first) {
        out.last = found;
      }
      wanted = part.head.before;
      out.parts.push_back(std::move(part.events));
    } catch (const Error& error) {
      warnings.push_back(journal_folder + wanted.name +
                         ": left aside, the segments are read instead (" +
                         error.problems().front().what + ")");
      return std::nullopt;
    }
  }
  if (wanted.last_seq != 0) {
    return std::nullopt;
  }
  std::reverse(out.parts.begin(), out.parts.end());
  return out;
}

void read_snapshot(Snapshot& snapshot, const std::function<void(const NumberedEvent&)>& on_event) {
  std::uint64_t seq = 0;
  for (Bytes& part : snapshot.parts) {
    ByteReader in(part);
    while (!in.empty()) {
      on_event(read_compact(in, ++seq));
    }
    part = {};
  }
  if (seq != snapshot.last.last_seq) {
    throw Error(ErrorKind::study, Problem{journal_folder + snapshot.last.name,
                                          "it does not hold the events that it names", "",
                                          "remove the .events files: the segments hold all"});
  }
}

}  // namespace twostep
