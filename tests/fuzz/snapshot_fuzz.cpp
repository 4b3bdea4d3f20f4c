// A part of a journal's snapshot, beside the segment that it was written from: the input as its
// events under the right head (first byte 0 modulo 3), as all in front of its checksum (1), or as
// the whole file (2); the rest of that byte is the number of events more than three that its name
// speaks of. What is read must be as good as journal lines, and a part that is left aside must cost
// nothing: the three events of the segment are read.
#include "control/compact_event.hpp"
#include "fuzz/targets.hpp"
#include "twostep/base/error.hpp"
#include "twostep/control/invariants.hpp"
#include "twostep/control/journal.hpp"
#include "twostep/control/state.hpp"
#include "twostep/sim/mem_files.hpp"

using namespace twostep;

namespace {

constexpr const char* segment_path = "journal/0001.jsonl";

std::string study_of_three_events() {
  StudyCreated created;
  created.spec_json = "{}";
  RunStarted started;
  started.run = RunId(1);
  TrialCreated trial;
  trial.trial = TrialId(1);
  trial.point.values = {Value(0.5)};
  return encode_event({1, created}) + encode_event({2, started}) + encode_event({3, trial});
}

Bytes headed(std::span<const std::byte> events, std::uint64_t last, std::uint64_t segment_bytes) {
  ByteWriter out;
  out.text("twostep events");
  out.u32(1);
  out.text("");
  out.u32(0);
  out.u64(0);
  out.u64(last);
  out.u32(1);
  out.u64(segment_bytes);
  out.u64(3);
  out.raw(events);
  return out.take();
}

Bytes closed(Bytes body) {
  ByteWriter out;
  out.bytes(body);
  out.u32(crc32c(std::span<const std::byte>(body)));
  return out.take();
}

void check_event(const NumberedEvent& event) {
  const std::string line = encode_event(event);
  ByteWriter out;
  write_compact(out, event, line);
  const Bytes bytes = out.take();
  ByteReader in(bytes);
  fuzz::require(encode_event(read_compact(in, event.seq)) == line && in.empty(),
                "an event is kept as its line says it");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const std::string segment = study_of_three_events();
  if (size == 0) {
    return 0;
  }
  const auto bytes = std::as_bytes(std::span(data, size)).subspan(1);
  const std::uint64_t named = 3 + data[0] / 3;
  Bytes part(bytes.begin(), bytes.end());
  if (data[0] % 3 == 0) {
    part = headed(bytes, named, segment.size());
  }
  if (data[0] % 3 != 2) {
    part = closed(std::move(part));
  }
  char path[48];
  std::snprintf(path, sizeof path, "journal/0001-%010u.events", static_cast<unsigned>(named));
  MemFiles files;
  files.replace(segment_path, segment);
  files.replace(path, {reinterpret_cast<const char*>(part.data()), part.size()});
  State state;
  std::uint64_t last = 0;
  try {
    const JournalContents contents = read_journal(files, [&](const NumberedEvent& e) {
      fuzz::require(e.seq == ++last, "events come in their order");
      check_event(e);
      require_consistent(state, e.event, e.seq);
      state.apply(e.event);
    });
    fuzz::require(last == contents.last_seq && (last == named || !contents.warnings.empty()),
                  "all events are there");
    fuzz::require(last == named || last == 3, "a part that is left aside costs nothing");
  } catch (const Error&) {
    return 0;
  }
  static_cast<void>(violated_invariants(state));
  static_cast<void>(state.digest());
  return 0;
}
