// What the size of a team, and the way of reading, may change in a retraining: nothing, or the
// rounding of a sum.
#include <gtest/gtest.h>

#include <cmath>

#include "support/trainer_bench.hpp"

namespace twostep {
namespace {

using test::Bench;
using test::run_team;

// Everything but times.
void expect_same(const Result& a, const Result& b, const std::string& what) {
  EXPECT_EQ(a.outcome, b.outcome) << what;
  EXPECT_EQ(a.objective, b.objective) << what;
  EXPECT_EQ(a.curve, b.curve) << what;
  EXPECT_EQ(a.validation, b.validation) << what;
  EXPECT_EQ(a.test, b.test) << what;
}

Bench bench_with(const std::string& retraining, const std::string& training = "") {
  test::SampleOptions o;
  o.model = R"("layers": 2, "width": 12, "activation": "tanh")";
  o.retraining += retraining;
  if (!training.empty()) {
    o.training = training;
  }
  return Bench(o);
}

TEST(TeamTraining, ReproducibleHasTheSameBitsInEveryTeam) {
  // 501 training rows: the last batch is of 21, fewer than one row for each micro-batch of the last
  // case.
  for (const std::string training :
       {R"("batch_size": 32, "learning_rate": 0.01)",
        R"("batch_size": 60, "learning_rate": 0.05, "optimizer": "sgd", "clip_norm": 1)"}) {
    for (const std::string micro : {"8", "5", "24"}) {
      Bench bench = bench_with(R"(, "reproducible": true, "micro_batches": )" + micro, training);
      const Result alone = run_team(bench, 3, 1);
      const Model model = bench.models.load(alone.model_file);
      for (const int members : {2, 3, 4, 9}) {
        const Result team = run_team(bench, 3, members);
        expect_same(team, alone, micro + " micro-batches, team of " + std::to_string(members));
        EXPECT_EQ(bench.models.load(team.model_file).parameters, model.parameters);
      }
    }
  }
}

// One step of gradient descent moves a parameter by rate x gradient. The gradient is a sum of
// `rows` products in float32 either way, so two groupings of it differ by at most about
// rows x 2^-24 x (the sum of the terms' sizes), and here by far less than rows x 2^-24 x 10.
TEST(TeamTraining, WithoutItTheSizeMattersByTheRoundingOfTheSum) {
  Bench plain = bench_with("", R"("batch_size": 100, "learning_rate": 0.01, "optimizer": "sgd")");
  Bench exact = bench_with(R"(, "reproducible": true)",
                           R"("batch_size": 100, "learning_rate": 0.01, "optimizer": "sgd")");
  const auto parameters = [](Bench& bench, int members) {
    return bench.models.load(run_team(bench, 1, members).model_file).parameters;
  };
  const auto one = parameters(plain, 1);
  const double steps = 6;
  const double bound = steps * 0.01 * 100 * std::ldexp(1.0, -24) * 10;
  for (const auto& other : {parameters(plain, 2), parameters(plain, 4), parameters(exact, 3)}) {
    ASSERT_EQ(other.size(), one.size());
    for (std::size_t i = 0; i < one.size(); ++i) {
      ASSERT_NEAR(other[i], one[i], bound + std::ldexp(std::abs(one[i]), -23)) << i;
    }
  }
}

// Averages of weights, every optimiser and every loss of numbers: in a team of 3 the bits of one
// rank, and without the fixed tree of sums its way up to rounding.
TEST(TeamTraining, AveragesOptimisersAndLossesAreThoseOfOne) {
  const auto compare = [](const std::string& retraining, const std::string& training) {
    const std::string what = retraining + training;
    Bench exact = bench_with(retraining + R"(, "reproducible": true)", training);
    const Result alone = run_team(exact, 3, 1);
    EXPECT_EQ(alone.outcome, Outcome::finished) << what;
    const Result team = run_team(exact, 3, 3);
    expect_same(team, alone, what);
    EXPECT_EQ(exact.models.load(team.model_file).parameters,
              exact.models.load(alone.model_file).parameters)
        << what;
    Bench plain = bench_with(retraining, training);
    const Result one = run_team(plain, 3, 1);
    const Result three = run_team(plain, 3, 3);
    ASSERT_EQ(three.curve.size(), one.curve.size()) << what;
    for (std::size_t i = 0; i < one.curve.size(); ++i) {
      EXPECT_NEAR(three.curve[i], one.curve[i], 1e-3 * one.curve[i]) << what;
    }
  };
  for (const std::string averaging : {"ema", "swa"}) {
    compare(R"(, "averaging": ")" + averaging + R"(")", "");
  }
  for (const std::string optimizer :
       {"sgd", "adam", "adamw", "nadam", "radam", "rmsprop", "lion"}) {
    compare("", R"("batch_size": 40, "learning_rate": 0.002, "weight_decay": 0.01, "l1": 0.0001,
                   "clip_norm": 2, "optimizer": ")" +
                    optimizer + R"(")");
  }
  for (const std::string loss : {"mae", "huber", "log_cosh", "quantile"}) {
    compare("", R"("batch_size": 40, "learning_rate": 0.002, "loss": ")" + loss + R"(")");
  }
}

TEST(TeamTraining, StreamedWithOneWindowIsMapped) {
  Bench mapped = bench_with("");
  Bench streamed = bench_with(R"(, "reading": "streamed")");
  for (const int members : {1, 3}) {
    expect_same(run_team(streamed, 3, members), run_team(mapped, 3, members),
                "team of " + std::to_string(members));
  }
}

TEST(TeamTraining, SmallWindowsTrainToo) {
  // 1 KiB: windows of 64 rows of 4 columns.
  Bench mapped = bench_with("");
  Bench streamed = bench_with(R"(, "memory": 0.001)");
  const Result all = run_team(mapped, 10, 1);
  const Result alone = run_team(streamed, 10, 1);
  EXPECT_NE(alone.curve, all.curve);
  EXPECT_NEAR(alone.objective, all.objective, 0.5 * all.objective);
  const Result team = run_team(streamed, 10, 3);
  for (std::size_t i = 0; i < alone.curve.size(); ++i) {
    EXPECT_NEAR(team.curve[i], alone.curve[i], 1e-4 * alone.curve[i]);
  }
  Bench exact = bench_with(R"(, "memory": 0.001, "reproducible": true)");
  expect_same(run_team(exact, 4, 3), run_team(exact, 4, 1), "streamed and reproducible");
}

TEST(TeamTraining, GoesOnFromACheckpointWithTheSameBits) {
  Bench bench = bench_with(R"(, "reproducible": true, "memory": 0.001)");
  const Result whole = run_team(bench, 4, 1);
  const auto engine = make_reference_engine();
  ThreadTeam team(3);
  team.run([&](Group& group) {
    test::StepClock clock;
    FixedGroupMaker groups(team, group.rank());
    const TrainerContext context{bench.spec, bench.space, bench.plan, bench.packs, bench.models,
                                 *engine,    groups,      clock,      "test"};
    const Assignment assignment = test::training(AssignmentKind::retrain, 4, 3);
    Bytes state;
    {
      MlpTrainer first(context);
      first.start(assignment);
      for (int i = 0; i < 3; ++i) {  // 1 + 5 + 25 of 64 steps
        ASSERT_FALSE(first.advance(std::chrono::milliseconds(5)));
      }
      state = first.save();
    }
    MlpTrainer second(context);
    second.start(assignment);
    if (group.rank() == 0) {
      second.load(state);
    }
    std::optional<Result> result;
    while (!result) {
      result = second.advance(std::chrono::milliseconds(5));
    }
    if (group.rank() == 0) {
      expect_same(*result, whole, "resumed in a team of 3, after one alone");
    }
  });
}

}  // namespace
}  // namespace twostep
