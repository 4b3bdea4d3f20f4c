// The part of a training that its checkpoint holds.
#include "train/training_run.hpp"
#include "twostep/base/error.hpp"

namespace twostep {

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
  const bool averages_fit = average.empty() || (average.values().size() == layout_.parameters &&
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
