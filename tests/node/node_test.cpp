// The nodes over an in-process link: what a single process runs.
#include <gtest/gtest.h>

#include "twostep/base/error.hpp"
#include "twostep/node/coordinator_node.hpp"
#include "twostep/node/local_link.hpp"
#include "twostep/node/worker_node.hpp"
#include "twostep/sim/curve_trainer.hpp"
#include "twostep/sim/world.hpp"

namespace twostep {
namespace {

RunFacts alone() {
  RunFacts facts;
  facts.workers = {WorkerId(0)};
  return facts;
}

// Runs until the end, or until `most` ticks.
State run(const StudyIdentity& study, MemFiles& files, int most = 1 << 20) {
  SimClock clock;
  LocalLink link;
  CoordinatorNode coordinator(study, alone(), link.coordinator_end(), files, clock);
  CurveTrainer trainer(clock, {});
  WorkerNode worker(link.worker_end(), trainer, clock);
  for (int i = 0; i < most && !coordinator.done(); ++i) {
    coordinator.tick();
    worker.tick();
  }
  return coordinator.state();
}

TEST(Nodes, OneProcessDoesItAll) {
  MemFiles files;
  const State state = run(simulated_study(1, 30), files);
  EXPECT_TRUE(state.ended);
  EXPECT_EQ(state.trials_done, 30U);
}

TEST(Nodes, AFinishedStudyOpensNoNewRun) {
  MemFiles files;
  const StudyIdentity study = simulated_study(1, 30);
  run(study, files);
  SimClock clock;
  LocalLink link;
  const CoordinatorNode again(study, alone(), link.coordinator_end(), files, clock);
  EXPECT_TRUE(again.already_finished());
  EXPECT_TRUE(again.done());
  EXPECT_EQ(files.list("journal").size(), 1U);
}

TEST(Nodes, AnotherStudyIsRefused) {
  MemFiles files;
  run(simulated_study(1, 30), files, 200);
  StudyIdentity other = simulated_study(2, 30);
  SimClock clock;
  LocalLink link;
  EXPECT_THROW(CoordinatorNode(other, alone(), link.coordinator_end(), files, clock), Error);
  StudyIdentity moved = simulated_study(1, 30);
  moved.data_digest = "other data";
  EXPECT_THROW(CoordinatorNode(moved, alone(), link.coordinator_end(), files, clock), Error);
}

// Whatever a crash leaves, the journal holds all that anybody was told.
TEST(Nodes, NothingIsSentBeforeItIsDurable) {
  MemFiles files;
  const StudyIdentity study = simulated_study(1, 30);
  SimClock clock;
  LocalLink link;
  CoordinatorNode coordinator(study, alone(), link.coordinator_end(), files, clock);
  link.worker_end().send(0, encode(FromWorker{Hello{}}));
  files.lose_power_at_sync(1, false);
  EXPECT_THROW(coordinator.tick(), PowerLoss);
  EXPECT_TRUE(link.worker_end().poll().empty());
}

TEST(Nodes, UnreadableMailIsSurvived) {
  MemFiles files;
  SimClock clock;
  LocalLink link;
  CoordinatorNode coordinator(simulated_study(1, 30), alone(), link.coordinator_end(), files,
                              clock);
  link.worker_end().send(0, Bytes(7, std::byte{0xff}));
  EXPECT_NO_THROW(coordinator.tick());
}

TEST(Nodes, AWorkerLeavesASilentCoordinator) {
  SimClock clock;
  LocalLink link;
  CurveTrainer trainer(clock, {});
  WorkerNode worker(link.worker_end(), trainer, clock);
  worker.tick();
  EXPECT_FALSE(worker.done());
  clock.set(std::chrono::seconds(200));
  worker.tick();
  EXPECT_TRUE(worker.done());
  EXPECT_TRUE(worker.abandoned());
}

}  // namespace
}  // namespace twostep
