#include "twostep/control/journal.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "twostep/base/error.hpp"
#include "twostep/control/state.hpp"
#include "twostep/sim/mem_files.hpp"
#include "twostep/sim/world.hpp"

namespace twostep {
namespace {

std::vector<NumberedEvent> read_all(MemFiles& files, JournalContents* contents = nullptr) {
  std::vector<NumberedEvent> out;
  const JournalContents c = read_journal(files, [&](const NumberedEvent& e) { out.push_back(e); });
  if (contents != nullptr) {
    *contents = c;
  }
  return out;
}

Result some_result() {
  Result r;
  r.assignment = AssignmentId(9);
  r.run = RunId(2);
  r.trial = TrialId(4);
  r.objective = 0.1 + 0.2;
  r.curve = {1, NAN, INFINITY, 5e-324, 0.30000000000000004};
  r.best_validation = 4;
  r.epochs = 3;
  r.steps = 1ULL << 40;
  r.parameters = 77;
  r.seconds = 1.25;
  r.message = "quote \" backslash \\ newline \n tab \t euro €";
  r.validation = {10, 0.5, {{"a[0]", 1, 2, NAN}}};
  r.test = {20, 0.25, {{"b", 3, 4, -INFINITY, 0.5, NAN, 0.75, 2, 1}}, {"", 1, 2, 3}};
  r.inference_seconds_per_row = 1e-7;
  r.model_file = "finalists/4/model.h5";
  r.reading = "5 rows";
  r.train_rows = 1;
  r.validation_rows = 2;
  r.test_rows = 3;
  r.dropped_rows = 4;
  return r;
}

std::vector<Event> every_event() {
  Assignment a;
  a.id = AssignmentId(1);
  a.run = RunId(1);
  a.kind = AssignmentKind::trial;
  a.trial = TrialId(1);
  a.budget = {BudgetUnit::steps, 100, 5, 10};
  a.team = {WorkerId(1), WorkerId(2)};
  RunStarted started;
  started.run = RunId(3);
  started.build = "b";
  started.workers = 4;
  started.accepted_seq = 5;
  started.subset_present = true;
  started.host = "h";
  started.wall_ns = 1'700'000'000'123'456'789;
  Point point;
  point.values = {Value{}, Value(true), Value(std::int64_t{-3}), Value(0.1),
                  Value(std::string("x"))};
  return {StudyCreated{R"({"a": 1})", "digest"},
          started,
          TrialCreated{TrialId(1), point},
          WarmStarted{"studies/old",
                      3,
                      {{point, Outcome::finished, 0.25, 100, 1.5},
                       {point, Outcome::failed, std::nan(""), std::nan(""), 0},
                       {point, Outcome::finished, 0.5, 100, 1.5, 0.25},
                       {point, Outcome::finished, 0.5, 100, 1.5, 1, 2.5e-6}}},
          WarmStarted{"old.csv", 0, {}},
          Dispatched{a},
          Finished{some_result()},
          WorkerLost{WorkerId(7), "silent"},
          SearchExhausted{12},
          FinalistsChosen{{TrialId(3), TrialId(1)}},
          TeamsPlanned{{2, 1}, {}, {}, 0, 0},
          TeamsPlanned{{2, 1}, {1, 0}, {3.5, 4.25}, 4.25, 3},
          StudyEnded{false, ErrorKind::io, "disk"},
          RunEnded{"finished"}};
}

TEST(Journal, EveryEventReadsBackTheSame) {
  std::uint64_t seq = 0;
  for (const Event& event : every_event()) {
    const std::string line = encode_event({++seq, event});
    EXPECT_EQ(line.back(), '\n');
    EXPECT_EQ(line.find('\n'), line.size() - 1);
    const NumberedEvent back = decode_event(std::string_view(line).substr(0, line.size() - 1));
    EXPECT_EQ(back.seq, seq);
    EXPECT_EQ(back.event.index(), event.index());
    EXPECT_EQ(encode_event(back), line);
  }
}

// The key is there only where the time was measured: what older programs wrote is read as before.
TEST(Journal, AMeasuredTimeOfInferenceReadsBack) {
  const std::string key = "\"inference_seconds_per_row\":";
  for (const double measured : {1.5e-7, 0.0, std::nan("")}) {
    Result r = some_result();
    r.kind = AssignmentKind::trial;
    r.inference_seconds_per_row = measured;
    WarmStarted warm{"old", 0, {{{}, Outcome::finished, 0.5, 100, 1.5}}};
    warm.trials[0].inference_seconds_per_row = measured;
    for (const Event& event : {Event(Finished{r}), Event(warm)}) {
      std::string line = encode_event({1, event});
      EXPECT_EQ(line.find(key) == std::string::npos, std::isnan(measured)) << line;
      line.pop_back();
      const Event back = decode_event(line).event;
      const double read = back.index() == Event(warm).index()
                              ? std::get<WarmStarted>(back).trials[0].inference_seconds_per_row
                              : std::get<Finished>(back).result.inference_seconds_per_row;
      EXPECT_TRUE(read == measured || (std::isnan(read) && std::isnan(measured))) << line;
    }
  }
}

TEST(Journal, NoFlippedByteIsAccepted) {
  const std::string line = encode_event({1, FinalistsChosen{{TrialId(3), TrialId(1)}}});
  for (std::size_t i = 0; i + 1 < line.size(); ++i) {
    std::string damaged = line.substr(0, line.size() - 1);
    damaged[i] = static_cast<char>(damaged[i] ^ 1);
    EXPECT_THROW(static_cast<void>(decode_event(damaged)), Error) << i;
  }
}

// A power loss may leave any part of the last write: nothing before it is lost, nothing half is
// read.
TEST(Journal, ATornTailIsCutOffAtEveryByte) {
  MemFiles files;
  JournalWriter writer(files, 1, 0);
  for (const Event& event : every_event()) {
    writer.append(event);
  }
  writer.flush();
  const std::string text = *files.read("journal/0001.jsonl");
  for (std::size_t n = 0; n <= text.size(); ++n) {
    MemFiles torn;
    torn.replace("journal/0001.jsonl", text.substr(0, n));
    JournalContents contents;
    const auto events = read_all(torn, &contents);
    const auto whole = static_cast<std::size_t>(
        std::count(text.begin(), text.begin() + static_cast<long>(n), '\n'));
    ASSERT_EQ(events.size(), whole) << n;
    const bool between = n == 0 || text[n - 1] == '\n';
    EXPECT_EQ(contents.warnings.empty(), between) << n;
  }
}

TEST(Journal, DamageInTheMiddleIsRefusedWithItsPlace) {
  MemFiles files;
  JournalWriter writer(files, 1, 0);
  for (const Event& event : every_event()) {
    writer.append(event);
  }
  writer.flush();
  std::string text = *files.read("journal/0001.jsonl");
  const std::size_t third = text.find('\n', text.find('\n') + 1) + 1;
  text[third + 40] = '#';
  files.replace("journal/0001.jsonl", text);
  try {
    read_all(files);
    FAIL();
  } catch (const Error& error) {
    EXPECT_EQ(error.kind(), ErrorKind::study);
    EXPECT_EQ(error.problems()[0].where, "journal/0001.jsonl:3");
  }
}

RunStarted run(std::uint32_t number, std::uint64_t accepted) {
  RunStarted e;
  e.run = RunId(number);
  e.accepted_seq = accepted;
  return e;
}

TEST(Journal, WhatAnOlderRunAddsLaterIsIgnored) {
  MemFiles files;
  JournalWriter first(files, 1, 0);
  first.append(StudyCreated{"{}", "d"});
  first.append(run(1, 0));
  first.flush();
  JournalWriter second(files, 2, 2);
  second.append(run(2, 2));
  second.flush();
  first.append(WorkerLost{WorkerId(1), "I am not dead"});
  first.flush();
  second.append(RunEnded{"finished"});
  second.flush();
  JournalContents contents;
  const auto events = read_all(files, &contents);
  ASSERT_EQ(events.size(), 4U);
  EXPECT_TRUE(std::holds_alternative<RunStarted>(events[2].event));
  EXPECT_EQ(contents.last_seq, 4U);
  EXPECT_EQ(contents.warnings.size(), 1U);
}

TEST(Journal, TwoRunsCannotHaveTheSameSegment) {
  MemFiles files;
  const JournalWriter first(files, 1, 0);
  EXPECT_THROW(JournalWriter(files, 1, 0), Error);
}

TEST(Journal, RefusesANewerFormat) {
  MemFiles files;
  JournalWriter writer(files, 1, 0);
  writer.append(StudyCreated{"{}", "d"});
  writer.flush();
  std::string line = *files.read("journal/0001.jsonl");
  const std::size_t at = line.find("\"format\":1");
  ASSERT_NE(at, std::string::npos);
  line.replace(at, 10, "\"format\":9");
  const std::size_t body = line.find(",\"seq\"") + 1;
  char crc[16];
  std::snprintf(crc, sizeof crc, "%08x",
                crc32c(std::string_view(line).substr(body, line.size() - 1 - body)));
  line.replace(8, 8, crc);
  files.replace("journal/0001.jsonl", line);
  try {
    read_all(files);
    FAIL();
  } catch (const Error& error) {
    EXPECT_NE(std::string(error.what()).find("newer"), std::string::npos) << error.what();
  }
}

}  // namespace
}  // namespace twostep
