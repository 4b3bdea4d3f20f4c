// One worker of a simulated cluster, and when it does what.
#pragma once

#include <memory>

#include "sim/faults.hpp"
#include "twostep/node/worker_node.hpp"
#include "twostep/sim/curve_trainer.hpp"
#include "twostep/sim/mem_files.hpp"
#include "twostep/sim/sim_clock.hpp"
#include "twostep/sim/sim_link.hpp"

namespace twostep {

inline constexpr Duration heartbeat = std::chrono::seconds(10);

struct WorkerSlot {
  std::unique_ptr<SimClock> clock = std::make_unique<SimClock>();
  std::unique_ptr<Link> link;
  std::unique_ptr<CurveTrainer> trainer;
  std::unique_ptr<WorkerNode> node;
  Time wake = never;
  Time busy_until{};
  Time dies_at = never;
  Time hangs_at = never;
  Time hangs_until = never;
  bool dead = false;
  bool stuck = false;  // in a collective that never returns

  // As a rank of the network; `files` keeps its checkpoints.
  void open(SimNetwork& network, int rank, Time now, const CurveOptions& curve, MemFiles& files);
};

}  // namespace twostep
