#include "train/training_run.hpp"

#include <cmath>
#include <limits>

#include "train/provenance.hpp"
#include "twostep/base/check.hpp"
#include "twostep/base/error.hpp"
#include "twostep/data/agree.hpp"
#include "twostep/train/mlp.hpp"

namespace twostep {
namespace {

constexpr std::uint32_t inference_batch = 1024;
constexpr int inference_repeats = 10;

NetworkShape shape_of(const ModelSettings& model, const TrainingData& data) {
  return {static_cast<std::uint32_t>(data.inputs()), model.widths,
          static_cast<std::uint32_t>(data.targets()), model.activation, model.output_activation};
}

}  // namespace

TrainingRun::TrainingRun(const TrainerContext& context, const Assignment& assignment,
                         std::shared_ptr<const Pack> pack, Group& group)
    : context_(context),
      assignment_(assignment),
      hyperparameters_(resolve(context.spec, context.space, assignment.point)),
      group_(group),
      data_(std::move(pack), context.spec.data, assignment.kind == AssignmentKind::retrain, group),
      loss_{hyperparameters_.training.loss, hyperparameters_.training.huber_delta,
            hyperparameters_.training.quantile},
      shape_(shape_of(hyperparameters_.model, data_)),
      layout_(shape_),
      optimizer_(hyperparameters_.training, layout_),
      order_(context.spec.seed, assignment.kind == AssignmentKind::retrain ? 1 : 0,
             data_.rows(Split::train)),
      evaluator_(context.engine, shape_, data_, group) {
  const std::uint64_t rows = data_.rows(Split::train);
  batch_rows_ = std::min<std::uint64_t>(hyperparameters_.training.batch_size, rows);
  steps_per_epoch_ = (rows + batch_rows_ - 1) / batch_rows_;
  const Budget& budget = assignment.budget;
  const bool epochs = budget.unit == BudgetUnit::epochs;
  total_steps_ = epochs ? budget.amount * steps_per_epoch_ : budget.amount;
  validate_every_ = !epochs && budget.validate_every > 0 ? budget.validate_every : steps_per_epoch_;
  TWOSTEP_REQUIRE(total_steps_ > 0);
  agree(group_, [&] {
    parameters_.resize(layout_.parameters);
    gradient_.resize(layout_.parameters + 1);
    const std::uint64_t share = share_of({0, batch_rows_}, 0, group_.size()).size();
    x_.resize(share * data_.inputs());
    y_.resize(share * data_.targets());
    prediction_.resize(share * data_.targets());
    initialise(shape_, hyperparameters_.model.initialisation,
               Rng(context_.spec.seed, Purpose::initialise, assignment_.trial.value), parameters_);
    best_parameters_ = parameters_;
    state_.resize(layout_.state);
    best_state_ = state_;
    best_ = std::numeric_limits<double>::quiet_NaN();
    if (share > 0) {
      networks_[share] =
          context_.engine.compile(shape_, static_cast<std::uint32_t>(share), Pass::training);
    }
  });
}

// The mean loss of the global batch; its gradient is left in gradient_.
double TrainingRun::compute_gradient(RowRange batch) {
  const RowRange mine = share_of(batch, group_.rank(), group_.size());
  const std::uint64_t n = mine.size();
  const double scale = 1.0 / static_cast<double>(batch.size() * data_.targets());
  double loss = 0;
  if (n == 0) {
    std::fill(gradient_.begin(), gradient_.end(), 0.0F);
  } else {
    std::unique_ptr<Network>& network = networks_[n];
    if (!network) {
      network = context_.engine.compile(shape_, static_cast<std::uint32_t>(n), Pass::training);
    }
    data_.gather(order_, mine, x_.data(), y_.data());
    const std::span<const float> x(x_.data(), n * data_.inputs());
    const std::span<float> y(prediction_.data(), n * data_.targets());
    network->forward(parameters_, state_, x, y,
                     {context_.spec.seed, assignment_.trial.value, step_, mine.begin - batch.begin,
                      batch.size(), &group_});
    loss = scale * replace_by_slope(loss_, y.data(), y_.data(), y.size(), scale);
    network->backward(parameters_, x, y, std::span(gradient_).first(layout_.parameters), nullptr);
  }
  gradient_.back() = static_cast<float>(loss);
  group_.sum(gradient_);
  return static_cast<double>(gradient_.back());
}

void TrainingRun::step() {
  TWOSTEP_REQUIRE(!ended());
  const std::uint64_t within = step_ % steps_per_epoch_;
  if (within == 0 || !order_ready_) {
    order_.begin(step_ / steps_per_epoch_);
    order_ready_ = true;
  }
  const RowRange batch{within * batch_rows_,
                       std::min((within + 1) * batch_rows_, data_.rows(Split::train))};
  const double loss = compute_gradient(batch);
  if (!std::isfinite(loss)) {
    outcome_ = Outcome::diverged;
    return;
  }
  optimizer_.step(parameters_, std::span<const float>(gradient_).first(layout_.parameters),
                  plateau_ * learning_rate_at(hyperparameters_.training, step_, total_steps_));
  ++step_;
  if (step_ % validate_every_ == 0 || step_ == total_steps_) {
    validate();
  }
}

// The study's objective, in the units of the subset's normalised targets in both steps, so that
// their losses can be compared.
double TrainingRun::objective() {
  const TrainingSettings& training = hyperparameters_.training;
  const LossFunction loss{context_.spec.search.objective, training.huber_delta, training.quantile};
  std::vector<double> factors;
  for (std::size_t j = 0; j < data_.targets(); ++j) {
    factors.push_back(data_.target_encoding().scale[j] / data_.stored_targets().scale[j]);
  }
  const auto means =
      evaluator_.mean_losses(Split::validation, {parameters_, state_}, loss, factors);
  double sum = 0;
  for (const double m : means) {
    sum += m;
  }
  return sum / static_cast<double>(means.size());
}

void TrainingRun::validate() {
  const double value = objective();
  curve_.push_back(value);
  if (!std::isfinite(value)) {
    outcome_ = Outcome::diverged;
    return;
  }
  if (!(value >= best_)) {  // also the first, when best_ is NaN
    best_ = value;
    best_validation_ = static_cast<std::uint32_t>(curve_.size());
    best_parameters_ = parameters_;
    best_state_ = state_;
  }
  const TrainingSettings& training = hyperparameters_.training;
  const std::uint64_t stale = curve_.size() - best_validation_;
  if (training.schedule == ScheduleKind::reduce_on_plateau && stale > 0 &&
      stale % training.schedule_count == 0) {
    plateau_ *= training.schedule_factor;
  }
  const std::uint32_t patience = assignment_.budget.patience;
  const bool impatient = patience > 0 && stale >= patience;
  if (step_ == total_steps_ || impatient) {
    outcome_ = Outcome::finished;
  }
}

Progress TrainingRun::progress() const {
  return {step_ / steps_per_epoch_, step_, best_};
}

Result TrainingRun::result() {
  TWOSTEP_REQUIRE(ended());
  Result out;
  out.outcome = *outcome_;
  out.objective = *outcome_ == Outcome::finished ? best_ : std::numeric_limits<double>::quiet_NaN();
  out.curve = curve_;
  out.best_validation = best_validation_;
  out.epochs = step_ / steps_per_epoch_;
  out.steps = step_;
  out.parameters = layout_.parameters;
  if (*outcome_ == Outcome::diverged) {
    out.message = "the loss is not finite after step " + std::to_string(step_);
  } else if (retrains()) {
    finish_retraining(out);
  }
  return out;
}

void TrainingRun::finish_retraining(Result& out) {
  const DataSpec& data = context_.spec.data;
  const DataPlan& plan = context_.plan;
  const Weights best{best_parameters_, best_state_};
  out.validation = evaluator_.evaluate(Split::validation, best, loss_, data.targets,
                                       plan.target_columns, plan.target_names);
  out.test = evaluator_.evaluate(Split::test, best, loss_, data.targets, plan.target_columns,
                                 plan.target_names);
  out.model_file = "finalists/" + std::to_string(assignment_.trial.value) + "/model.h5";
  agree(group_, [&] {
    if (group_.rank() == 0) {
      out.inference_seconds_per_row = time_inference();
      context_.models.save(out.model_file, make_model(out));
    }
  });
}

// The least of several batches: what the network costs when nothing disturbs.
double TrainingRun::time_inference() {
  const auto network = context_.engine.compile(shape_, inference_batch, Pass::inference);
  std::vector<float> x(inference_batch * data_.inputs(), 0.5F);
  std::vector<float> y(inference_batch * data_.targets());
  double least = std::numeric_limits<double>::infinity();
  for (int i = 0; i < inference_repeats; ++i) {
    const Time begun = context_.clock.now();
    network->infer({best_parameters_, best_state_}, x, y);
    least = std::min(least, seconds(context_.clock.now() - begun));
  }
  return least / inference_batch;
}

Model TrainingRun::make_model(const Result& result) const {
  Model model;
  model.shape = shape_;
  model.parameters.assign(best_parameters_.begin(), best_parameters_.end());
  model.state = best_state_;
  model.rows = context_.spec.data.rows;
  model.inputs = context_.spec.data.inputs;
  model.targets = context_.spec.data.targets;
  model.input_columns = context_.plan.input_columns;
  model.target_columns = context_.plan.target_columns;
  model.input_names = context_.plan.input_names;
  model.target_names = context_.plan.target_names;
  model.input_encoding = data_.input_encoding();
  model.target_encoding = data_.target_encoding();
  model.provenance_json = provenance(context_, assignment_, result);
  return model;
}

void TrainingRun::save(ByteWriter& writer) const {
  writer.u64(step_);
  writer.f32s(parameters_);
  writer.f32s(best_parameters_);
  writer.f32s(state_);
  writer.f32s(best_state_);
  writer.f64(best_);
  writer.u32(best_validation_);
  writer.f64s(curve_);
  writer.f64(plateau_);
  writer.u8(outcome_ ? 1 + static_cast<std::uint8_t>(*outcome_) : 0);
  optimizer_.save(writer);
}

// Whatever the bytes are, either all of them are taken or none: a training that a checkpoint does
// not fit begins anew.
void TrainingRun::load(ByteReader& reader) {
  const std::uint64_t step = reader.u64();
  const auto parameters = reader.f32s();
  const auto best_parameters = reader.f32s();
  auto state = reader.f32s();
  auto best_state = reader.f32s();
  const double best = reader.f64();
  const std::uint32_t best_validation = reader.u32();
  auto curve = reader.f64s();
  const double plateau = reader.f64();
  const std::uint8_t outcome = reader.u8();
  const bool fits = parameters.size() == layout_.parameters &&
                    best_parameters.size() == layout_.parameters && state.size() == layout_.state &&
                    best_state.size() == layout_.state && step < total_steps_ &&
                    best_validation <= curve.size() && outcome == 0;  // it was under way
  if (!fits) {
    throw Error(ErrorKind::internal, Problem{"", "a checkpoint of another training", "", ""});
  }
  optimizer_.load(reader);  // to the end
  step_ = step;
  parameters_ = aligned(parameters);
  best_parameters_ = aligned(best_parameters);
  state_ = std::move(state);
  best_state_ = std::move(best_state);
  best_ = best;
  best_validation_ = best_validation;
  curve_ = std::move(curve);
  plateau_ = plateau;
  outcome_.reset();
  order_ready_ = false;
}

}  // namespace twostep
