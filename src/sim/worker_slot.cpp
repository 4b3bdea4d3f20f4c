#include "sim/worker_slot.hpp"

namespace twostep {
namespace {

constexpr Duration slice = std::chrono::seconds(5);
constexpr Duration checkpoint_every = std::chrono::seconds(12);

}  // namespace

void WorkerSlot::open(SimNetwork& network, int rank, Time now, const CurveOptions& curve,
                      MemFiles& files) {
  clock->set(now);
  link = network.link(rank, *clock);
  trainer = std::make_unique<CurveTrainer>(*clock, curve);
  WorkerOptions options;
  options.slice = slice;
  options.heartbeat_every = heartbeat;
  options.silence_limit = std::chrono::hours(2);
  options.checkpoint_every = checkpoint_every;
  node = std::make_unique<WorkerNode>(*link, *trainer, *clock, options, &files);
}

}  // namespace twostep
