// How busy rank 0 can keep its workers: step 1 on a simulated cluster without faults, where every
// message, decision and sync of rank 0 costs what was measured on a real machine. The production
// coordinator and worker nodes run unchanged.
#pragma once

#include <cstdint>

#include "twostep/study/spec.hpp"

namespace twostep {

struct UtilisationOptions {
  std::uint32_t workers = 4096;
  std::uint32_t trials = 102400;
  double trial_seconds = 10;
  double spread = 0;  // trials take between (1 - spread) and (1 + spread) times that
  // Of rank 0, measured by `twostep-bench dispatch` (docs/performance.md): a message received or
  // sent, with its share of deciding, encoding and writing; one fdatasync.
  double message_seconds = 3e-6;
  double sync_seconds = 115e-6;
  double latency_seconds = 50e-6;  // of a message, at most
  double longest_nap = 0.02;       // of an idle rank, before it looks for mail again
  Algorithm algorithm = Algorithm::random;
  double fit_seconds = 0;  // of a proposal, where the algorithm fits slow models
};

struct UtilisationReport {
  double seconds = 0;        // from the first dispatch to the last result
  double ideal_seconds = 0;  // work / workers
  double utilisation = 0;    // work / (workers x seconds)
  double rank_zero = 0;      // share of the time in which rank 0 had something to do
  std::uint64_t messages = 0;
  std::uint64_t syncs = 0;
  // Of a worker that has nothing to do, from its result until the next trial arrives.
  double longest_wait = 0;
  std::uint64_t fitted = 0;  // trials whose points came from a fit
};

[[nodiscard]] UtilisationReport measure_utilisation(const UtilisationOptions& options);

}  // namespace twostep
