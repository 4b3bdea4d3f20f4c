#include "twostep/control/worker.hpp"

#include <limits>

#include "twostep/base/check.hpp"

namespace twostep {

Result empty_result(const Assignment& assignment, Outcome outcome, const std::string& message) {
  Result result;
  result.assignment = assignment.id;
  result.run = assignment.run;
  result.kind = assignment.kind;
  result.trial = assignment.trial;
  result.outcome = outcome;
  result.objective = std::numeric_limits<double>::quiet_NaN();
  result.message = message;
  return result;
}

void WorkerQueue::awake(Time now) {
  const Duration counts = options_.silence_limit / 8;
  if (now - awake_ > counts) {
    heard_ += now - awake_ - counts;
  }
  awake_ = now;
}

void WorkerQueue::receive(Time now, const ToWorker& message) {
  heard_ = now;
  if (const auto* assign = std::get_if<Assign>(&message)) {
    if (!given_up_) {  // else it was sent before rank 0 heard of that
      queue_.push_back(assign->assignment);
    }
  } else if (const auto* cancel = std::get_if<Cancel>(&message)) {
    cancelled_.insert(cancel->assignment);
  } else if (const auto* stop = std::get_if<Shutdown>(&message)) {
    shutdown_ = stop->reason;
  }
}

std::optional<Assignment> WorkerQueue::take() {
  if (running_ || queue_.empty()) {
    return std::nullopt;
  }
  Assignment next = std::move(queue_.front());
  queue_.pop_front();
  return next;
}

void WorkerQueue::started(Time now, const Assignment& assignment) {
  TWOSTEP_REQUIRE(!running_);
  running_ = assignment;
  started_ = saved_ = now;
  spent_ = 0;
  saved_steps_ = 0;
}

void WorkerQueue::ended() {
  TWOSTEP_REQUIRE(running_.has_value());
  cancelled_.erase(running_->id);
  running_.reset();
}

void WorkerQueue::give_up() {
  given_up_ = true;
  running_.reset();
  queue_.clear();
  cancelled_.clear();
}

std::vector<Result> WorkerQueue::take_cancelled() {
  std::vector<Result> out;
  for (auto at = queue_.begin(); at != queue_.end();) {
    // A team's assignment is begun all the same: the others may already be waiting for this rank,
    // and the leader then stops them all together.
    if (at->team.size() == 1 && cancelled_.erase(at->id) > 0) {
      out.push_back(empty_result(*at, Outcome::interrupted, "stopped before it began"));
      at = queue_.erase(at);
    } else {
      ++at;
    }
  }
  return out;
}

bool WorkerQueue::running_cancelled() const {
  return running_ && cancelled_.count(running_->id) > 0;
}

bool WorkerQueue::running_too_long(Time now) const {
  return running_ && running_->kind == AssignmentKind::trial && options_.trial_seconds > 0 &&
         spent_ + seconds(now - started_) > options_.trial_seconds;
}

bool WorkerQueue::checkpoint_due(Time now, double share) const {
  const bool training = running_ && (running_->kind == AssignmentKind::trial ||
                                     running_->kind == AssignmentKind::retrain);
  return training && options_.checkpoint_every > Duration{0} &&
         seconds(now - saved_) >= share * seconds(options_.checkpoint_every);
}

bool WorkerQueue::checkpoint_due(std::uint64_t steps) const {
  const std::uint64_t every = options_.checkpoint_steps;
  return running_ && running_->kind == AssignmentKind::retrain && every > 0 &&
         steps / every > saved_steps_ / every;
}

bool WorkerQueue::heartbeat_due(Time now) {
  if (now - last_heartbeat_ < options_.heartbeat_every) {
    return false;
  }
  last_heartbeat_ = now;
  return true;
}

}  // namespace twostep
