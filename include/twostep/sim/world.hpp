// A cluster in one thread: the production coordinator and worker nodes, thousands of workers,
// virtual time, and the faults that batch systems, MPI and parallel file systems really produce.
// Each seed draws its own. The same seed gives the same journal, byte for byte.
//
// A job runs until the study ends, it is killed, or it stops; then the launcher starts it again,
// maybe with another number of workers. After `fault_jobs` jobs no further faults are drawn, and
// the study must end.
#pragma once

#include <cstdint>
#include <memory>
#include <string>

#include "twostep/node/coordinator_node.hpp"
#include "twostep/sim/mem_files.hpp"

namespace twostep {

struct WorldOptions {
  std::uint64_t seed = 1;
  std::uint32_t workers = 64;
  std::uint32_t trials = 1000;
  StoppingRule rule = StoppingRule::none;
  Fidelity fidelity = Fidelity::budget;
  // One that fits models does so beside rank 0, a fifth of a trial's mean time for each proposal.
  Algorithm algorithm = Algorithm::random;
  bool faults = true;
  std::uint32_t fault_jobs = 8;
  double mean_trial_seconds = 20;
  std::uint64_t check_every = 5000;     // ticks of rank 0 between full checks of the invariants
  std::uint32_t snapshot_events = 100;  // per part of the snapshot; 0: none
};

struct WorldReport {
  std::uint32_t jobs = 0;
  std::uint32_t kills = 0;  // of the whole job, at some step of rank 0
  std::uint32_t stops = 0;  // SIGTERM
  std::uint32_t full_disks = 0;
  std::uint32_t worker_deaths = 0;
  std::uint32_t worker_hangs = 0;
  std::uint32_t left_out = 0;      // workers that could train nothing any more
  std::uint32_t stale_writes = 0;  // lines added by a run that should have been dead
  std::uint32_t time_ups = 0;      // jobs that knew their time limit, and ended before it
  std::uint32_t returns = 0;       // runs that were suspended, and woke beside their successor
  std::uint32_t slow_syncs = 0;    // that took seconds
  std::uint32_t snapshot_parts = 0;
  std::uint64_t events = 0;
  std::uint64_t messages = 0;
  double virtual_seconds = 0;
  std::uint64_t live_digest = 0;    // of the state at the end
  std::uint64_t replay_digest = 0;  // of the state read back from the journal
  std::uint32_t journal_crc = 0;    // of all segments' bytes
  std::uint64_t journal_bytes = 0;
  State state;
};

// The study that the simulation runs: a few dimensions, random search if nothing else is said.
[[nodiscard]] StudyIdentity simulated_study(std::uint64_t seed, std::uint32_t trials,
                                            StoppingRule rule = StoppingRule::none,
                                            Fidelity fidelity = Fidelity::budget,
                                            Algorithm algorithm = Algorithm::random);

// Runs one world to its end. Throws std::runtime_error saying which invariant was violated, and
// when. `files` receives the journal.
[[nodiscard]] WorldReport run_world(const WorldOptions& options, MemFiles& files);

}  // namespace twostep
