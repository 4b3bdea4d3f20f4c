// A journal of the input's lines, each given its checksum; a line that begins with '#' opens the
// next segment, one that begins with '!' is left as it is, checksum and all.
#include "fuzz/targets.hpp"
#include "twostep/base/error.hpp"
#include "twostep/control/invariants.hpp"
#include "twostep/control/journal.hpp"
#include "twostep/control/state.hpp"
#include "twostep/sim/mem_files.hpp"

using namespace twostep;

namespace {

void check_line(const std::string& line) {
  try {
    const NumberedEvent event = decode_event(line);
    const std::string again = encode_event(event);
    const NumberedEvent twice = decode_event(std::string_view(again).substr(0, again.size() - 1));
    fuzz::require(encode_event(twice) == again, "an event reads back as it was written");
  } catch (const Error&) {
  }
}

void check_journal(Files& files) {
  State state;
  try {
    read_journal(files, [&](const NumberedEvent& e) {
      require_consistent(state, e.event, e.seq);
      state.apply(e.event);
    });
  } catch (const Error&) {
    return;
  }
  static_cast<void>(violated_invariants(state));
  static_cast<void>(state.digest());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  MemFiles files;
  std::string segment;
  int number = 1;
  const auto close = [&] {
    char path[32];
    std::snprintf(path, sizeof path, "journal/%04d.jsonl", number++);
    files.replace(path, segment);
    segment.clear();
  };
  std::string_view rest = fuzz::text(data, size);
  while (!rest.empty()) {
    const std::size_t end = std::min(rest.find('\n'), rest.size());
    const std::string_view line = rest.substr(0, end);
    rest.remove_prefix(std::min(end + 1, rest.size()));
    if (line.starts_with('#')) {
      close();
      continue;
    }
    const std::string whole =
        line.starts_with('!') ? std::string(line.substr(1)) : fuzz::checksummed(line);
    check_line(whole);
    segment += whole + "\n";
  }
  close();
  check_journal(files);
  return 0;
}
