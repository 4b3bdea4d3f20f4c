#include "twostep/control/journal.hpp"

#include <algorithm>
#include <cstdio>
#include <optional>

#include "control/snapshot_chain.hpp"
#include "twostep/base/check.hpp"

namespace twostep {
namespace {

constexpr const char* folder = "journal";

std::string segment_name(std::uint32_t number) {
  char text[32];
  std::snprintf(text, sizeof text, "%04u.jsonl", number);
  return text;
}

std::string segment_path(std::uint32_t number) {
  return std::string(folder) + "/" + segment_name(number);
}

struct Segment {
  std::string name;
  std::string text;
  std::uint64_t limit = ~std::uint64_t{0};  // last event of it that its successors accepted
  JournalPlace before{};                    // what of it is not in `text`: a snapshot holds it
};

// Walks over the lines of a segment up to the first that is not whole.
class LineReader {
 public:
  explicit LineReader(const Segment& segment) : segment_(segment) {}

  // False: the end, or a line that is not whole (then damaged()).
  bool next(NumberedEvent& event) {
    const std::string_view text = segment_.text;
    if (begin_ >= text.size()) {
      return false;
    }
    const std::size_t newline = text.find('\n', begin_);
    const std::size_t end = std::min(newline, text.size());
    try {
      if (newline == std::string::npos) {
        throw Error(ErrorKind::study, Problem{"", "a damaged journal line", "it has no end", ""});
      }
      event = decode_event(text.substr(begin_, end - begin_));
    } catch (const Error& error) {
      if (!error.problems().front().hint.empty()) {
        throw;  // a newer format: not damage
      }
      damage_ = error.problems().front().why;
      at_end_ = end + 1 >= text.size();
      return false;
    }
    line_ = text.substr(begin_, end + 1 - begin_);
    begin_ = end + 1;
    ++lines_;
    return true;
  }

  [[nodiscard]] std::string_view line() const { return line_; }  // read last, with its newline
  [[nodiscard]] bool damaged() const { return !damage_.empty(); }
  [[nodiscard]] bool damage_at_end() const { return at_end_; }
  [[nodiscard]] std::size_t torn_bytes() const { return segment_.text.size() - begin_; }
  // The line that was read last, or that is damaged.
  [[noreturn]] void refuse(const std::string& why) const {
    throw Error(
        ErrorKind::study,
        Problem{std::string(folder) + "/" + segment_.name + ":" +
                    std::to_string(segment_.before.lines + lines_ + (damaged() ? 1 : 0)),
                "the journal is damaged at byte " + std::to_string(segment_.before.bytes + begin_),
                why,
                "restore the study directory from a backup, or start over with --fresh "
                "--overwrite"});
  }
  [[noreturn]] void refuse_damage() const { refuse(damage_); }

 private:
  const Segment& segment_;
  std::size_t begin_ = 0;
  std::size_t lines_ = 0;
  std::string_view line_;
  std::string damage_;
  bool at_end_ = false;
};

// What a later run says it accepted of the segments before it: in its first event, or its second
// where it began the study.
std::optional<std::uint64_t> accepted_by(const Segment& later) {
  LineReader lines(later);
  NumberedEvent event;
  for (int i = 0; i < 2 && lines.next(event); ++i) {
    if (const auto* started = std::get_if<RunStarted>(&event.event)) {
      return started->accepted_seq;
    }
  }
  return std::nullopt;
}

// Of all names in the folder those of segments, in their order.
std::vector<std::string> segment_names(std::vector<std::string> names) {
  std::erase_if(names, [](const std::string& n) {  // only 0001.jsonl, 0002.jsonl, ...
    const std::size_t digits = std::min(n.find_first_not_of("0123456789"), n.size());
    return digits < 4 || digits > 9 || n.substr(digits) != ".jsonl";
  });
  std::sort(names.begin(), names.end(), [](const auto& a, const auto& b) {
    return a.size() != b.size() ? a.size() < b.size() : a < b;
  });
  return names;
}

std::uint32_t segment_number(const std::string& name) {
  return static_cast<std::uint32_t>(std::stoul(name));
}

// The newest snapshot that ends in this segment within what was accepted of it, and the rest of the
// segment.
std::optional<Snapshot> snapshot_within(Files& files, const std::vector<PartName>& parts,
                                        Segment& segment, std::vector<std::string>& warnings) {
  const std::uint32_t number = segment_number(segment.name);
  for (std::size_t i = parts.size(); i-- > 0;) {
    if (parts[i].segment != number || parts[i].last_seq > segment.limit) {
      continue;
    }
    if (std::optional<Snapshot> snapshot = read_chain(files, parts[i], warnings)) {
      segment.before = snapshot->last.place;
      segment.text = files.read_from(std::string(folder) + "/" + segment.name, segment.before.bytes)
                         .value_or("");
      return snapshot;
    }
  }
  return std::nullopt;
}

struct Contents {
  std::optional<Snapshot> snapshot;
  std::vector<Segment> segments;  // with what is behind the snapshot, oldest first
};

// From the newest segment back to the beginning, or to a snapshot. A run says in its first lines
// what it accepted of the older ones, so those are read last.
Contents read_segments(Files& files, JournalContents& contents) {
  const std::vector<std::string> all = files.list(folder);
  const std::vector<std::string> names = segment_names(all);
  const std::vector<PartName> parts = snapshot_parts(all);
  Contents out;
  std::uint64_t limit = ~std::uint64_t{0};
  for (std::size_t i = names.size(); i-- > 0 && !out.snapshot;) {
    Segment segment;
    segment.name = names[i];
    segment.limit = limit;
    out.snapshot = snapshot_within(files, parts, segment, contents.warnings);
    if (!out.snapshot) {
      segment.text = files.read(std::string(folder) + "/" + names[i]).value_or("");
      limit = std::min(limit, accepted_by(segment).value_or(limit));
    }
    out.segments.push_back(std::move(segment));
  }
  std::reverse(out.segments.begin(), out.segments.end());
  contents.newest_segment = names.empty() ? 0 : segment_number(names.back());
  return out;
}

void read_segment(const Segment& segment, JournalContents& contents,
                  const std::function<void(const NumberedEvent&)>& on_event,
                  SnapshotWriter* snapshot) {
  const bool last = segment.limit == ~std::uint64_t{0};
  std::size_t ignored = 0;
  LineReader lines(segment);
  NumberedEvent event;
  while (lines.next(event)) {
    if (event.seq > segment.limit) {
      ++ignored;
      continue;
    }
    if (event.seq != contents.last_seq + 1) {
      lines.refuse("event " + std::to_string(contents.last_seq + 1) + " is missing before event " +
                   std::to_string(event.seq));
    }
    contents.last_seq = event.seq;
    if (snapshot != nullptr) {
      snapshot->add(event, lines.line());
    }
    on_event(event);
  }
  if (ignored > 0) {
    contents.warnings.push_back("journal/" + segment.name + ": ignored " + std::to_string(ignored) +
                                " events that an older run added after its successor had started");
  }
  if (!lines.damaged()) {
    return;
  }
  const bool beyond =
      !last && contents.last_seq >= segment.limit;  // all that was accepted was read
  if (!beyond && !(last && lines.damage_at_end())) {
    lines.refuse_damage();
  }
  if (last) {
    contents.warnings.push_back("journal/" + segment.name + ": cut off an incomplete last line (" +
                                std::to_string(lines.torn_bytes()) + " bytes), left by a crash");
  }
}

}  // namespace

JournalContents read_journal(Files& files,
                             const std::function<void(const NumberedEvent&)>& on_event,
                             SnapshotWriter* snapshot) {
  JournalContents contents;
  Contents found = read_segments(files, contents);
  if (found.snapshot) {
    read_snapshot(*found.snapshot, on_event);
    contents.last_seq = found.snapshot->last.last_seq;
    if (snapshot != nullptr) {
      snapshot->continue_from(found.snapshot->last);
    }
  }
  for (Segment& segment : found.segments) {
    read_segment(segment, contents, on_event, snapshot);
    segment.text = {};
  }
  return contents;
}

std::uint32_t newest_segment(Files& files) {
  const auto names = segment_names(files.list(folder));
  return names.empty() ? 0 : segment_number(names.back());
}

JournalWriter::JournalWriter(Files& files, std::uint32_t segment, std::uint64_t last_seq,
                             SnapshotWriter* snapshot)
    : files_(files), snapshot_(snapshot), seq_(last_seq), place_{segment, 0, 0} {
  files.make_folder(folder);
  file_ = files.create_exclusive(segment_path(segment));
}

void JournalWriter::append(const Event& event) {
  const NumberedEvent numbered{++seq_, event};
  const std::string line = encode_event(numbered);
  if (snapshot_ != nullptr) {
    snapshot_->add(numbered, line);
  }
  buffer_ += line;
  ++place_.lines;
}

void JournalWriter::flush() {
  if (buffer_.empty()) {
    return;
  }
  file_->append(buffer_);
  file_->sync();
  place_.bytes += buffer_.size();
  buffer_.clear();
  if (snapshot_ != nullptr && snapshot_->due()) {
    snapshot_->write(files_, place_);
  }
}

}  // namespace twostep
