// A retraining by a team of real ranks against the same by one.
#include <gtest/gtest.h>
#include <mpi.h>

#include "adapters/mpi/mpi_group.hpp"
#include "support/trainer_bench.hpp"

namespace twostep {
namespace {

// Trained by the whole world, or by each rank for itself.
Result train(test::Bench& bench, bool together) {
  int size = 1;
  MPI_Comm_size(MPI_COMM_WORLD, &size);
  const auto engine = make_reference_engine();
  test::StepClock clock;
  MpiGroupMaker ranks;
  SoloGroupMaker solo;
  GroupMaker& groups = together ? static_cast<GroupMaker&>(ranks) : solo;
  MlpTrainer trainer({bench.spec, bench.space, bench.plan, bench.packs, bench.models, *engine,
                      groups, clock, "test"});
  trainer.start(test::training(AssignmentKind::retrain, 3, together ? size : 1));
  for (;;) {
    if (auto result = trainer.advance(std::chrono::milliseconds(5))) {
      return *result;
    }
  }
}

test::Bench bench_with(const std::string& retraining) {
  test::SampleOptions o;
  o.model = R"("layers": 2, "width": 300, "activation": "tanh")";  // more than one bucket
  o.retraining += retraining;
  return test::Bench(o);
}

TEST(MpiTeam, ReproducibleHasTheBitsOfOneRank) {
  for (const std::string options : {"", R"(, "memory": 0.001)"}) {
    test::Bench bench = bench_with(R"(, "reproducible": true, "micro_batches": 4)" + options);
    const Result alone = train(bench, false);
    const Result team = train(bench, true);
    ASSERT_EQ(team.curve, alone.curve);
    ASSERT_EQ(team.validation, alone.validation);
    ASSERT_EQ(team.test, alone.test);
  }
}

TEST(MpiTeam, OverlappedSumsComeToTheSame) {
  test::Bench bench = bench_with(R"(, "memory": 0.001)");
  const Result alone = train(bench, false);
  const Result first = train(bench, true);
  const Result second = train(bench, true);
  ASSERT_EQ(first.curve, second.curve);
  for (std::size_t i = 0; i < alone.curve.size(); ++i) {
    ASSERT_NEAR(first.curve[i], alone.curve[i], 1e-4 * alone.curve[i]);
  }
}

}  // namespace
}  // namespace twostep
