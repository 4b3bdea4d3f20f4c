#include "sim/rank_zero.hpp"

#include <cstdio>
#include <stdexcept>

#include "twostep/base/bytes.hpp"
#include "twostep/base/error.hpp"

namespace twostep {
namespace {

std::uint64_t digest_of(MemFiles& files) {
  State state;
  read_journal(files, [&](const NumberedEvent& e) { state.apply(e.event); });
  return state.digest();
}

}  // namespace

std::string situation(const CoordinatorNode& node) {
  const State& s = node.state();
  std::string out = "phase " + std::to_string(static_cast<int>(node.coordinator().phase())) + ", " +
                    std::to_string(s.trials_done) + " trials and " +
                    std::to_string(s.finalists_done) + " finalists done, " +
                    std::to_string(s.open.size()) + " open";
  for (const auto& [id, a] : s.open) {
    out += "; " + std::to_string(id.value) + " kind " + std::to_string(static_cast<int>(a.kind)) +
           " with " + std::to_string(a.team.front().value) + " of " + std::to_string(a.team.size());
  }
  return out;
}

void wake_suspended(RankZero& run, Time now) {
  try {
    run.node->request_stop("woken");
    run.node->tick();  // its clock stands where it was: it does not look yet
    run.node->request_stop("woken");
    run.node->tick();
    run.clock.set(now);
    run.node->tick();
  } catch (const Error& error) {
    if (error.kind() != ErrorKind::study) {
      throw;
    }
  }
  if (!run.node->superseded() && !run.node->done()) {
    throw std::runtime_error("a run that was suspended goes on beside its successor");
  }
}

bool add_stale_line(Files& files, std::uint32_t segment, std::uint64_t seq) {
  char path[32];
  std::snprintf(path, sizeof path, "journal/%04u.jsonl", segment);
  const auto text = files.read(path);
  if (!text || text->empty() || text->back() != '\n') {
    return false;
  }
  files.replace(path, *text + encode_event({seq + 1, WorkerLost{WorkerId(1), "stale"}}));
  return true;
}

JournalTotals journal_totals(MemFiles& files) {
  JournalTotals out;
  for (const std::string& name : files.list("journal")) {
    if (!name.ends_with(".jsonl")) {
      ++out.snapshot_parts;
      continue;
    }
    const std::string text = files.read("journal/" + name).value_or("");
    out.bytes += text.size();
    out.crc = crc32c(text + std::to_string(out.crc));
  }
  return out;
}

std::uint64_t replayed_digest(MemFiles& files, const State& live) {
  MemFiles segments_alone;
  for (const std::string& name : files.list("journal")) {
    if (name.ends_with(".jsonl")) {
      segments_alone.replace("journal/" + name, files.read("journal/" + name).value_or(""));
    }
  }
  const std::uint64_t digest = digest_of(segments_alone);
  if (digest != live.digest()) {
    throw std::runtime_error("the replayed state is not the live one");
  }
  if (digest_of(files) != digest) {
    throw std::runtime_error("the state from the snapshot is not that from the journal");
  }
  return digest;
}

}  // namespace twostep
