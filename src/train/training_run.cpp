#include "train/training_run.hpp"

#include <cmath>
#include <limits>

#include "train/empty_network.hpp"
#include "train/finite.hpp"
#include "train/provenance.hpp"
#include "twostep/base/check.hpp"
#include "twostep/base/error.hpp"
#include "twostep/data/agree.hpp"
#include "twostep/train/mlp.hpp"

namespace twostep {
namespace {

constexpr std::uint32_t inference_batch = 1024;
constexpr int inference_repeats = 10;

NetworkShape shape_of(const Hyperparameters& h, const DataPlan& plan) {
  const ModelSettings& model = h.model;
  return {static_cast<std::uint32_t>(plan.inputs()),
          model.widths,
          static_cast<std::uint32_t>(plan.outputs()),
          model.activation,
          model.output_activation,
          model.norm,
          model.dropout,
          model.input_noise,
          model.residual,
          h.training.precision};
}

RunningAverage averager(const StudySpec& spec, AssignmentKind kind) {
  const RetrainingSpec& r = spec.retraining;
  return RunningAverage(kind == AssignmentKind::retrain ? r.averaging : Averaging::none,
                        r.averaging_decay);
}

std::uint32_t micro_batches(const StudySpec& spec, AssignmentKind kind) {
  const bool asked = kind == AssignmentKind::retrain && spec.retraining.reproducible;
  return asked ? spec.retraining.micro_batches : 0;
}

}  // namespace

TrainingRun::TrainingRun(const TrainerContext& context, const Assignment& assignment,
                         std::shared_ptr<const Pack> pack, Group& group)
    : context_(context),
      assignment_(assignment),
      hyperparameters_(resolve(context.spec, context.space, assignment.point)),
      group_(group),
      data_(std::move(pack), context.spec.data, assignment.kind == AssignmentKind::retrain, group),
      scoring_(make_scoring(context.spec, context.plan, hyperparameters_.training, data_)),
      shape_(shape_of(hyperparameters_, context.plan)),
      layout_(shape_),
      optimizer_(hyperparameters_.training, layout_),
      order_(context.spec.seed, retrains() ? 1 : 0, data_.rows(Split::train)),
      shares_(
          data_.rows(Split::train),
          std::min<std::uint64_t>(hyperparameters_.training.batch_size, data_.rows(Split::train)),
          group.size(), micro_batches(context.spec, assignment.kind)),
      overlapped_(layout_, group),
      evaluator_(context.engine, shape_, data_, group),
      average_(averager(context.spec, assignment.kind)),
      average_state_(average_) {
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
    if (shares_.micro_batches() > 0) {
      reproducible_.emplace(layout_, shares_.micro_batches(), group_);
      part_.resize(layout_.parameters);
    }
    const ReadingPlan reading =
        plan_reading(context_.spec.retraining, rows, data_.inputs() + data_.targets());
    if (retrains() && reading.streamed) {
      stream_.emplace(data_.pack(), reading, context_.spec.seed, 1, shares_, group_);
    }
    const std::uint64_t share = shares_.of({0, batch_rows_}, 0).size();
    x_.resize(share * data_.inputs());
    y_.resize(share * data_.targets());
    prediction_.resize(share * shape_.outputs);
    row_weights_.resize(data_.weighted() ? share : 0);
    initialise(shape_, hyperparameters_.model.initialisation,
               Rng(context_.spec.seed, Purpose::initialise, assignment_.trial.value), parameters_);
    best_parameters_ = parameters_;
    state_ = initial_state(shape_);
    best_state_ = state_;
    best_ = std::numeric_limits<double>::quiet_NaN();
    const std::uint64_t part =
        reproducible_ ? shares_.micro_batch({0, batch_rows_}, 0).size() : share;
    if (share > 0) {
      networks_[part] =
          context_.engine.compile(shape_, static_cast<std::uint32_t>(part), Pass::training);
    }
  });
}

template <class LossKnown>
void TrainingRun::compute_part(RowRange batch, RowRange rows, std::uint64_t at,
                               std::span<float> gradient, GradientSink& sink,
                               LossKnown loss_known) {
  const std::uint64_t n = rows.size();
  // A class target has one term per row, whatever the number of outputs.
  const double scale = 1.0 / static_cast<double>(batch.size() * data_.targets());
  std::unique_ptr<Network>& network = networks_[n];
  if (!network) {
    network = n > 0 ? context_.engine.compile(shape_, static_cast<std::uint32_t>(n), Pass::training)
                    : make_empty_network(shape_);
  }
  const std::span<const float> x(&x_[at * data_.inputs()], n * data_.inputs());
  const std::span<float> y(&prediction_[at * shape_.outputs], n * shape_.outputs);
  network->forward(parameters_, state_, x, y,
                   {context_.spec.seed, assignment_.trial.value, step_, rows.begin - batch.begin,
                    batch.size(), reproducible_ ? nullptr : &group_});
  LossBatch terms{n, shape_.outputs};
  terms.row_weights = data_.weighted() ? &row_weights_[at] : nullptr;
  terms.output_weights = scoring_.weighted() ? scoring_.weights.data() : nullptr;
  loss_known(scale * replace_by_slope(scoring_.loss, y.data(), &y_[at * data_.targets()], terms,
                                      scale));
  network->backward(parameters_, x, y, gradient.first(layout_.parameters), &sink);
}

// The mean loss of the global batch; its gradient is left in gradient_.
double TrainingRun::compute_gradient(RowRange batch) {
  const RowRange mine = shares_.of(batch, group_.rank());
  if (stream_) {
    data_.unpack(stream_->take(batch), x_.data(), y_.data(), row_weights_.data());
  } else {
    data_.gather(order_, mine, x_.data(), y_.data());
    if (data_.weighted()) {
      data_.gather_weights(order_, mine, row_weights_.data());
    }
  }
  if (reproducible_) {
    compute_reproducibly(batch, mine);
  } else {
    overlapped_.begin(gradient_);
    compute_part(batch, mine, 0, gradient_, overlapped_,
                 [&](double loss) { gradient_.back() = static_cast<float>(loss); });
    overlapped_.finish();
  }
  return static_cast<double>(gradient_.back());
}

void TrainingRun::compute_reproducibly(RowRange batch, RowRange mine) {
  const RowRange numbers = shares_.micro_batches_of(group_.rank());
  do {
    reproducible_->begin();
    for (std::uint64_t m = numbers.begin; m < numbers.end; ++m) {
      const auto number = static_cast<std::uint32_t>(m);
      const RowRange rows = shares_.micro_batch(batch, number);
      if (rows.size() > 0) {
        compute_part(batch, rows, rows.begin - mine.begin, part_, *reproducible_, [&](double loss) {
          reproducible_->begin_part(number, loss, part_, m + 1 == numbers.end);
        });
      }
    }
  } while (!reproducible_->finish(gradient_));
}

void TrainingRun::step() {
  TWOSTEP_REQUIRE(!ended());
  const std::uint64_t within = step_ % steps_per_epoch_;
  if (within == 0 || !order_ready_) {
    if (stream_) {
      stream_->begin(step_ / steps_per_epoch_, within);
    } else {
      order_.begin(step_ / steps_per_epoch_);
    }
    order_ready_ = true;
  }
  const double loss = compute_gradient(shares_.batch(within));
  if (!std::isfinite(loss)) {
    diverge("the loss");
    return;
  }
  const auto gradient = std::span<const float>(gradient_).first(layout_.parameters);
  if (!all_finite(gradient)) {
    diverge("the gradient of " + place_of_defect(layout_, gradient));
    return;
  }
  optimizer_.step(parameters_, gradient,
                  plateau_ * learning_rate_at(hyperparameters_.training, step_, total_steps_));
  ++step_;
  const RetrainingSpec& retraining = context_.spec.retraining;
  if (retrains() && retraining.averaging == Averaging::ema) {
    average_.add(parameters_);
    average_state_.add(state_);
  }
  if (step_ % validate_every_ == 0 || step_ == total_steps_) {
    if (retrains() && retraining.averaging == Averaging::swa &&
        static_cast<double>(step_) >=
            retraining.averaging_start * static_cast<double>(total_steps_)) {
      average_.add(parameters_);
      average_state_.add(state_);
    }
    validate();
  }
}

void TrainingRun::diverge(const std::string& what) {
  outcome_ = Outcome::diverged;
  diverged_ = what + " is not finite at step " + std::to_string(step_ + 1);
}

Weights TrainingRun::current() const {
  return average_.empty() ? Weights{parameters_, state_}
                          : Weights{average_.values(), average_state_.values()};
}

void TrainingRun::validate() {
  const Weights weights = current();
  const double value =
      natural_value(scoring_.objective, evaluator_.objective(Split::validation, weights, scoring_));
  curve_.push_back(value);
  if (!std::isfinite(value)) {
    outcome_ = Outcome::diverged;
    diverged_ = std::string("the validation's ") + name(scoring_.objective) +
                " is not finite after step " + std::to_string(step_);
    return;
  }
  if (!(value >= best_)) {  // also the first, when best_ is NaN
    best_ = value;
    best_validation_ = static_cast<std::uint32_t>(curve_.size());
    best_parameters_.assign(weights.parameters.begin(), weights.parameters.end());
    best_state_.assign(weights.state.begin(), weights.state.end());
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
    out.message = diverged_;
  } else if (retrains()) {
    finish_retraining(out);
  }
  return out;
}

void TrainingRun::finish_retraining(Result& out) {
  const Weights best{best_parameters_, best_state_};
  out.validation = evaluator_.evaluate(Split::validation, best, scoring_);
  out.test = evaluator_.evaluate(Split::test, best, scoring_);
  out.reading = plan_reading(context_.spec.retraining, data_.rows(Split::train),
                             data_.inputs() + data_.targets())
                    .text();
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
  std::vector<float> y(inference_batch * shape_.outputs);
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
  model.task = scoring_.task;
  model.shape.dropout.clear();
  model.shape.input_noise = 0;
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
  if (averages()) {
    average_.save(writer);
    average_state_.save(writer);
  }
  if (reproducible_) {
    reproducible_->save(writer);
  }
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
  RunningAverage average = average_;
  RunningAverage average_state = average_state_;
  if (averages()) {
    average.load(reader);
    average_state.load(reader);
  }
  const bool averages_fit =
      average.empty() || (average.values().size() == layout_.parameters &&
                          average_state.values().size() == layout_.state);
  if (!averages_fit) {
    throw Error(ErrorKind::internal, Problem{"", "a checkpoint of another average", "", ""});
  }
  if (reproducible_) {
    reproducible_->load(reader);
  }
  optimizer_.load(reader);  // to the end
  average_ = std::move(average);
  average_state_ = std::move(average_state);
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
