// The pure part of a worker: which assignment is next, what has been cancelled, when to speak. It
// owns no transport, clock or trainer; worker_node puts those around it.
#pragma once

#include <deque>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "twostep/base/time.hpp"
#include "twostep/control/message.hpp"

namespace twostep {

struct WorkerOptions {
  Duration slice = std::chrono::milliseconds(100);
  Duration heartbeat_every = std::chrono::seconds(2);
  Duration silence_limit = std::chrono::seconds(120);  // of rank 0, before the worker stops
  double trial_seconds = 0;                            // time limit of a trial; 0: none
  Duration checkpoint_every{};                         // of a long training; 0: never
  std::uint64_t checkpoint_steps = 0;                  // of a retraining too; 0: by time alone
};

class WorkerQueue {
 public:
  WorkerQueue(Time now, const WorkerOptions& options) : options_(options), heard_(now) {}

  // At each tick. Time in which this worker itself was not awake, suspended or in a long slice,
  // is no silence of rank 0's: little of it counts.
  void awake(Time now);
  void receive(Time now, const ToWorker& message);
  // The next assignment to start, if none is running.
  [[nodiscard]] std::optional<Assignment> take();
  void started(Time now, const Assignment& assignment);
  void ended();
  // The running training goes on from where it had taken so long.
  void spent(double before) { spent_ = before; }
  // Gives back what it has, and takes nothing more.
  void give_up();
  // Results for assignments that were cancelled before they were started.
  [[nodiscard]] std::vector<Result> take_cancelled();

  [[nodiscard]] const std::optional<Assignment>& running() const { return running_; }
  [[nodiscard]] bool running_cancelled() const;
  [[nodiscard]] bool running_too_long(Time now) const;
  // Whether the running training has gone on for `share` of the checkpoint interval since it was
  // started or saved last.
  [[nodiscard]] bool checkpoint_due(Time now, double share) const;
  // The same by optimiser steps.
  [[nodiscard]] bool checkpoint_due(std::uint64_t steps) const;
  void checkpointed(Time now, std::uint64_t steps) {
    saved_ = now;
    saved_steps_ = steps;
  }
  [[nodiscard]] bool heartbeat_due(Time now);  // true once per interval
  [[nodiscard]] bool abandoned(Time now) const { return now - heard_ > options_.silence_limit; }
  [[nodiscard]] const std::optional<std::string>& shutdown() const { return shutdown_; }
  [[nodiscard]] const WorkerOptions& options() const { return options_; }

 private:
  WorkerOptions options_;
  std::deque<Assignment> queue_;
  std::set<AssignmentId> cancelled_;
  std::optional<Assignment> running_;
  Time started_{};
  double spent_ = 0;  // seconds, before the running assignment
  Time saved_{};
  std::uint64_t saved_steps_ = 0;
  Time heard_;
  Time awake_ = heard_;
  Time last_heartbeat_{};
  bool given_up_ = false;
  std::optional<std::string> shutdown_;
};

// A result for an assignment that came to nothing.
[[nodiscard]] Result empty_result(const Assignment& assignment, Outcome outcome,
                                  const std::string& message);

}  // namespace twostep
