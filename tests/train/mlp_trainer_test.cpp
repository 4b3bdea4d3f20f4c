#include "twostep/train/mlp_trainer.hpp"

#include <gtest/gtest.h>

#include <cmath>

#include "support/trainer_bench.hpp"
#include "twostep/base/error.hpp"
#include "twostep/data/extractor.hpp"
#include "twostep/ports/solo_group.hpp"
#include "twostep/sim/mem_packs.hpp"
#include "twostep/sim/sim_clock.hpp"
#include "twostep/train/batches.hpp"
#include "twostep/train/mlp.hpp"
#include "twostep/train/optimizer.hpp"
#include "twostep/train/reference_engine.hpp"

namespace twostep {
namespace {

using test::Bench;
using test::run;
using test::StepClock;
using test::training;

// The truth: the same training written out in the plainest way, in the trainer's own order.
TEST(MlpTrainer, FollowsAPlainTraining) {
  Bench bench;
  const Result got = run(bench, training(AssignmentKind::trial, 5));
  const auto pack = bench.packs.open("subset", bench.plan.subset_digest);
  const NetworkShape shape{3, {8}, 1, Activation::tanh, Activation::identity};
  const MlpLayout layout(shape);
  std::vector<float> p(layout.parameters);
  initialise(shape, Initialisation::automatic, Rng(3, Purpose::initialise, 2), p);
  TrainingSettings settings;
  settings.learning_rate = 0.01;
  Optimizer optimizer(settings, layout);
  const auto engine = make_reference_engine();
  EpochOrder order(3, 0, 100);
  std::vector<double> curve;
  for (std::uint64_t epoch = 0; epoch < 5; ++epoch) {
    order.begin(epoch);
    for (std::uint64_t begin = 0; begin < 100; begin += 32) {
      const auto n = static_cast<std::uint32_t>(std::min<std::uint64_t>(32, 100 - begin));
      std::vector<float> x(n * 3);
      std::vector<float> y(n);
      std::vector<float> t(n);
      for (std::uint32_t i = 0; i < n; ++i) {
        const std::uint64_t row = order.row(begin + i);
        for (std::size_t j = 0; j < 3; ++j) {
          x[i * 3 + j] = pack->inputs(Split::train)[row * 3 + j];
        }
        t[i] = pack->targets(Split::train)[row];
      }
      const auto network = engine->compile(shape, n, Pass::training);
      std::vector<float> gradient(layout.parameters);
      network->forward(p, {}, x, y, {});
      for (std::uint32_t i = 0; i < n; ++i) {
        y[i] = static_cast<float>(2.0 / n) * (y[i] - t[i]);
      }
      network->backward(p, x, y, gradient, nullptr);
      ASSERT_TRUE(optimizer.step(p, gradient, 0.01));
    }
    const auto network = engine->compile(shape, 50, Pass::inference);
    std::vector<float> y(50);
    network->infer({p, {}}, pack->inputs(Split::validation), y);
    double sum = 0;
    for (std::size_t i = 0; i < 50; ++i) {
      sum += std::pow(
          static_cast<double>(y[i]) - static_cast<double>(pack->targets(Split::validation)[i]), 2);
    }
    curve.push_back(sum / 50);
  }
  ASSERT_EQ(got.curve.size(), 5U);
  for (std::size_t i = 0; i < 5; ++i) {
    EXPECT_NEAR(got.curve[i], curve[i], 1e-6 * curve[i]) << i;
  }
  EXPECT_EQ(got.outcome, Outcome::finished);
  EXPECT_EQ(got.epochs, 5U);
  EXPECT_EQ(got.steps, 20U);
  EXPECT_EQ(got.parameters, layout.parameters);
  EXPECT_EQ(got.objective, *std::min_element(got.curve.begin(), got.curve.end()));
}

TEST(MlpTrainer, ATeamWalksTheWayOfOne) {
  Bench bench;
  const Result alone = run(bench, training(AssignmentKind::retrain, 3));
  EXPECT_EQ(alone.outcome, Outcome::finished);
  EXPECT_EQ(alone.test.rows, 108U);
  for (const int members : {2, 3, 5}) {
    ThreadTeam team(members);
    Result leader;
    team.run([&](Group& group) {
      const Result r = run(bench, training(AssignmentKind::retrain, 3, members), &group, &team);
      if (group.rank() == 0) {
        leader = r;
      }
    });
    ASSERT_EQ(leader.curve.size(), alone.curve.size());
    for (std::size_t i = 0; i < alone.curve.size(); ++i) {
      EXPECT_NEAR(leader.curve[i], alone.curve[i], 1e-4 * alone.curve[i]) << members;
    }
    EXPECT_NEAR(leader.test.targets[0].r2, alone.test.targets[0].r2, 1e-4);
    EXPECT_EQ(leader.steps, alone.steps);
  }
}

TEST(MlpTrainer, SlicesDoNotChangeTheResult) {
  Bench bench;
  const auto engine = make_reference_engine();
  SoloGroupMaker solo;
  std::vector<std::vector<double>> curves;
  for (const int slice : {1, 7, 1000}) {
    StepClock clock;
    MlpTrainer trainer({bench.spec, bench.space, bench.plan, bench.packs, bench.models, *engine,
                        solo, clock, "test"});
    trainer.start(training(AssignmentKind::trial, 5));
    std::optional<Result> result;
    while (!result) {
      result = trainer.advance(std::chrono::milliseconds(slice));
    }
    curves.push_back(result->curve);
  }
  EXPECT_EQ(curves[0], curves[1]);
  EXPECT_EQ(curves[0], curves[2]);
}

void expect_same_bits_after_a_load(Bench& bench, AssignmentKind kind) {
  const auto engine = make_reference_engine();
  SoloGroupMaker solo;
  const Result whole = run(bench, training(kind, 5));
  StepClock clock;
  const TrainerContext context{bench.spec, bench.space, bench.plan, bench.packs, bench.models,
                               *engine,    solo,        clock,      "test"};
  MlpTrainer first(context);
  first.start(training(kind, 5));
  for (int i = 0; i < 3; ++i) {
    ASSERT_FALSE(first.advance(std::chrono::milliseconds(2)));
  }
  const Bytes state = first.save();
  MlpTrainer second(context);
  second.start(training(kind, 5));
  second.load(state);
  std::optional<Result> result;
  while (!result) {
    result = second.advance(std::chrono::milliseconds(9));
  }
  EXPECT_EQ(result->curve, whole.curve);
  EXPECT_EQ(result->objective, whole.objective);
  EXPECT_EQ(result->test, whole.test);
}

TEST(MlpTrainer, ASavedTrainingGoesOnWithTheSameBits) {
  Bench bench;
  for (const auto kind : {AssignmentKind::trial, AssignmentKind::retrain}) {
    expect_same_bits_after_a_load(bench, kind);
  }
}

TEST(MlpTrainer, ATeamGoesOnFromItsLeadersCheckpoint) {
  Bench bench;
  ThreadTeam team(3);
  std::vector<double> whole;
  std::vector<double> resumed;
  team.run([&](Group& group) {
    const Result all = run(bench, training(AssignmentKind::retrain, 4, 3), &group, &team);
    const auto engine = make_reference_engine();
    StepClock clock;
    FixedGroupMaker groups(team, group.rank());
    const TrainerContext context{bench.spec, bench.space, bench.plan, bench.packs, bench.models,
                                 *engine,    groups,      clock,      "test"};
    Bytes state;
    {
      MlpTrainer first(context);
      first.start(training(AssignmentKind::retrain, 4, 3));
      for (int i = 0; i < 3; ++i) {
        ASSERT_FALSE(first.advance(std::chrono::milliseconds(5)));
      }
      state = first.save();
    }
    MlpTrainer second(context);
    second.start(training(AssignmentKind::retrain, 4, 3));
    if (group.rank() == 0) {
      second.load(state);
    }
    std::optional<Result> result;
    while (!result) {
      result = second.advance(std::chrono::milliseconds(5));
    }
    if (group.rank() == 0) {
      whole = all.curve;
      resumed = result->curve;
    }
  });
  ASSERT_EQ(whole.size(), 4U);
  EXPECT_EQ(resumed, whole);
}

// With everything that lives inside the network, a team must still walk the way of one, also where
// a batch has fewer rows than the team has members (the last of each epoch has one or two).
TEST(MlpTrainer, ATeamWalksTheWayOfOneWithNormsAndDropout) {
  test::SampleOptions o;
  o.model = R"("layers": 3, "width": 8, "activation": "tanh", "norm": "batch", "dropout": 0.2,
               "input_noise": 0.1, "residual": true)";
  o.training = R"("batch_size": 100, "learning_rate": 0.01)";
  Bench bench(o);
  const Result alone = run(bench, training(AssignmentKind::retrain, 3));
  const Model model = bench.models.load(alone.model_file);
  EXPECT_EQ(model.state.size(), 48U);
  for (const int members : {2, 3}) {
    ThreadTeam team(members);
    Result leader;
    team.run([&](Group& group) {
      const Result r = run(bench, training(AssignmentKind::retrain, 3, members), &group, &team);
      if (group.rank() == 0) {
        leader = r;
      }
    });
    ASSERT_EQ(leader.curve.size(), alone.curve.size());
    for (std::size_t i = 0; i < alone.curve.size(); ++i) {
      EXPECT_NEAR(leader.curve[i], alone.curve[i], 1e-4 * alone.curve[i]) << members;
    }
    const Model theirs = bench.models.load(leader.model_file);
    for (std::size_t i = 0; i < model.state.size(); ++i) {
      EXPECT_NEAR(theirs.state[i], model.state[i], 1e-3F * (1.0F + std::abs(model.state[i])));
    }
  }
}

TEST(MlpTrainer, ASavedTrainingWithNormsAndDropoutGoesOnWithTheSameBits) {
  test::SampleOptions o;
  o.model = R"("layers": 3, "width": 8, "activation": "gelu", "norm": "batch", "dropout": 0.2,
               "input_noise": 0.1, "residual": true)";
  Bench bench(o);
  expect_same_bits_after_a_load(bench, AssignmentKind::retrain);
}

TEST(MlpTrainer, AnExplodingTrainingDiverges) {
  test::SampleOptions o;
  o.training = R"("batch_size": 32, "learning_rate": 1000, "optimizer": "sgd")";
  o.model = R"("layers": 2, "width": 16, "activation": "relu")";
  Bench bench(o);
  const Result r = run(bench, training(AssignmentKind::trial, 50));
  EXPECT_EQ(r.outcome, Outcome::diverged);
  EXPECT_TRUE(std::isnan(r.objective));
  EXPECT_FALSE(r.message.empty());
}

TEST(MlpTrainer, PatienceStopsAndTheBestIsReported) {
  Bench bench;
  Assignment a = training(AssignmentKind::trial, 5000);
  a.budget.patience = 4;
  const Result r = run(bench, a);
  EXPECT_EQ(r.outcome, Outcome::finished);
  EXPECT_LT(r.epochs, 5000U);
  EXPECT_EQ(r.curve.size(), r.best_validation + 4U);
  EXPECT_EQ(r.objective, r.curve[r.best_validation - 1]);
  EXPECT_EQ(r.objective, *std::min_element(r.curve.begin(), r.curve.end()));
}

TEST(MlpTrainer, EveryLossTrainsAndTheObjectiveIsTheSameForAll) {
  for (const char* loss : {"mse", "mae", "huber", "log_cosh", "quantile"}) {
    test::SampleOptions o;
    o.training = R"("batch_size": 32, "learning_rate": 0.01, "loss": ")" + std::string(loss) + "\"";
    Bench bench(o);
    const Result r = run(bench, training(AssignmentKind::trial, 60));
    EXPECT_EQ(r.outcome, Outcome::finished) << loss;
    EXPECT_LT(r.objective, 0.25) << loss;  // mse: the target's variance is 1
    EXPECT_LT(r.objective, 0.5 * r.curve.front()) << loss;
  }
}

TEST(MlpTrainer, APlateauLowersTheRate) {
  test::SampleOptions o;
  o.training = R"("batch_size": 32, "learning_rate": 0.3, "schedule": "reduce_on_plateau",
    "schedule_count": 2, "schedule_factor": 0.2)";
  Bench lowered(o);
  o.training = R"("batch_size": 32, "learning_rate": 0.3)";
  Bench constant(o);
  const Result a = run(lowered, training(AssignmentKind::trial, 150));
  const Result b = run(constant, training(AssignmentKind::trial, 150));
  // Both are the same up to the second stale validation in a row, and differ right after it.
  std::size_t best = 0;
  std::size_t drop = 0;
  for (std::size_t i = 1; i < b.curve.size() && drop == 0; ++i) {
    best = b.curve[i] < b.curve[best] ? i : best;
    drop = i - best == 2 ? i : 0;
  }
  ASSERT_GT(drop, 0U);
  for (std::size_t i = 0; i <= drop; ++i) {
    ASSERT_EQ(a.curve[i], b.curve[i]) << i;
  }
  EXPECT_NE(a.curve[drop + 1], b.curve[drop + 1]);
}

TEST(MlpTrainer, StepsAreABudgetToo) {
  Bench bench;
  Assignment a = training(AssignmentKind::trial, 10);
  a.budget.unit = BudgetUnit::steps;
  a.budget.validate_every = 4;
  const Result r = run(bench, a);
  EXPECT_EQ(r.steps, 10U);
  EXPECT_EQ(r.curve.size(), 3U);  // after steps 4, 8 and 10
}

TEST(MlpTrainer, LossesOfBothStepsAreInTheSameUnits) {
  // With equal data in both steps the objective of a retraining would be that of a trial; here the
  // statistics differ a little, and so may the objectives, but by far less than by a factor.
  test::SampleOptions o;
  o.subset = R"({"rows": 501, "validation_rows": 108})";
  Bench bench(o);
  const Result trial = run(bench, training(AssignmentKind::trial, 30));
  const Result retrained = run(bench, training(AssignmentKind::retrain, 30));
  EXPECT_NEAR(trial.objective, retrained.objective, 0.5 * trial.objective);
}

TEST(MlpTrainer, TheModelComputesWhatWasReported) {
  test::SampleOptions o;
  o.targets = R"([{"name": "y", "transform": "sqrt"}])";
  Bench bench(o);
  const Result r = run(bench, training(AssignmentKind::retrain, 20));
  const Model model = bench.models.load(r.model_file);
  const auto engine = make_reference_engine();
  const auto network = engine->compile(model.shape, 1, Pass::inference);
  const auto pack = bench.packs.open("full", bench.plan.full_digest);
  const PackHeader& h = pack->header();
  double squares = 0;
  double absolute = 0;
  double mean = 0;
  std::vector<double> truth;
  std::vector<double> predicted;
  for (std::uint64_t i = 0; i < h.rows[2]; ++i) {
    std::vector<float> x(3);
    std::vector<float> y(1);
    for (std::size_t j = 0; j < 3; ++j) {
      const double value =
          h.inputs.offset[j] +
          h.inputs.scale[j] * static_cast<double>(pack->inputs(Split::test)[i * 3 + j]);
      x[j] = static_cast<float>((value - model.input_encoding.offset[j]) /
                                model.input_encoding.scale[j]);
    }
    network->infer({model.parameters, model.state}, x, y);
    const double root = model.target_encoding.offset[0] +
                        model.target_encoding.scale[0] * static_cast<double>(y[0]);
    const double stored = h.targets.offset[0] +
                          h.targets.scale[0] * static_cast<double>(pack->targets(Split::test)[i]);
    predicted.push_back(root * root);
    truth.push_back(stored * stored);
    squares += std::pow(predicted.back() - truth.back(), 2);
    absolute += std::abs(predicted.back() - truth.back());
    mean += truth.back() / static_cast<double>(h.rows[2]);
  }
  double total = 0;
  for (const double t : truth) {
    total += (t - mean) * (t - mean);
  }
  const auto n = static_cast<double>(h.rows[2]);
  ASSERT_EQ(r.test.targets.size(), 1U);
  EXPECT_NEAR(r.test.targets[0].rmse, std::sqrt(squares / n), 1e-5);
  EXPECT_NEAR(r.test.targets[0].mae, absolute / n, 1e-5);
  EXPECT_NEAR(r.test.targets[0].r2, 1 - squares / total, 1e-5);
  EXPECT_GT(r.test.targets[0].r2, 0.5);
  EXPECT_GT(r.inference_seconds_per_row, 0);
}

TEST(MlpTrainer, ATrialMeasuresItsInferenceOnlyIfTheSearchWeighsIt) {
  for (const auto second : {SecondObjective::parameters, SecondObjective::inference_seconds}) {
    Bench bench;
    bench.spec.search.second_objective = second;
    const Result r = run(bench, training(AssignmentKind::trial, 2));
    EXPECT_EQ(r.outcome, Outcome::finished);
    if (second == SecondObjective::inference_seconds) {
      EXPECT_DOUBLE_EQ(r.inference_seconds_per_row, 1e-3 / 1024);  // StepClock, a batch of 1024
      bench.spec.search.second_objective = SecondObjective::parameters;
      EXPECT_EQ(run(bench, training(AssignmentKind::trial, 2)).curve, r.curve);
    } else {
      EXPECT_TRUE(std::isnan(r.inference_seconds_per_row));
    }
  }
}

TEST(MlpTrainer, AMissingPackIsAnErrorNotACrash) {
  Bench bench;
  bench.plan.subset_digest = "another";
  EXPECT_THROW(run(bench, training(AssignmentKind::trial, 1)), Error);
}

TEST(MlpTrainer, AStoppedTeamEndsTogether) {
  Bench bench;
  ThreadTeam team(3);
  team.run([&](Group& group) {
    const auto engine = make_reference_engine();
    StepClock clock;
    FixedGroupMaker groups(team, group.rank());
    MlpTrainer trainer({bench.spec, bench.space, bench.plan, bench.packs, bench.models, *engine,
                        groups, clock, "test"});
    trainer.start(training(AssignmentKind::retrain, 100000, 3));
    ASSERT_FALSE(trainer.advance(std::chrono::milliseconds(3)));
    if (group.rank() == 0) {
      trainer.stop();
    }
    const auto result = trainer.advance(std::chrono::milliseconds(3));
    ASSERT_TRUE(result.has_value());
    EXPECT_EQ(result->outcome, Outcome::interrupted);
  });
}

TEST(EpochOrder, IsAPermutationThatFollowsTheSeed) {
  for (const std::uint64_t rows : {1ULL, 10ULL, (1ULL << 22) + 5}) {
    EpochOrder order(1, 0, rows);
    order.begin(3);
    std::vector<bool> seen(rows);
    for (std::uint64_t i = 0; i < rows; ++i) {
      const std::uint64_t r = order.row(i);
      ASSERT_LT(r, rows);
      ASSERT_FALSE(seen[r]);
      seen[r] = true;
    }
  }
  EpochOrder a(1, 0, 100);
  EpochOrder b(2, 0, 100);
  a.begin(0);
  b.begin(0);
  int same = 0;
  for (std::uint64_t i = 0; i < 100; ++i) {
    same += a.row(i) == b.row(i) ? 1 : 0;
  }
  EXPECT_LT(same, 10);
}

}  // namespace
}  // namespace twostep
