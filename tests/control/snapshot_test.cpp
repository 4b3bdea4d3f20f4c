// The snapshot of a journal. Its truth is the journal itself: the same events, whatever became of
// the parts.
#include "twostep/control/snapshot.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <fstream>
#include <iterator>

#include "control/compact_event.hpp"
#include "twostep/base/error.hpp"
#include "twostep/control/journal.hpp"
#include "twostep/control/state.hpp"
#include "twostep/sim/mem_files.hpp"
#include "twostep/sim/world.hpp"

namespace twostep {
namespace {

std::string all_lines(Files& files, JournalContents* contents = nullptr) {
  std::string out;
  const JournalContents found =
      read_journal(files, [&](const NumberedEvent& e) { out += encode_event(e); });
  if (contents != nullptr) {
    *contents = found;
  }
  return out;
}

RunStarted run_started(std::uint32_t number, std::uint64_t accepted) {
  RunStarted e;
  e.run = RunId(number);
  e.accepted_seq = accepted;
  return e;
}

TrialCreated trial(std::uint32_t number) {
  TrialCreated e;
  e.trial = TrialId(number);
  e.point.values = {Value{}, Value(true), Value(std::int64_t{-3}), Value(0.1 * number),
                    Value(std::string("x"))};
  return e;
}

Finished finished(std::uint32_t number) {
  Finished e;
  e.result.assignment = AssignmentId(number);
  e.result.run = RunId(1);
  e.result.trial = TrialId(number);
  e.result.objective = 1.0 / number;
  e.result.curve = {1, NAN, INFINITY, -INFINITY, 5e-324};
  e.result.seconds = 0.25;
  e.result.message = number % 2 == 0 ? "a \"reason\"" : "";
  e.result.error = number % 2 == 0 ? ErrorKind::trial : ErrorKind::internal;
  return e;
}

Dispatched dispatched(std::uint32_t number) {
  Dispatched e;
  e.assignment.id = AssignmentId(number);
  e.assignment.run = RunId(1);
  e.assignment.trial = TrialId(number);
  e.assignment.team = {WorkerId(2)};
  e.assignment.budget.amount = 12;  // the journal does not repeat it
  return e;
}

// A study of two runs; parts of `events` events each.
struct Study {
  MemFiles files;
  SnapshotWriter snapshot;
  std::unique_ptr<JournalWriter> first;

  explicit Study(std::uint32_t events) : snapshot(events) {
    first = std::make_unique<JournalWriter>(files, 1, 0, &snapshot);
    first->append(StudyCreated{"{}", "d"});
    first->append(run_started(1, 0));
    add(*first, 1, 8);
  }
  static void add(JournalWriter& journal, std::uint32_t from, std::uint32_t to) {
    for (std::uint32_t i = from; i <= to; ++i) {
      journal.append(trial(i));
      journal.append(dispatched(i));
      journal.append(finished(i));
      journal.flush();
    }
  }
  [[nodiscard]] std::vector<std::string> parts() {
    std::vector<std::string> names = files.list("journal");
    std::erase_if(names, [](const std::string& n) { return !n.ends_with(".events"); });
    return names;
  }
  // What the segments alone say.
  [[nodiscard]] std::string truth() {
    MemFiles alone;
    for (const std::string& name : files.list("journal")) {
      if (name.ends_with(".jsonl")) {
        alone.replace("journal/" + name, *files.read("journal/" + name));
      }
    }
    return all_lines(alone);
  }
};

// What a long search has by the hundred thousand must not fall back to lines: a field that is new
// in the journal belongs into the compact form too.
TEST(Snapshot, TheFrequentEventsAreCompact) {
  Finished timed = finished(3);
  timed.result.inference_seconds_per_row = 1.5e-7;
  for (const Event& event : {Event(trial(1)), Event(dispatched(1)), Event(finished(1)),
                             Event(finished(2)), Event(timed)}) {
    const NumberedEvent numbered{7, event};
    EXPECT_TRUE(has_compact_form(numbered, encode_event(numbered))) << event.index();
  }
}

TEST(Snapshot, AValueThatTheCompactFormDoesNotKnowIsNoError) {
  Finished strange = finished(1);
  strange.result.outcome = static_cast<Outcome>(200);
  EXPECT_FALSE(has_compact_form({7, strange}, "{}"));
}

TEST(Snapshot, WhatHasNoCompactFormIsKeptAsItsLine) {
  Finished retrained = finished(1);
  retrained.result.kind = AssignmentKind::retrain;
  retrained.result.model_file = "finalists/1/model.h5";
  Dispatched team = dispatched(1);
  team.assignment.team = {WorkerId(2), WorkerId(3)};
  for (const Event& event : {Event(retrained), Event(team), Event(WorkerLost{WorkerId(1), "why"}),
                             Event(StudyEnded{false, ErrorKind::io, "disk"})}) {
    const NumberedEvent numbered{7, event};
    const std::string line = encode_event(numbered);
    EXPECT_FALSE(has_compact_form(numbered, line));
    ByteWriter out;
    write_compact(out, numbered, line);
    const Bytes bytes = out.take();
    ByteReader in(bytes);
    EXPECT_EQ(encode_event(read_compact(in, 7)), line);
  }
}

TEST(Snapshot, ReadsTheEventsOfTheSegments) {
  for (const std::uint32_t events : {1U, 3U, 7U, 26U}) {
    Study study(events);
    EXPECT_FALSE(study.parts().empty()) << events;
    JournalContents contents;
    EXPECT_EQ(all_lines(study.files, &contents), study.truth()) << events;
    EXPECT_EQ(contents.last_seq, 26U);
    EXPECT_TRUE(contents.warnings.empty());
  }
}

// The events that it holds are not read from the segment again.
TEST(Snapshot, ReplacesTheSegmentsBehindIt) {
  Study study(26);
  const std::string truth = study.truth();
  std::string text = *study.files.read("journal/0001.jsonl");
  text[30] ^= 1;
  study.files.replace("journal/0001.jsonl", text);
  EXPECT_EQ(all_lines(study.files), truth);
}

TEST(Snapshot, ADamagedPartIsLeftAside) {
  Study study(10);
  const std::vector<std::string> parts = study.parts();
  ASSERT_GE(parts.size(), 2U);
  const std::string truth = study.truth();
  for (const std::string& name : parts) {
    const std::string path = "journal/" + name;
    const std::string whole = *study.files.read(path);
    for (std::size_t i = 0; i < whole.size(); ++i) {
      std::string damaged = whole;
      damaged[i] = static_cast<char>(damaged[i] ^ 0x20);
      study.files.replace(path, damaged);
      JournalContents contents;
      ASSERT_EQ(all_lines(study.files, &contents), truth) << name << " byte " << i;
      ASSERT_FALSE(contents.warnings.empty());
    }
    study.files.replace(path, whole.substr(0, whole.size() / 2));
    EXPECT_EQ(all_lines(study.files), truth);
    study.files.remove(path);
    EXPECT_EQ(all_lines(study.files), truth);
    study.files.replace(path, whole);
  }
}

// An older run that is not quite dead goes on with its own segment and its own snapshot.
TEST(Snapshot, WhatAnOlderRunAddsLaterIsIgnored) {
  Study study(5);
  SnapshotWriter continued(5);
  const JournalContents before = read_journal(
      study.files, [](const NumberedEvent&) {}, &continued);
  JournalWriter second(study.files, before.newest_segment + 1, before.last_seq, &continued);
  second.append(run_started(2, before.last_seq));
  second.flush();
  Study::add(*study.first, 9, 30);  // not dead
  const std::string with_both = study.truth();
  Study::add(second, 9, 12);
  JournalContents contents;
  EXPECT_EQ(all_lines(study.files, &contents), study.truth());
  EXPECT_EQ(contents.last_seq, 26U + 1 + 12);
  EXPECT_NE(study.truth(), with_both);
  const auto parts = study.parts();
  EXPECT_TRUE(std::any_of(parts.begin(), parts.end(),
                          [](const std::string& n) { return n.starts_with("0002-"); }));
  EXPECT_GT(std::count_if(parts.begin(), parts.end(),
                          [](const std::string& n) { return n.starts_with("0001-"); }),
            10);
}

TEST(Snapshot, AFullDiskCostsOnlyThePart) {
  Study study(1000);
  MemFiles full;
  SnapshotWriter snapshot(2);
  const NumberedEvent event{1, trial(1)};
  snapshot.add(event, encode_event(event));
  const NumberedEvent next{2, dispatched(1)};
  snapshot.add(next, encode_event(next));
  ASSERT_TRUE(snapshot.due());
  full.limit(10);
  EXPECT_NO_THROW(snapshot.write(full, {1, 100, 2}));
  EXPECT_FALSE(snapshot.due());
  EXPECT_TRUE(full.list("journal").empty());
}

// By twostep 0.1.0, version 1: two parts of a journal of ten events.
TEST(Snapshot, VersionOneIsReadForEver) {
  const std::string folder = std::string(TWOSTEP_GOLDEN) + "/snapshot/";
  const auto golden = [&](const std::string& name) {
    std::ifstream file(folder + name, std::ios::binary);
    EXPECT_TRUE(file.good()) << name;
    return std::string(std::istreambuf_iterator<char>(file), {});
  };
  MemFiles files;
  const std::string segment = golden("0001.jsonl");
  files.replace("journal/0001.jsonl", segment);
  const std::string truth = all_lines(files);
  std::string damaged = segment;
  damaged[20] ^= 1;  // so that only the snapshot can have told
  files.replace("journal/0001.jsonl", damaged);
  for (const char* name : {"0001-0000000005.events", "0001-0000000010.events"}) {
    files.replace("journal/" + std::string(name), golden(name));
  }
  EXPECT_EQ(all_lines(files), truth);
}

TEST(Journal, SegmentsMayHaveGaps) {
  MemFiles files;
  JournalWriter first(files, 1, 0);
  first.append(StudyCreated{"{}", "d"});
  first.append(run_started(1, 0));
  first.flush();
  JournalWriter second(files, 7, 2);
  second.append(run_started(2, 2));
  second.flush();
  JournalContents contents;
  all_lines(files, &contents);
  EXPECT_EQ(contents.newest_segment, 7U);
  EXPECT_EQ(newest_segment(files), 7U);
}

}  // namespace
}  // namespace twostep
