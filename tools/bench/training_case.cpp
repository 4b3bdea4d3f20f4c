#include "bench/training_case.hpp"

#include <cmath>

#include "adapters/posix/clock.hpp"
#include "twostep/base/rng.hpp"
#include "twostep/ports/solo_group.hpp"
#include "twostep/study/spec_json.hpp"
#include "twostep/study/spec_reader.hpp"

namespace twostep::bench {
namespace {

StudySpec spec_of(const Case& c) {
  return read_spec(read_json(
      R"({"study": {"name": "bench", "seed": 1, "directory": "d"}, "data": {"files": ["f"],
      "inputs": ["x"], "targets": ["y"]}, "model": {"layers": )" +
      std::to_string(c.layers) + R"(, "initialisation": ")" + c.initialisation + R"(", "width": )" +
      std::to_string(c.width) + R"(, "activation": ")" + name(c.activation) + R"(")" + c.model +
      R"(}, "training": {"batch_size": )" + std::to_string(c.batch) + R"(, "precision": ")" +
      name(c.precision) + R"(")" + c.training +
      R"(}, "search": {"trials": 1, "subset": {"rows": 8192}, "budget": {"epochs": 1}},
      "promotion": {"finalists": 1}, "retraining": {"budget": {"epochs": 1})" +
      c.retraining + "}}"));
}

PackHeader header_of(std::uint64_t rows, std::uint64_t validation_rows) {
  PackHeader header;
  for (std::uint32_t i = 0; i < inputs; ++i) {
    header.input_names.push_back("x[" + std::to_string(i) + "]");
  }
  header.target_names = {"y"};
  header.rows = {rows, validation_rows, 0};
  header.inputs = {std::vector<double>(inputs, 0.0), std::vector<double>(inputs, 1.0)};
  header.targets = {std::vector<double>(outputs, 0.0), std::vector<double>(outputs, 1.0)};
  header.digest = "bench";
  return header;
}

void write_split(PackWriter& writer, Split split, std::uint64_t rows) {
  const Rng rng(1, Purpose::noise, static_cast<std::uint64_t>(split));
  std::vector<float> x(rows * inputs);
  std::vector<float> y(rows * outputs);
  for (std::uint64_t i = 0; i < rows; ++i) {
    double sum = 0;
    for (std::uint32_t j = 0; j < inputs; ++j) {
      x[i * inputs + j] = static_cast<float>(rng.normal(i * inputs + j));
      sum += std::sin(static_cast<double>(x[i * inputs + j]) + j);
    }
    y[i] = static_cast<float>(sum / std::sqrt(static_cast<double>(inputs)));
  }
  writer.write_range(split, 0, x, y);
}

}  // namespace

NetworkShape shape_of(const Case& c) {
  NetworkShape shape{inputs, std::vector<std::uint32_t>(c.layers, c.width), outputs, c.activation,
                     Activation::identity};
  shape.precision = c.precision;
  return shape;
}

TrainingCase::TrainingCase(const Case& c, Engine& engine, std::uint64_t rows,
                           std::uint64_t validation_rows, std::uint64_t validate_every,
                           std::unique_ptr<Group> team)
    : shape_(shape_of(c)),
      spec_(spec_of(c)),
      space_(make_space(spec_)),
      groups_(std::make_unique<SoloGroupMaker>()),
      group_(team ? std::move(team) : std::make_unique<SoloGroup>()),
      clock_(std::make_unique<PosixClock>()),
      context_{spec_, space_, plan_, packs_, models_, engine, *groups_, *clock_, "bench"} {
  const PackHeader header = header_of(rows, validation_rows);
  plan_.input_names = header.input_names;
  plan_.target_names = header.target_names;
  plan_.input_columns = {inputs};
  plan_.target_columns = {outputs};
  plan_.subset_digest = "bench";
  SoloGroup alone;  // every member has all rows in its own memory
  const auto writer = packs_.create("subset", header, alone);
  write_split(*writer, Split::train, rows);
  write_split(*writer, Split::validation, validation_rows);
  writer->finish();
  pack_ = packs_.open("subset", "bench");
  assignment_.trial = TrialId(1);
  assignment_.kind = c.retraining.empty() ? AssignmentKind::trial : AssignmentKind::retrain;
  assignment_.team = {WorkerId(0)};
  assignment_.budget.unit = BudgetUnit::steps;
  assignment_.budget.amount = 1'000'000'000;
  assignment_.budget.validate_every = validate_every;
  set_up();
}

TrainingCase::~TrainingCase() = default;

void TrainingCase::set_up() {
  run_.reset();
  const Time begun = clock_->now();
  run_ = std::make_unique<TrainingRun>(context_, assignment_, pack_, *group_);
  set_up_seconds_ = seconds(clock_->now() - begun);
}

struct TrainingCase::Validation {
  Validation(const TrainerContext& context, const NetworkShape& shape,
             const TrainingSettings& training, std::shared_ptr<const Pack> pack, Group& group)
      : data(std::move(pack), context.spec.data, false, group),
        scoring(make_scoring(context.spec, context.plan, training, data)),
        evaluator(context.engine, shape, data, group),
        parameters(MlpLayout(shape).parameters, 0.01F) {}
  TrainingData data;
  Scoring scoring;
  Evaluator evaluator;
  std::vector<float> parameters;
};

double TrainingCase::validate() {
  if (!validation_) {
    const Hyperparameters h = resolve(spec_, space_, assignment_.point);
    validation_ = std::make_unique<Validation>(context_, shape_, h.training, pack_, *group_);
  }
  return validation_->evaluator.objective(Split::validation, {validation_->parameters, {}},
                                          validation_->scoring);
}

std::uint64_t TrainingCase::validation_batch() const {
  return std::min<std::uint64_t>(
      1024,
      OrderedSums::block_rows(pack_->header().rows[static_cast<std::size_t>(Split::validation)]));
}

}  // namespace twostep::bench
