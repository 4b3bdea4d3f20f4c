// Trainings of classes and probabilities, of weighted rows and targets, and with averaged weights.
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>

#include "support/class_study.hpp"
#include "twostep/data/extractor.hpp"
#include "twostep/ports/solo_group.hpp"
#include "twostep/sim/mem_packs.hpp"
#include "twostep/sim/sim_clock.hpp"
#include "twostep/train/mlp_trainer.hpp"
#include "twostep/train/reference_engine.hpp"

namespace twostep {
namespace {

struct TargetBench {
  explicit TargetBench(StudySpec study) : TargetBench(study, test::class_shards(study)) {}
  TargetBench(StudySpec study, MemShards data)
      : spec(std::move(study)),
        space(make_space(spec)),
        shards(std::move(data)),
        plan(make_plan(spec, shards, {1, 0, 0})) {
    for (const auto kind : {AssignmentKind::extract_subset, AssignmentKind::extract_full}) {
      Extractor extractor({spec, plan, shards, packs, solo, clock});
      extractor.start(assignment(kind, 1));
      while (!extractor.advance({})) {
      }
    }
  }
  static Assignment assignment(AssignmentKind kind, std::uint64_t epochs) {
    Assignment a;
    a.kind = kind;
    a.trial = TrialId(1);
    a.budget.amount = epochs;
    a.team = {WorkerId(0)};
    return a;
  }
  TrainerContext context(Engine& engine) {
    return {spec, space, plan, packs, models, engine, solo, clock, "test"};
  }
  // The clock stands still, so one slice is all of a training.
  Result train(AssignmentKind kind, std::uint64_t epochs, Engine* engine = nullptr) {
    const auto reference = make_reference_engine();
    MlpTrainer trainer(context(engine != nullptr ? *engine : *reference));
    trainer.start(assignment(kind, epochs));
    return *trainer.advance(std::chrono::hours(1));
  }
  // The network's outputs for a split, and its truths, as the full pack holds them.
  std::vector<double> outputs(const Model& model, Split split) {
    const auto pack = packs.open("full", plan.full_digest);
    const auto engine = make_reference_engine();
    const auto network = engine->compile(model.shape, 1, Pass::inference);
    std::vector<double> out;
    const std::span<const float> x = pack->inputs(split);
    for (std::size_t row = 0; row < x.size() / 2; ++row) {
      std::vector<float> in(2);
      for (std::size_t j = 0; j < 2; ++j) {
        const ColumnEncoding& stored = pack->header().inputs;
        in[j] = static_cast<float>(
            (stored.offset[j] + stored.scale[j] * x[row * 2 + j] - model.input_encoding.offset[j]) /
            model.input_encoding.scale[j]);
      }
      std::vector<float> y(model.shape.outputs);
      network->infer({model.parameters, model.state}, in, y);
      out.insert(out.end(), y.begin(), y.end());
    }
    return out;
  }
  StudySpec spec;
  Space space;
  MemShards shards;
  DataPlan plan;
  MemPacks packs;
  MemModels models;
  SoloGroupMaker solo;
  SimClock clock;
};

TEST(Classification, ClassesAreLearntAndMeasured) {
  TargetBench bench(test::class_spec());
  const Result r = bench.train(AssignmentKind::retrain, 60);
  EXPECT_EQ(r.outcome, Outcome::finished);
  EXPECT_EQ(r.parameters, 2U * 8 + 8 + 8 * 3 + 3);
  EXPECT_LT(r.objective, 0.3);  // log(3) = 1.1 knows nothing
  const Model model = bench.models.load(r.model_file);
  EXPECT_EQ(model.task, Task::classes);
  const std::vector<double> z = bench.outputs(model, Split::test);
  const auto truth = bench.packs.open("full", bench.plan.full_digest)->targets(Split::test);
  double loss = 0;
  std::array<double, 3> right{};
  std::array<double, 3> rows{};
  for (std::size_t i = 0; i < truth.size(); ++i) {
    const auto label = static_cast<std::size_t>(truth[i]);
    double sum = 0;
    std::size_t best = 0;
    for (std::size_t k = 0; k < 3; ++k) {
      sum += std::exp(z[3 * i + k]);
      best = z[3 * i + k] > z[3 * i + best] ? k : best;
    }
    loss -= std::log(std::exp(z[3 * i + label]) / sum);
    rows[label] += 1;
    right[label] += best == label ? 1 : 0;
  }
  const auto n = static_cast<double>(truth.size());
  const TargetMetrics& m = r.test.targets.at(0);
  EXPECT_NEAR(m.loss, loss / n, 1e-5);
  EXPECT_NEAR(m.accuracy, (right[0] + right[1] + right[2]) / n, 1e-12);
  EXPECT_NEAR(m.balanced_accuracy,
              (right[0] / rows[0] + right[1] / rows[1] + right[2] / rows[2]) / 3, 1e-12);
  EXPECT_GT(m.accuracy, 0.85);
  EXPECT_TRUE(std::isnan(m.rmse));
  EXPECT_EQ(r.test.overall.objective, m.loss);
}

TEST(Classification, AccuracyIsMaximised) {
  TargetBench bench(test::class_spec(
      {R"(["yes"])", "", R"("loss": "binary_cross_entropy")", R"(, "objective": "accuracy")"}));
  const Result r = bench.train(AssignmentKind::retrain, 40);
  EXPECT_EQ(r.objective, *std::min_element(r.curve.begin(), r.curve.end()));
  EXPECT_LT(r.objective, -0.9);
  EXPECT_EQ(r.validation.overall.accuracy, -r.objective);
  const Model model = bench.models.load(r.model_file);
  EXPECT_EQ(model.task, Task::binary);
  const std::vector<double> z = bench.outputs(model, Split::test);
  const auto truth = bench.packs.open("full", bench.plan.full_digest)->targets(Split::test);
  double loss = 0;
  double right = 0;
  double square = 0;
  for (std::size_t i = 0; i < truth.size(); ++i) {
    const double p = 1 / (1 + std::exp(-z[i]));
    loss -= std::log(truth[i] == 1 ? p : 1 - p);
    right += (p >= 0.5) == (truth[i] == 1) ? 1 : 0;
    square += (p - truth[i]) * (p - truth[i]);
  }
  const auto n = static_cast<double>(truth.size());
  EXPECT_NEAR(r.test.targets[0].loss, loss / n, 1e-5);
  EXPECT_NEAR(r.test.targets[0].accuracy, right / n, 1e-12);
  EXPECT_NEAR(r.test.targets[0].rmse, std::sqrt(square / n), 1e-5);
}

// Every objective that suits a task ranks by what the evaluation reports.
TEST(Objective, IsTheReportedMetric) {
  const std::pair<const char*, const char*> tasks[] = {
      {R"(["value", "other"])", "mse"},
      {R"(["yes"])", "binary_cross_entropy"},
      {R"(["kind"])", "categorical_cross_entropy"}};
  int combinations = 0;
  for (const auto& [targets, loss] : tasks) {
    for (const std::string& objective : metric_names()) {
      Loss kind{};
      Metric metric{};
      ASSERT_TRUE(parse_name(loss, kind) && parse_name(objective, metric));
      if (!suits(metric, task_of(kind))) {
        continue;
      }
      TargetBench bench(test::class_spec({targets, "", "\"loss\": \"" + std::string(loss) + "\"",
                                          ", \"objective\": \"" + objective + "\""}));
      const Result r = bench.train(AssignmentKind::retrain, 3);
      EXPECT_NEAR(natural_value(metric, r.objective), r.validation.overall.objective, 1e-9)
          << objective;
      double mean = 0;
      for (const TargetMetrics& t : r.validation.targets) {
        mean += t.objective / static_cast<double>(r.validation.targets.size());
      }
      EXPECT_NEAR(r.validation.overall.objective, mean, 1e-9) << objective;
      ++combinations;
    }
  }
  EXPECT_EQ(combinations, 8 + 8 + 3);
}

// A row of weight k is k equal rows: in training, in validation and in every metric.
TEST(Weights, AreRepeatedRows) {
  const auto study = [](const std::string& weights) {
    test::ClassStudy o;
    o.targets = R"(["value", "other"])";
    o.data = R"(, "normalise": {"inputs": "none", "targets": "none"},
      "split": {"variable": "split"})" +
             weights;
    o.training = R"("loss": "huber", "optimizer": "sgd")";
    return o;
  };
  std::vector<std::vector<double>> once(5);   // x, value, other, weight, split
  std::vector<std::vector<double>> often(4);  // the same rows, without weights
  const Rng rng(9, Purpose::noise);
  std::array<std::uint64_t, 3> rows{};
  for (std::uint64_t row = 0; row < 400; ++row) {
    const double a = rng.uniform(row, 0);
    const double b = rng.uniform(row, 1);
    const auto weight = 1 + rng.below(3, row, 2);
    const double split = static_cast<double>(row % 4 < 2 ? 0 : row % 4 - 1);
    const auto add = [&](std::vector<std::vector<double>>& to, bool weighted) {
      to[0].push_back(a);
      to[0].push_back(b);
      to[1].push_back(std::sin(3 * a) + b);
      to[2].push_back(a * b);
      if (weighted) {
        to[3].push_back(static_cast<double>(weight));
      }
      to[weighted ? 4 : 3].push_back(split);
    };
    add(once, true);
    for (std::uint64_t i = 0; i < weight; ++i) {
      add(often, false);
      rows[static_cast<std::size_t>(split)] += 1;
    }
  }
  const auto run = [&](std::vector<std::vector<double>> values, bool weighted,
                       std::uint64_t train_rows, std::uint64_t validation_rows) {
    std::vector<VariableInfo> variables{
        {"x", 2, "float32", 4}, {"value", 1, "float32", 4}, {"other", 1, "float32", 4}};
    if (weighted) {
      variables.push_back({"area", 1, "float32", 4});
    }
    variables.push_back({"split", 1, "int8", 1});
    const std::uint64_t n = values[1].size();
    StudySpec spec = test::class_spec(study(weighted ? R"(, "weights": "area")" : ""));
    spec.search.subset.rows = train_rows;
    spec.search.subset.validation_rows = validation_rows;
    for (Setting& setting : spec.settings) {  // all rows in one batch
      if (setting.path == "training.batch_size") {
        setting.constant = static_cast<std::int64_t>(train_rows);
      }
    }
    TargetBench bench(spec, MemShards(variables, {{"s.h5", n, 0}}, {std::move(values)}));
    return std::pair(bench.train(AssignmentKind::trial, 30),
                     bench.train(AssignmentKind::retrain, 30));
  };
  const auto [a, b] = run(once, true, 200, 100);
  const auto [c, d] = run(often, false, rows[0], rows[1]);
  ASSERT_EQ(a.curve.size(), 30U);
  for (std::size_t i = 0; i < 30; ++i) {
    EXPECT_NEAR(a.curve[i], c.curve[i], 1e-5 * c.curve[i]) << i;
    EXPECT_NEAR(b.curve[i], d.curve[i], 1e-5 * d.curve[i]) << i;
  }
  for (std::size_t j = 0; j < 2; ++j) {
    const TargetMetrics& x = b.test.targets[j];
    const TargetMetrics& y = d.test.targets[j];
    EXPECT_NEAR(x.rmse, y.rmse, 1e-5);
    EXPECT_NEAR(x.mae, y.mae, 1e-5);
    EXPECT_NEAR(x.bias, y.bias, 1e-5);
    EXPECT_NEAR(x.r2, y.r2, 1e-4);
    EXPECT_NEAR(x.loss, y.loss, 1e-5);
  }
  EXPECT_LT(a.curve.back(), 0.5 * a.curve.front());
}

TEST(Weights, OfTargetsWeightTheirMean) {
  TargetBench bench(
      test::class_spec({R"(["value", {"name": "other", "weight": 3}])", "", R"("loss": "mse")"}));
  const Result r = bench.train(AssignmentKind::retrain, 10);
  const auto& t = r.validation.targets;
  EXPECT_NEAR(r.objective, (t[0].objective + 3 * t[1].objective) / 4, 1e-9);
  EXPECT_NEAR(r.validation.overall.r2, (t[0].r2 + 3 * t[1].r2) / 4, 1e-9);
  // A target of next to no weight beside another is not learnt.
  TargetBench one(test::class_spec(
      {R"(["value", {"name": "other", "weight": 1e-12}])", "", R"("loss": "mse")"}));
  const Result s = one.train(AssignmentKind::retrain, 60);
  EXPECT_GT(s.test.targets[0].r2, 0.9);
  EXPECT_LT(s.test.targets[1].r2, 0.5);
}

// An engine that spoils one value of one gradient.
class SpoilingEngine : public Engine {
 public:
  SpoilingEngine(std::uint64_t step, std::size_t at, float value)
      : step_(step), at_(at), value_(value) {}
  [[nodiscard]] std::unique_ptr<Network> compile(const NetworkShape& shape, std::uint32_t rows,
                                                 Pass pass) override {
    return std::make_unique<Spoiled>(*this, inner_->compile(shape, rows, pass));
  }
  [[nodiscard]] std::string description() const override { return "spoiling"; }

 private:
  struct Spoiled : Network {
    Spoiled(SpoilingEngine& e, std::unique_ptr<Network> n) : engine(e), inner(std::move(n)) {}
    void forward(std::span<const float> parameters, std::span<float> state,
                 std::span<const float> x, std::span<float> y, const BatchContext& batch) override {
      now = batch.step;
      inner->forward(parameters, state, x, y, batch);
    }
    void backward(std::span<const float> parameters, std::span<const float> x,
                  std::span<const float> dy, std::span<float> gradient,
                  GradientSink* sink) override {
      inner->backward(parameters, x, dy, gradient, sink);
      if (now == engine.step_) {
        gradient[engine.at_] = engine.value_;
      }
    }
    void infer(const Weights& weights, std::span<const float> x, std::span<float> y) override {
      inner->infer(weights, x, y);
    }
    SpoilingEngine& engine;
    std::unique_ptr<Network> inner;
    std::uint64_t now = 0;
  };
  std::unique_ptr<Engine> inner_ = make_reference_engine();
  std::uint64_t step_;
  std::size_t at_;
  float value_;
};

TEST(Divergence, ANaNInAGradientEndsTheTrialThereAndThen) {
  TargetBench bench(test::class_spec({R"(["value"])", "", R"("loss": "mse")"}));
  // Layer 1: 16 weights, 8 biases; layer 2: 8 weights, 1 bias.
  const std::tuple<std::size_t, float, const char*> places[] = {
      {0, NAN, "layer 1's weights"},
      {23, INFINITY, "layer 1's biases"},
      {24, -INFINITY, "layer 2's weights"},
      {32, NAN, "layer 2's biases"}};
  for (const auto& [at, value, place] : places) {
    SpoilingEngine engine(7, at, value);
    const Result r = bench.train(AssignmentKind::trial, 5, &engine);
    EXPECT_EQ(r.outcome, Outcome::diverged);
    EXPECT_TRUE(std::isnan(r.objective));
    EXPECT_EQ(r.steps, 7U);
    EXPECT_EQ(r.message, std::string("the gradient of ") + place + " is not finite at step 8");
  }
}

TEST(Averaging, ModelsAreAveragesOfTheirTraining) {
  const auto study = [](const std::string& averaging) {
    return test::class_spec(
        {R"(["value"])", "", R"("loss": "mse", "schedule": "constant")", "", averaging});
  };
  TargetBench plain(study(""));
  const Result raw = plain.train(AssignmentKind::retrain, 20);
  // decay 0 keeps nothing of the past.
  TargetBench forgetful(study(R"(, "averaging": "ema", "averaging_decay": 0)"));
  const Result same = forgetful.train(AssignmentKind::retrain, 20);
  for (std::size_t i = 0; i < 20; ++i) {
    EXPECT_NEAR(raw.curve[i], same.curve[i], 1e-5 * raw.curve[i]);
  }
  // swa from three quarters on: until then nothing changes, the first is the training itself.
  TargetBench late(study(R"(, "averaging": "swa", "averaging_start": 0.75)"));
  const Result swa = late.train(AssignmentKind::retrain, 20);
  for (std::size_t i = 0; i < 15; ++i) {
    EXPECT_EQ(raw.curve[i], swa.curve[i]);
  }
  EXPECT_NE(raw.curve[16], swa.curve[16]);
  // Trials of step 1 are left alone.
  EXPECT_EQ(plain.train(AssignmentKind::trial, 5).curve,
            late.train(AssignmentKind::trial, 5).curve);
}

TEST(Averaging, GoesOnWithTheSameBits) {
  for (const char* kind : {"ema", "swa"}) {
    TargetBench bench(
        test::class_spec({R"(["value"])", "", R"("loss": "mse")", "",
                          ", \"averaging\": \"" + std::string(kind) +
                              R"(", "averaging_decay": 0.9, "averaging_start": 0.2)"}));
    const Result whole = bench.train(AssignmentKind::retrain, 6);
    const auto engine = make_reference_engine();
    MlpTrainer first(bench.context(*engine));
    first.start(TargetBench::assignment(AssignmentKind::retrain, 6));
    for (int i = 0; i < 29; ++i) {
      ASSERT_FALSE(first.advance(Duration{0}));  // one step
    }
    const Bytes state = first.save();
    MlpTrainer second(bench.context(*engine));
    second.start(TargetBench::assignment(AssignmentKind::retrain, 6));
    second.load(state);
    const auto result = second.advance(std::chrono::hours(1));
    ASSERT_TRUE(result);
    EXPECT_EQ(result->curve, whole.curve);
    EXPECT_EQ(result->test, whole.test);
    EXPECT_EQ(bench.models.load(result->model_file).parameters.size(), 33U);
  }
}

}  // namespace
}  // namespace twostep
