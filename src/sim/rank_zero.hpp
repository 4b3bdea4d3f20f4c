// Rank 0 of one job of a simulated cluster: the production node with a network of its own, so that
// a run which was suspended can be kept, and woken when its successor has begun.
#pragma once

#include <functional>
#include <memory>
#include <string>

#include "twostep/node/coordinator_node.hpp"
#include "twostep/sim/mem_files.hpp"
#include "twostep/sim/sim_clock.hpp"
#include "twostep/sim/sim_fitter.hpp"
#include "twostep/sim/sim_link.hpp"

namespace twostep {

struct RankZero {
  SimClock clock;
  std::unique_ptr<SimNetwork> network;
  std::unique_ptr<Link> link;
  std::unique_ptr<SimFitter> fitter;
  std::unique_ptr<CoordinatorNode> node;
};

// Phase, counts and open assignments, for a message.
[[nodiscard]] std::string situation(const CoordinatorNode& node);

// The run goes on where it was, for the moment in which it has not looked for a successor; then it
// looks. Throws std::runtime_error if it does not stop then.
void wake_suspended(RankZero& run, Time now);

// A run that was killed but is not quite dead adds a line to its own segment when its successor has
// begun: it believes that its history went on, and must be ignored. False: there was no whole line
// to continue.
bool add_stale_line(Files& files, std::uint32_t segment, std::uint64_t seq);

struct JournalTotals {
  std::uint32_t snapshot_parts = 0;
  std::uint64_t bytes = 0;  // of all segments
  std::uint32_t crc = 0;    // of their bytes
};
[[nodiscard]] JournalTotals journal_totals(MemFiles& files);

// Throws std::runtime_error unless the state read back is `live`'s, from the journal's segments
// alone and with its snapshot. Returns the digest.
std::uint64_t replayed_digest(MemFiles& files, const State& live);

}  // namespace twostep
