#include "train/training_run.hpp"

#include <cmath>
#include <limits>

#include "train/empty_network.hpp"
#include "train/finite.hpp"
#include "twostep/base/check.hpp"
#include "twostep/data/agree.hpp"
#include "twostep/train/mlp.hpp"

namespace twostep {
namespace {

constexpr std::uint64_t most_reserved = 1 << 16;  // validations; more are rare

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
      train_rows_(assignment.rows == 0 ? data_.rows(Split::train)
                                       : std::min(assignment.rows, data_.rows(Split::train))),
      order_(context.spec.seed, retrains() ? 1 : 0, train_rows_, data_.rows(Split::train)),
      shares_(train_rows_,
              std::min<std::uint64_t>(hyperparameters_.training.batch_size, train_rows_),
              group.size(), micro_batches(context.spec, assignment.kind)),
      overlapped_(layout_, group),
      evaluator_(context.engine, shape_, data_, group),
      average_(averager(context.spec, assignment.kind)),
      average_state_(average_) {
  const std::uint64_t rows = train_rows_;
  batch_rows_ = std::min<std::uint64_t>(hyperparameters_.training.batch_size, rows);
  steps_per_epoch_ = (rows + batch_rows_ - 1) / batch_rows_;
  const Budget& budget = assignment.budget;
  const bool epochs = budget.unit == BudgetUnit::epochs;
  total_steps_ = epochs ? budget.amount * steps_per_epoch_ : budget.amount;
  validate_every_ = !epochs && budget.validate_every > 0 ? budget.validate_every : steps_per_epoch_;
  pause_at_ = epochs ? assignment.until * steps_per_epoch_ : assignment.until;
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
    curve_.reserve(std::min<std::uint64_t>(total_steps_ / validate_every_ + 1, most_reserved));
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
  loss_known(scale *
             replace_by_slope(scoring_.loss, y.data(), &y_[at * data_.targets()], terms, scale));
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
  const double rate = plateau_ * learning_rate_at(hyperparameters_.training, step_, total_steps_);
  if (!optimizer_.step(parameters_, gradient, rate)) {
    diverge("the gradient of " + place_of_defect(layout_, gradient));
    return;
  }
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

}  // namespace twostep
