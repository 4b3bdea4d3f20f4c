// Files as older builds wrote them (tests/golden): they must be readable for ever. When a format
// gets a new version, its golden file is added beside the old one.
#include <gtest/gtest.h>

#include <fstream>
#include <iterator>

#include "twostep/control/checkpoint.hpp"
#include "twostep/control/invariants.hpp"
#include "twostep/control/journal.hpp"
#include "twostep/control/message.hpp"
#include "twostep/control/state.hpp"
#include "twostep/sim/mem_files.hpp"
#include "twostep/study/spec_json.hpp"
#include "twostep/study/spec_reader.hpp"

namespace twostep {
namespace {

std::string golden(const std::string& name) {
  std::ifstream file(std::string(TWOSTEP_GOLDEN) + "/" + name, std::ios::binary);
  EXPECT_TRUE(file.good()) << name;
  return {std::istreambuf_iterator<char>(file), {}};
}

// Format 1, by twostep 0.1.0: a run that was killed in its retraining and added a line when its
// successor had begun; the successor, whose last line is torn.
TEST(Golden, JournalOfFormatOne) {
  MemFiles files;
  files.replace("journal/0001.jsonl", golden("journal/0001.jsonl"));
  files.replace("journal/0002.jsonl", golden("journal/0002.jsonl"));
  State state;
  const JournalContents contents = read_journal(files, [&](const NumberedEvent& e) {
    require_consistent(state, e.event, e.seq);
    state.apply(e.event);
  });
  EXPECT_EQ(contents.last_seq, 61U);
  EXPECT_EQ(contents.newest_segment, 2U);
  EXPECT_EQ(contents.warnings.size(), 2U);
  EXPECT_TRUE(violated_invariants(state).empty());
  EXPECT_TRUE(state.end.success);
  EXPECT_EQ(state.run.run, RunId(2));
  EXPECT_EQ(state.trials_finished, 14U);
  EXPECT_EQ(state.best, TrialId(9));
  EXPECT_EQ(state.workers_lost, 0U);
  ASSERT_EQ(state.finalists.size(), 3U);
  EXPECT_EQ(state.finalists[2].trial, TrialId(5));
  EXPECT_EQ(state.finalists[2].team, 2U);
  EXPECT_EQ(state.finalists[2].attempts, 2U);
  EXPECT_EQ(state.finalists[2].unclean_ends, 1U);
  EXPECT_EQ(state.finalists[2].result.objective, 0.004849603509730997);
  const StudySpec spec = read_spec(read_json(state.spec_json));
  EXPECT_EQ(spec.search.trials, 14U);
  const Space space = make_space(spec);
  for (const TrialRecord& trial : state.trials) {
    EXPECT_TRUE(space.contains(trial.point)) << trial.id.value;
  }
}

std::string hex(const Bytes& bytes) {
  std::string out;
  for (const std::byte b : bytes) {
    char two[3];
    std::snprintf(two, sizeof two, "%02x", static_cast<unsigned>(b));
    out += two;
  }
  return out;
}

// Ranks of one run are of one build, so messages may change; not by accident, though.
TEST(Golden, Messages) {
  EXPECT_EQ(hex(encode(FromWorker{Hello{}})), "01");
  EXPECT_EQ(hex(encode(FromWorker{Heartbeat{AssignmentId(258), {3, 4, 0.5}}})),
            "02"
            "0201000000000000"
            "0300000000000000"
            "0400000000000000"
            "000000000000e03f");
  EXPECT_EQ(hex(encode(ToWorker{Cancel{AssignmentId(7)}})), "050700000000000000");
  EXPECT_EQ(hex(encode(ToWorker{Alive{}})), "06");
  EXPECT_EQ(hex(encode(ToWorker{Shutdown{"end"}})), "070300000000000000656e64");
}

// An older version's checkpoint is no checkpoint: its training begins anew.
TEST(Golden, CheckpointsOfAnotherVersionAreLeftAside) {
  Assignment a;
  a.trial = TrialId(3);
  a.point.values = {std::int64_t{2}, 0.5, std::string("relu")};
  a.budget.amount = 30;
  const std::string one = golden("checkpoint-1.bin");
  EXPECT_FALSE(decode_checkpoint(a, one).has_value());
  const Bytes state{std::byte{1}, std::byte{2}, std::byte{3}};
  std::string present = encode_checkpoint(a, state);
  EXPECT_EQ(decode_checkpoint(a, present), state);
  // Both have the same frame: a text, then the version.
  EXPECT_EQ(present.substr(0, 26), one.substr(0, 26));
  EXPECT_NE(present[26], one[26]);
}

}  // namespace
}  // namespace twostep
