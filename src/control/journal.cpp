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
  std::vector<NumberedEvent> events;
  bool torn = false;  // its last line is not whole
  std::size_t torn_offset = 0;
  std::size_t torn_bytes = 0;
  std::string damage;  // why the first unreadable line is unreadable
  std::size_t damaged_line = 0;
  bool damage_at_end = false;
};

// Reads up to the first line that is not whole.
Segment parse_segment(const std::string& name, const std::string& text) {
  Segment segment;
  segment.name = name;
  std::size_t begin = 0;
  while (begin < text.size()) {
    const std::size_t newline = text.find('\n', begin);
    const bool last = newline == std::string::npos || newline + 1 == text.size();
    const std::size_t end = newline == std::string::npos ? text.size() : newline;
    try {
      if (newline == std::string::npos) {
        throw Error(ErrorKind::study, Problem{"", "a damaged journal line", "it has no end", ""});
      }
      segment.events.push_back(decode_event(std::string_view(text).substr(begin, end - begin)));
    } catch (const Error& error) {
      if (!error.problems().front().hint.empty()) {
        throw;  // a newer format: not damage
      }
      segment.torn = true;
      segment.torn_offset = begin;
      segment.torn_bytes = text.size() - begin;
      segment.damage = error.problems().front().why;
      segment.damaged_line = segment.events.size() + 1;
      segment.damage_at_end = last;
      return segment;
    }
    begin = end + 1;
  }
  return segment;
}

[[noreturn]] void refuse(const Segment& segment, const std::string& why) {
  throw Error(
      ErrorKind::study,
      Problem{std::string(folder) + "/" + segment.name + ":" + std::to_string(segment.damaged_line),
              "the journal is damaged at byte " + std::to_string(segment.torn_offset), why,
              "restore the study directory from a backup, or start over with --fresh --overwrite"});
}

// What a later run says it accepted of the segments before it: in its first event, or its second
// where it began the study.
std::optional<std::uint64_t> accepted_by(const Segment& later) {
  for (std::size_t i = 0; i < later.events.size() && i < 2; ++i) {
    if (const auto* started = std::get_if<RunStarted>(&later.events[i].event)) {
      return started->accepted_seq;
    }
  }
  return std::nullopt;
}

}  // namespace

JournalContents read_journal(Files& files,
                             const std::function<void(const NumberedEvent&)>& on_event) {
  JournalContents contents;
  std::vector<std::string> names = files.list(folder);
  std::erase_if(names,
                [](const std::string& n) { return n.size() < 10 || !n.ends_with(".jsonl"); });
  std::sort(names.begin(), names.end(), [](const auto& a, const auto& b) {
    return a.size() != b.size() ? a.size() < b.size() : a < b;
  });
  std::vector<Segment> segments;
  for (const std::string& name : names) {
    segments.push_back(
        parse_segment(name, files.read(std::string(folder) + "/" + name).value_or("")));
    contents.segments = static_cast<std::uint32_t>(std::stoul(name));
  }
  for (std::size_t i = 0; i < segments.size(); ++i) {
    Segment& segment = segments[i];
    std::uint64_t limit = ~std::uint64_t{0};
    for (std::size_t j = i + 1; j < segments.size(); ++j) {
      if (const auto accepted = accepted_by(segments[j])) {
        limit = std::min(limit, *accepted);
      }
    }
    const bool last = limit == ~std::uint64_t{0};
    std::size_t ignored = 0;
    for (const NumberedEvent& event : segment.events) {
      if (event.seq > limit) {
        ++ignored;
        continue;
      }
      if (event.seq != contents.last_seq + 1) {
        segment.damaged_line = static_cast<std::size_t>(&event - segment.events.data()) + 1;
        refuse(segment, "event " + std::to_string(contents.last_seq + 1) +
                            " is missing before event " + std::to_string(event.seq));
      }
      contents.last_seq = event.seq;
      on_event(event);
    }
    if (ignored > 0) {
      contents.warnings.push_back(
          "journal/" + segment.name + ": ignored " + std::to_string(ignored) +
          " events that an older run added after its successor had started");
    }
    if (!segment.torn) {
      continue;
    }
    const bool beyond = !last && contents.last_seq >= limit;  // everything accepted was read
    if (!beyond && !(last && segment.damage_at_end)) {
      refuse(segment, segment.damage);
    }
    if (last) {
      contents.warnings.push_back("journal/" + segment.name +
                                  ": cut off an incomplete last line (" +
                                  std::to_string(segment.torn_bytes) + " bytes), left by a crash");
    }
  }
  return contents;
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
