// What comes of a training: its result and, for a retraining, the model.
#include <limits>

#include "train/provenance.hpp"
#include "train/training_run.hpp"
#include "twostep/base/check.hpp"
#include "twostep/data/agree.hpp"

namespace twostep {
namespace {

constexpr std::uint32_t inference_batch = 1024;
constexpr int inference_repeats = 10;
constexpr int least_repeats = 3;         // of a network so large that
constexpr double repeats_seconds = 1.0;  // more of them would take longer

}  // namespace

Result TrainingRun::result() {
  TWOSTEP_REQUIRE(ended() || paused());
  Result out;
  out.outcome = ended() ? *outcome_ : Outcome::paused;
  if (out.outcome == Outcome::finished && assignment_.rows > 0) {
    out.outcome = Outcome::paused;  // a whole training, on a part of the rows
  }
  out.objective = succeeded(out.outcome) ? best_ : std::numeric_limits<double>::quiet_NaN();
  out.curve = curve_;
  out.best_validation = best_validation_;
  out.epochs = step_ / steps_per_epoch_;
  out.steps = step_;
  out.parameters = layout_.parameters;
  if (out.outcome == Outcome::diverged) {
    out.message = diverged_;
  } else if (retrains()) {
    finish_retraining(out);
  } else if (out.outcome == Outcome::finished &&
             context_.spec.search.second_objective == SecondObjective::inference_seconds) {
    out.inference_seconds_per_row = time_inference();
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
  double spent = 0;
  for (int i = 0; i < inference_repeats && (i < least_repeats || spent < repeats_seconds); ++i) {
    const Time begun = context_.clock.now();
    network->infer({best_parameters_, best_state_}, x, y);
    const double taken = seconds(context_.clock.now() - begun);
    least = std::min(least, taken);
    spent += taken;
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

}  // namespace twostep
