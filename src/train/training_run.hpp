// One training from its first step to its end. Free of time: what it computes does not depend on
// how its steps are cut into slices.
#pragma once

#include <map>
#include <optional>

#include "train/evaluation.hpp"
#include "train/gradient_sum.hpp"
#include "train/row_stream.hpp"
#include "twostep/base/aligned.hpp"
#include "twostep/train/average.hpp"
#include "twostep/train/mlp_trainer.hpp"
#include "twostep/train/optimizer.hpp"
#include "twostep/train/schedule.hpp"

namespace twostep {

class TrainingRun {
 public:
  // Collective over the group.
  TrainingRun(const TrainerContext& context, const Assignment& assignment,
              std::shared_ptr<const Pack> pack, Group& group);

  // One optimiser step, and the validation that may be due after it. Requires !ended().
  void step();
  [[nodiscard]] bool ended() const { return outcome_.has_value(); }
  // Whether it has come to the rung of its assignment: a pause is at a validation.
  [[nodiscard]] bool paused() const {
    return !ended() && pause_at_ > 0 && step_ >= pause_at_ && step_ % validate_every_ == 0;
  }
  [[nodiscard]] Progress progress() const;
  // After the end, or at a pause. For a retraining also evaluates and saves the model (collective).
  [[nodiscard]] Result result();

  void save(ByteWriter& writer) const;
  void load(ByteReader& reader);

 private:
  const TrainerContext& context_;
  const Assignment assignment_;
  const Hyperparameters hyperparameters_;
  Group& group_;
  TrainingData data_;
  const Scoring scoring_;
  NetworkShape shape_;
  MlpLayout layout_;
  Optimizer optimizer_;
  const std::uint64_t train_rows_;
  EpochOrder order_;
  BatchShares shares_;
  std::optional<RowStream> stream_;  // instead of order_, where rows are streamed
  OverlappedSum overlapped_;
  std::optional<ReproducibleSum> reproducible_;  // instead, where it is asked for
  Evaluator evaluator_;
  std::map<std::uint64_t, std::unique_ptr<Network>> networks_;  // by rows of this member's share
  std::uint64_t batch_rows_ = 0;
  std::uint64_t steps_per_epoch_ = 0;
  std::uint64_t total_steps_ = 0;
  std::uint64_t pause_at_ = 0;  // 0: nowhere
  std::uint64_t validate_every_ = 0;
  AlignedFloats parameters_;
  std::vector<float> state_;
  AlignedFloats gradient_;  // with the loss behind the last parameter, summed in one go
  AlignedFloats x_, y_, prediction_, row_weights_;
  AlignedFloats part_;  // gradient of a micro-batch
  // What a checkpoint holds, beside parameters and optimiser.
  std::uint64_t step_ = 0;
  AlignedFloats best_parameters_;
  std::vector<float> best_state_;
  double best_ = 0;
  std::uint32_t best_validation_ = 0;
  std::vector<double> curve_;
  double plateau_ = 1;            // what reduce_on_plateau has come down to
  RunningAverage average_;        // of the parameters
  RunningAverage average_state_;  // of what networks learn without gradients
  std::optional<Outcome> outcome_;
  std::string diverged_;  // what is not finite, where and when
  bool order_ready_ = false;

  [[nodiscard]] bool retrains() const { return assignment_.kind == AssignmentKind::retrain; }
  [[nodiscard]] bool averages() const {
    return retrains() && context_.spec.retraining.averaging != Averaging::none;
  }
  [[nodiscard]] double compute_gradient(RowRange batch);
  void compute_reproducibly(RowRange batch, RowRange mine);
  // The gradient of some rows of the batch, the first of which is `at` in x_; tells `loss_known`
  // the loss before the backward pass.
  template <class LossKnown>
  void compute_part(RowRange batch, RowRange rows, std::uint64_t at, std::span<float> gradient,
                    GradientSink& sink, LossKnown loss_known);
  void validate();
  void diverge(const std::string& what);
  // What is validated and kept: the average of the weights where one is asked for.
  [[nodiscard]] Weights current() const;
  void finish_retraining(Result& result);
  [[nodiscard]] Model make_model(const Result& result) const;
  [[nodiscard]] double time_inference();
};

}  // namespace twostep
