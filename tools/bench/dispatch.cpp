// How many trials rank 0 can hand out and take back: real MPI, real journal, fsync on, trials that
// do nothing.
#include <cstdio>

#include "adapters/mpi/world.hpp"
#include "adapters/posix/clock.hpp"
#include "adapters/posix/host.hpp"
#include "adapters/posix/posix_files.hpp"
#include "app/backoff.hpp"
#include "bench/benches.hpp"
#include "twostep/node/coordinator_node.hpp"
#include "twostep/node/worker_node.hpp"
#include "twostep/sim/world.hpp"

namespace twostep::bench {
namespace {

class NoTrainer : public Trainer {
 public:
  void start(const Assignment& assignment) override { assignment_ = assignment; }
  [[nodiscard]] std::optional<Result> advance(Duration) override {
    Result r;
    r.objective = 1.0 + assignment_.trial.value;
    r.curve = {r.objective};
    r.best_validation = 1;
    return r;
  }
  [[nodiscard]] Progress progress() const override { return {}; }
  [[nodiscard]] Bytes save() const override { return {}; }
  void load(std::span<const std::byte>) override {}
  void stop() override {}

 private:
  Assignment assignment_;
};

}  // namespace

int dispatch_bench(int& argc, char**& argv, const std::string& folder, unsigned trials) {
  MpiWorld world(argc, argv);
  PosixClock clock;
  const auto link = world.make_link();
  if (world.rank() > 0) {
    NoTrainer trainer;
    WorkerNode worker(*link, trainer, clock);
    Backoff backoff;
    while (!worker.done()) {
      backoff.after(worker.tick());
    }
    return 0;
  }
  const auto files = make_posix_files(folder);
  files->make_folder("journal");
  RunFacts facts;
  for (int rank = 1; rank < world.size(); ++rank) {
    facts.workers.push_back(WorkerId(static_cast<std::uint32_t>(rank)));
  }
  CoordinatorNode node(simulated_study(1, trials), facts, *link, *files, clock);
  Backoff backoff;
  Time begun{};
  Time ended{};
  while (!node.done()) {
    backoff.after(node.tick());
    begun = begun == Time{} && node.state().subset_extracted ? clock.now() : begun;
    ended = ended == Time{} && node.state().trials_done == trials ? clock.now() : ended;
  }
  while (!link->drained()) {
  }
  std::printf("  %u trials over %d workers: %.0f trials/s (journal in %s, fdatasync on)\n", trials,
              world.size() - 1, trials / seconds(ended - begun), folder.c_str());
  return 0;
}

}  // namespace twostep::bench
