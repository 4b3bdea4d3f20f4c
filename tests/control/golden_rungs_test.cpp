// Journals of studies with early stopping, as the build that began to write them wrote them
// (tests/golden): killed, resumed, with parts of a snapshot. They must be readable for ever, and
// the rule must stand behind every decision that they record.
#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>

#include "twostep/control/coordinator.hpp"
#include "twostep/control/invariants.hpp"
#include "twostep/control/journal.hpp"
#include "twostep/sim/mem_files.hpp"
#include "twostep/study/spec_json.hpp"
#include "twostep/study/spec_reader.hpp"

namespace twostep {
namespace {

// The folder's files of this kind. With `damaged` a byte of every segment is another one, so that
// only the snapshot can tell what stood there.
void load_golden(MemFiles& files, const std::string& folder, bool parts, bool damaged) {
  for (const auto& entry :
       std::filesystem::directory_iterator(std::string(TWOSTEP_GOLDEN) + "/" + folder)) {
    std::ifstream file(entry.path(), std::ios::binary);
    std::string bytes(std::istreambuf_iterator<char>(file), {});
    const bool part = entry.path().extension() == ".events";
    if (part && !parts) {
      continue;
    }
    if (!part && damaged && entry.path().filename() == "0001.jsonl") {
      bytes[20] ^= 1;
    }
    files.replace("journal/" + entry.path().filename().string(), bytes);
  }
}

std::vector<Event> events_of(MemFiles& files) {
  std::vector<Event> out;
  State state;
  static_cast<void>(read_journal(files, [&](const NumberedEvent& e) {
    require_consistent(state, e.event, e.seq);
    state.apply(e.event);
    out.push_back(e.event);
  }));
  EXPECT_TRUE(violated_invariants(state).empty());
  return out;
}

struct Recorded {
  std::string folder;
  std::size_t events;
  Fidelity fidelity;
  std::uint32_t runs;
  std::uint32_t finished;
  std::uint32_t stopped;
  std::uint32_t best;
  std::vector<std::uint64_t> reached;  // by trial
};

const std::vector<Recorded> recorded{
    {"rungs_epochs",
     106,
     Fidelity::budget,
     3,
     3,
     11,
     7,
     {9, 3, 9, 9, 1, 1, 9, 3, 1, 1, 1, 3, 1, 1}},
    {"rungs_rows",
     117,
     Fidelity::rows,
     3,
     2,
     12,
     7,
     {333, 37, 999, 111, 37, 37, 999, 37, 37, 37, 37, 111, 37, 37}},
};

TEST(GoldenRungs, AreReadWithAndWithoutTheirSnapshot) {
  for (const Recorded& r : recorded) {
    SCOPED_TRACE(r.folder);
    MemFiles files;
    load_golden(files, r.folder, false, false);
    const std::vector<Event> events = events_of(files);
    ASSERT_EQ(events.size(), r.events);
    MemFiles compact;
    load_golden(compact, r.folder, true, true);
    std::string lines;
    std::string truth;
    std::uint64_t seq = 0;
    for (const Event& e : events_of(compact)) {
      lines += encode_event({++seq, e});
    }
    seq = 0;
    for (const Event& e : events) {
      truth += encode_event({++seq, e});
    }
    EXPECT_EQ(lines, truth);
  }
}

TEST(GoldenRungs, EndAsTheyDid) {
  for (const Recorded& r : recorded) {
    SCOPED_TRACE(r.folder);
    MemFiles files;
    load_golden(files, r.folder, false, false);
    const std::vector<Event> events = events_of(files);
    const StudySpec spec = read_spec(read_json(std::get<StudyCreated>(events.front()).spec_json));
    EXPECT_EQ(spec.search.early_stopping.rule, StoppingRule::asha);
    EXPECT_EQ(spec.search.early_stopping.fidelity, r.fidelity);
    const Space space = make_space(spec);
    Coordinator coordinator(spec, space);  // with the rule, which is told all
    for (const Event& e : events) {
      coordinator.replay(e);
    }
    const State& state = coordinator.state();
    EXPECT_TRUE(state.end.success);
    EXPECT_EQ(state.run.run, RunId(r.runs));
    EXPECT_EQ(state.trials_finished, r.finished);
    EXPECT_EQ(state.trials_stopped, r.stopped);
    EXPECT_EQ(state.best, TrialId(r.best));
    std::vector<std::uint64_t> reached;
    for (const TrialRecord& t : state.trials) {
      reached.push_back(t.reached);
    }
    EXPECT_EQ(reached, r.reached);
  }
}

}  // namespace
}  // namespace twostep
