// A worker: mail in, one slice of training, mail out. The leader of a long training saves it now
// and then, and when it is stopped, and goes on from what was saved. tick never blocks longer than
// a slice (members of a team wait for each other inside theirs). What a trainer throws ends the
// assignment, not the worker; where nothing can be trained any more the worker gives back what it
// holds, and stays without work until the run ends.
#pragma once

#include <deque>
#include <optional>
#include <string>

#include "twostep/control/worker.hpp"
#include "twostep/ports/clock.hpp"
#include "twostep/ports/files.hpp"
#include "twostep/ports/link.hpp"
#include "twostep/ports/trainer.hpp"

namespace twostep {

class WorkerNode {
 public:
  // files: where checkpoints go; nullptr: nowhere.
  WorkerNode(Link& link, Trainer& trainer, Clock& clock, const WorkerOptions& options = {},
             Files* files = nullptr);

  // Whether anything was done; if not, the caller may sleep a little.
  bool tick();
  [[nodiscard]] bool done() const { return done_; }
  [[nodiscard]] bool idle() const { return !queue_.running(); }
  // Why it is done: rank 0's reason, or that rank 0 fell silent.
  [[nodiscard]] const std::string& reason() const { return reason_; }
  [[nodiscard]] bool abandoned() const { return abandoned_; }

 private:
  Link& link_;
  Trainer& trainer_;
  Clock& clock_;
  WorkerQueue queue_;
  Files* files_;
  struct Paused {
    TrialId trial;
    Bytes state;
  };
  std::deque<Paused> paused_;  // the last ones, the newest at the back
  std::size_t paused_bytes_ = 0;
  std::optional<Result> held_;  // of the running assignment, until nothing is left of it
  bool done_ = false;
  bool abandoned_ = false;
  std::string reason_;

  void say(const FromWorker& message);
  bool receive(Time now);
  bool work(Time now);
  void begin(Time now, const Assignment& assignment);
  void advance(Time now);
  void load_checkpoint(const Assignment& assignment);
  bool load_paused(const Assignment& assignment);
  void keep_paused(const Assignment& assignment, double seconds);
  void save_checkpoint();
  [[nodiscard]] bool leads(const Assignment& assignment) const;
  void report(Result result);
  void report_if_ready();
};

}  // namespace twostep
