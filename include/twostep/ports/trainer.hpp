// Port: the one thing that a worker can do with an assignment: advance it. An implementation holds
// at most one assignment at a time. Members of a team call start and advance together (their
// collectives meet inside), and only the leader's Result counts. start and advance throw Error when
// this assignment cannot go on; the worker turns it into a failed Result, unless it is a
// TrainerUnavailable, and the trainer is idle again.
#pragma once

#include <cstdint>
#include <optional>
#include <span>

#include "twostep/base/bytes.hpp"
#include "twostep/base/error.hpp"
#include "twostep/base/time.hpp"
#include "twostep/study/assignment.hpp"
#include "twostep/study/result.hpp"

namespace twostep {

struct Progress {
  std::uint64_t epochs = 0;
  std::uint64_t steps = 0;
  double best = 0;  // best validation loss so far; NaN before the first validation
};

// Nothing can be trained here any more, whatever the assignment: the worker gives it back and is
// left out of the run.
class TrainerUnavailable : public Error {
 public:
  using Error::Error;
};

class Trainer {
 public:
  virtual ~Trainer() = default;
  virtual void start(const Assignment& assignment) = 0;  // requires idle
  // Works for about `slice` (at least one optimiser step), then returns; a value when the
  // assignment has ended. With Outcome::paused an assignment with `until` is still there, to be
  // saved, until it is stopped.
  [[nodiscard]] virtual std::optional<Result> advance(Duration slice) = 0;
  [[nodiscard]] virtual Progress progress() const = 0;
  // Everything needed to go on with the same bits in another process; load comes right after start.
  [[nodiscard]] virtual Bytes save() const = 0;
  virtual void load(std::span<const std::byte> state) = 0;
  // Drops the assignment without a result. In a team only the leader's call has an effect: the next
  // advance of every member then ends with Outcome::interrupted.
  virtual void stop() = 0;
  // Whether nothing is left of an assignment that was stopped or has a result; waits for that for
  // about `slice`. Until then nobody may be told of its end: another worker would begin it beside
  // what is left.
  [[nodiscard]] virtual bool ready(Duration /*slice*/) { return true; }
};

}  // namespace twostep
