#include "twostep/sim/curve_trainer.hpp"

#include <cmath>
#include <limits>

#include "twostep/base/check.hpp"
#include "twostep/base/error.hpp"

namespace twostep {
namespace {

constexpr std::uint64_t stream = 7;
enum Draw : std::uint32_t { draw_outcome, draw_cost, draw_level, draw_rate };
constexpr std::size_t all_validations = 4;

double draw(std::uint64_t seed, TrialId trial, Draw what) {
  return Rng(seed, Purpose::simulation, stream).uniform(trial.value, what);
}

}  // namespace

double CurveTrainer::objective(std::uint64_t seed, TrialId trial) {
  return 0.01 + draw(seed, trial, draw_level);
}

void CurveTrainer::start(const Assignment& assignment) {
  TWOSTEP_REQUIRE(!assignment_);
  stopped_ = false;
  double cost = options_.mean_seconds;
  if (assignment.kind == AssignmentKind::trial) {
    if (clock_.now() >= options_.unavailable_at) {
      unavailable_ = true;
      throw TrainerUnavailable(ErrorKind::io, Problem{"", "no such program", "drawn", ""});
    }
    if (draw(options_.seed, assignment.trial, draw_outcome) < options_.fail_share) {
      throw Error(ErrorKind::trial, Problem{"", "bad shard", "drawn", ""});
    }
    cost *= 1 - options_.spread +
            2 * options_.spread * draw(options_.seed, assignment.trial, draw_cost);
  }
  assignment_ = assignment;
  left_ = cost_ = from_seconds(cost / options_.speed);
}

std::optional<Result> CurveTrainer::advance(Duration slice) {
  TWOSTEP_REQUIRE(assignment_.has_value());
  if (stopped_) {
    assignment_.reset();
    Result interrupted;
    interrupted.outcome = Outcome::interrupted;
    interrupted.objective = std::numeric_limits<double>::quiet_NaN();
    return interrupted;
  }
  if (assignment_->kind == AssignmentKind::trial && left_ == cost_ &&
      1 - draw(options_.seed, assignment_->trial, draw_outcome) < options_.killer_share) {
    killed_ = true;
    return std::nullopt;
  }
  const Duration step = std::min(slice, std::max(Duration{0}, left_ - pause_left()));
  clock_.spend(step);
  left_ -= step;
  if (assignment_->until > 0 && left_ <= pause_left()) {
    return result();  // still there, to be saved, unless it is the end
  }
  if (left_ > Duration{0}) {
    return std::nullopt;
  }
  const Result out = result();
  assignment_.reset();
  return out;
}

// What is left of the cost at the rung of the assignment; at none, nothing.
Duration CurveTrainer::pause_left() const {
  if (assignment_->until == 0) {
    return Duration{0};
  }
  return std::chrono::duration_cast<Duration>(
      cost_ * static_cast<std::int64_t>(assignment_->budget.amount - assignment_->until) /
      static_cast<std::int64_t>(assignment_->budget.amount));
}

Result CurveTrainer::result() const {
  Result r;
  r.outcome = Outcome::finished;
  r.seconds = seconds(cost_ - left_) * options_.speed;
  r.message = "";
  if (assignment_->kind != AssignmentKind::trial && assignment_->kind != AssignmentKind::retrain) {
    r.train_rows = 1000;
    return r;
  }
  const double outcome = draw(options_.seed, assignment_->trial, draw_outcome);
  const double level = objective(options_.seed, assignment_->trial);
  const double rate = draw(options_.seed, assignment_->trial, draw_rate);
  const bool pauses = assignment_->until > 0 || assignment_->rows > 0;
  const std::size_t validations =
      assignment_->until > 0 ? std::max<std::size_t>(1, all_validations * assignment_->until /
                                                            assignment_->budget.amount)
                             : all_validations;
  for (std::size_t i = 0; i < validations; ++i) {
    r.curve.push_back(level * (1 + std::pow(rate, static_cast<double>(i + 1))));
  }
  r.objective = r.curve.back();
  r.outcome = pauses ? Outcome::paused : Outcome::finished;
  r.best_validation = static_cast<std::uint32_t>(validations);
  r.epochs = validations;
  r.steps = 40 * validations;
  r.parameters = 1000 + assignment_->trial.value % 100;
  if (options_.times_inference && assignment_->kind == AssignmentKind::trial) {
    r.inference_seconds_per_row = 1e-6 * (1 + level + std::fmod(seconds(clock_.now()), 1));
  }
  if (assignment_->kind == AssignmentKind::trial && !pauses &&
      outcome < options_.fail_share + options_.diverge_share) {
    r.outcome = Outcome::diverged;
    r.objective = std::numeric_limits<double>::quiet_NaN();
    r.message = "the loss is not finite";
  }
  return r;
}

Progress CurveTrainer::progress() const {
  return {0, 0, std::numeric_limits<double>::quiet_NaN()};
}

Bytes CurveTrainer::save() const {
  ByteWriter writer;
  writer.i64(left_.count());
  return writer.take();
}

void CurveTrainer::load(std::span<const std::byte> state) {
  ByteReader reader(state);
  left_ = Duration(reader.i64());
  reader.expect_end();
}

void CurveTrainer::stop() {
  if (assignment_ && assignment_->team.size() == 1) {
    assignment_.reset();
  } else {
    stopped_ = true;
  }
}

}  // namespace twostep
