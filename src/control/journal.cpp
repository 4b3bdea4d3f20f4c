#include "twostep/control/journal.hpp"

#include <algorithm>
#include <cstdio>
#include <optional>

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
    begin_ = end + 1;
    ++lines_;
    return true;
  }

  [[nodiscard]] bool damaged() const { return !damage_.empty(); }
  [[nodiscard]] bool damage_at_end() const { return at_end_; }
  [[nodiscard]] std::size_t torn_bytes() const { return segment_.text.size() - begin_; }
  // The line that was read last, or that is damaged.
  [[noreturn]] void refuse(const std::string& why) const {
    throw Error(ErrorKind::study,
                Problem{std::string(folder) + "/" + segment_.name + ":" +
                            std::to_string(lines_ + (damaged() ? 1 : 0)),
                        "the journal is damaged at byte " + std::to_string(begin_), why,
                        "restore the study directory from a backup, or start over with --fresh "
                        "--overwrite"});
  }
  [[noreturn]] void refuse_damage() const { refuse(damage_); }

 private:
  const Segment& segment_;
  std::size_t begin_ = 0;
  std::size_t lines_ = 0;
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

// In their order.
std::vector<std::string> segment_names(Files& files) {
  std::vector<std::string> names = files.list(folder);
  std::erase_if(names, [](const std::string& n) {  // only 0001.jsonl, 0002.jsonl, ...
    const std::size_t digits = std::min(n.find_first_not_of("0123456789"), n.size());
    return digits < 4 || digits > 9 || n.substr(digits) != ".jsonl";
  });
  std::sort(names.begin(), names.end(), [](const auto& a, const auto& b) {
    return a.size() != b.size() ? a.size() < b.size() : a < b;
  });
  return names;
}

std::vector<Segment> read_segments(Files& files, JournalContents& contents) {
  std::vector<Segment> segments;
  for (const std::string& name : segment_names(files)) {
    segments.push_back({name, files.read(std::string(folder) + "/" + name).value_or("")});
    contents.segments = static_cast<std::uint32_t>(std::stoul(name));
  }
  std::uint64_t limit = ~std::uint64_t{0};
  for (std::size_t i = segments.size(); i-- > 0;) {
    segments[i].limit = limit;
    limit = std::min(limit, accepted_by(segments[i]).value_or(limit));
  }
  return segments;
}

void read_segment(const Segment& segment, JournalContents& contents,
                  const std::function<void(const NumberedEvent&)>& on_event) {
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
                             const std::function<void(const NumberedEvent&)>& on_event) {
  JournalContents contents;
  for (Segment& segment : read_segments(files, contents)) {
    read_segment(segment, contents, on_event);
    segment.text = {};
  }
  return contents;
}

std::uint32_t newest_segment(Files& files) {
  const auto names = segment_names(files);
  return names.empty() ? 0 : static_cast<std::uint32_t>(std::stoul(names.back()));
}

JournalWriter::JournalWriter(Files& files, std::uint32_t segment, std::uint64_t last_seq)
    : seq_(last_seq) {
  files.make_folder(folder);
  file_ = files.create_exclusive(segment_path(segment));
}

void JournalWriter::append(const Event& event) {
  buffer_ += encode_event({++seq_, event});
}

void JournalWriter::flush() {
  if (!buffer_.empty()) {
    file_->append(buffer_);
    file_->sync();
    buffer_.clear();
  }
}

}  // namespace twostep
