#include "twostep/node/worker_node.hpp"

#include <algorithm>
#include <new>

#include "twostep/base/error.hpp"
#include "twostep/base/log.hpp"
#include "twostep/control/checkpoint.hpp"

namespace twostep {
namespace {

constexpr int coordinator_rank = 0;
// Paused trainings that a worker keeps in memory.
constexpr std::size_t most_paused = 64;
constexpr std::size_t most_paused_bytes = std::size_t{256} << 20;

// Runs one call of the trainer; what it throws becomes the result of the assignment.
template <class Call>
std::optional<Result> guarded(const Assignment& assignment, Call&& call) {
  try {
    return call();
  } catch (const TrainerUnavailable&) {
    throw;
  } catch (const Error& error) {
    Result result = empty_result(assignment, Outcome::failed, error.what());
    result.error = error.kind();
    return result;
  } catch (const std::bad_alloc&) {
    Result result = empty_result(assignment, Outcome::failed, "out of memory");
    result.error = ErrorKind::resources;
    return result;
  }
}

}  // namespace

WorkerNode::WorkerNode(Link& link, Trainer& trainer, Clock& clock, const WorkerOptions& options,
                       Files* files)
    : link_(link), trainer_(trainer), clock_(clock), queue_(clock.now(), options), files_(files) {
  say(Hello{});
}

bool WorkerNode::leads(const Assignment& assignment) const {
  return assignment.team.front() == WorkerId(static_cast<std::uint32_t>(link_.rank()));
}

void WorkerNode::load_checkpoint(const Assignment& assignment) {
  const bool training =
      assignment.kind == AssignmentKind::trial || assignment.kind == AssignmentKind::retrain;
  if (files_ == nullptr || !training || assignment.attempt < 2 || !leads(assignment)) {
    return;
  }
  const auto file = files_->read(checkpoint_path(assignment.kind, assignment.trial));
  if (!file) {
    return;
  }
  try {
    if (const auto state = decode_checkpoint(assignment, *file)) {
      trainer_.load(*state);
      queue_.spent(assignment.spent_seconds);
      return;
    }
  } catch (const Error&) {  // whole, but of another network: nothing of it was taken
  }
  log(LogLevel::warning, "the checkpoint of trial " + std::to_string(assignment.trial.value) +
                             " is damaged; its training begins anew");
}

// A checkpoint that cannot be written costs time after a crash, no more: the training goes on.
void WorkerNode::save_checkpoint() {
  const Assignment& assignment = *queue_.running();
  queue_.checkpointed(clock_.now(), trainer_.progress().steps);
  try {
    files_->make_folder(checkpoint_folder);
    files_->replace(checkpoint_path(assignment.kind, assignment.trial),
                    encode_checkpoint(assignment, trainer_.save()));
  } catch (const Error& error) {
    log(LogLevel::warning, std::string("no checkpoint: ") + error.what());
  }
}

bool WorkerNode::load_paused(const Assignment& assignment) {
  const auto at = std::find_if(paused_.begin(), paused_.end(), [&](const Paused& p) {
    return p.trial == assignment.trial && assignment.kind == AssignmentKind::trial;
  });
  if (at == paused_.end()) {
    return false;
  }
  trainer_.load(at->state);
  queue_.spent(assignment.spent_seconds);
  paused_bytes_ -= at->state.size();
  paused_.erase(at);
  return true;
}

// So that the trial can go on: at this worker from memory, at another from a file, or, where that
// would cost more than it saves, from the beginning.
void WorkerNode::keep_paused(const Assignment& assignment, double seconds) {
  Bytes state = trainer_.save();
  const bool files = files_ != nullptr && queue_.options().checkpoint_every > Duration{0};
  if (files && seconds - assignment.spent_seconds >= worth_saving_paused) {
    save_checkpoint();
  }
  paused_bytes_ += state.size();
  paused_.push_back({assignment.trial, std::move(state)});
  while (paused_.size() > most_paused || paused_bytes_ > most_paused_bytes) {
    paused_bytes_ -= paused_.front().state.size();
    paused_.pop_front();
  }
}

void WorkerNode::say(const FromWorker& message) {
  link_.send(coordinator_rank, encode(message));
}

bool WorkerNode::receive(Time now) {
  const auto mails = link_.poll();
  for (const Mail& mail : mails) {
    queue_.receive(now, decode_to_worker(mail.bytes));
  }
  for (Result& result : queue_.take_cancelled()) {
    say(Done{std::move(result)});
  }
  return !mails.empty();
}

void WorkerNode::report(Result result) {
  const Assignment& assignment = *queue_.running();
  result.assignment = assignment.id;
  result.run = assignment.run;
  result.kind = assignment.kind;
  result.trial = assignment.trial;
  held_ = std::move(result);
  report_if_ready();
}

void WorkerNode::report_if_ready() {
  if (trainer_.ready(queue_.options().slice)) {
    queue_.ended();
    say(Done{std::move(*held_)});
    held_.reset();
  }
}

void WorkerNode::begin(Time now, const Assignment& assignment) {
  queue_.started(now, assignment);
  auto failure = guarded(assignment, [&]() -> std::optional<Result> {
    trainer_.start(assignment);
    if (!load_paused(assignment)) {
      load_checkpoint(assignment);
    }
    return std::nullopt;
  });
  if (failure) {
    report(std::move(*failure));
  }
}

void WorkerNode::advance(Time now) {
  const Assignment& assignment = *queue_.running();
  const bool alone = assignment.team.size() <= 1;
  const bool saves = files_ != nullptr && leads(assignment);
  if (queue_.running_cancelled()) {
    if (saves && queue_.checkpoint_due(now, worth_saving)) {
      save_checkpoint();
    }
    trainer_.stop();
    if (alone) {
      report(empty_result(assignment, Outcome::interrupted, "stopped"));
      return;
    }
  }
  if (queue_.running_too_long(now)) {
    trainer_.stop();
    report(empty_result(assignment, Outcome::timed_out,
                        "it took longer than search.trial_seconds (" +
                            std::to_string(queue_.options().trial_seconds) + " s)"));
    return;
  }
  auto result = guarded(assignment, [&] { return trainer_.advance(queue_.options().slice); });
  if (result) {
    if (result->outcome == Outcome::paused && assignment.until > 0) {
      keep_paused(assignment, result->seconds);
      trainer_.stop();
    }
    report(std::move(*result));
  } else if (saves && (queue_.checkpoint_due(clock_.now(), 1) ||
                       queue_.checkpoint_due(trainer_.progress().steps))) {
    save_checkpoint();
  }
}

bool WorkerNode::work(Time now) {
  bool busy = false;
  if (!queue_.running()) {
    if (const auto next = queue_.take()) {
      begin(now, *next);
      busy = true;
    }
  }
  if (held_) {
    report_if_ready();
    busy = true;
  } else if (queue_.running()) {
    advance(now);
    busy = true;
  }
  return busy;
}

bool WorkerNode::tick() {
  if (done_) {
    return false;
  }
  const Time now = clock_.now();
  queue_.awake(now);
  bool busy = receive(now);
  if (queue_.shutdown() || queue_.abandoned(now)) {
    abandoned_ = !queue_.shutdown();
    reason_ = queue_.shutdown().value_or("rank 0 has fallen silent");
    done_ = true;
    return true;
  }
  try {
    busy = work(now) || busy;
  } catch (const TrainerUnavailable& error) {
    queue_.give_up();
    say(Unavailable{error.kind(), error.problems().front()});
  }
  if (queue_.heartbeat_due(clock_.now())) {
    const auto& running = queue_.running();
    say(Heartbeat{running ? running->id : AssignmentId(),
                  running ? trainer_.progress() : Progress{}});
  }
  return busy;
}

}  // namespace twostep
