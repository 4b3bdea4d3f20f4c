#include "twostep/node/coordinator_node.hpp"

#include <algorithm>
#include <utility>

#include "twostep/base/error.hpp"
#include "twostep/base/log.hpp"
#include "twostep/control/checkpoint.hpp"
#include "twostep/study/spec_json.hpp"
#include "twostep/study/spec_reader.hpp"

namespace twostep {
namespace {

constexpr Duration look_every = std::chrono::seconds(2);

CoordinatorOptions with_fitter(CoordinatorOptions options, bool fitter) {
  options.fits_elsewhere = fitter;
  return options;
}

// Whether the configurations that the event brings are of this space.
bool all_inside(const Space& space, const Event& event) {
  if (const auto* created = std::get_if<TrialCreated>(&event)) {
    return space.contains(created->point);
  }
  const auto* warm = std::get_if<WarmStarted>(&event);
  return warm == nullptr ||
         std::all_of(warm->trials.begin(), warm->trials.end(),
                     [&](const PriorTrial& t) { return space.contains(t.point); });
}

}  // namespace

void check_same_study(const State& journalled, const StudyIdentity& study) {
  std::vector<Problem> problems;
  if (journalled.spec_json != study.spec_json) {
    const StudySpec before = read_spec(read_json(journalled.spec_json));
    for (const SpecDifference& difference : differences(before, study.spec)) {
      const bool late = difference.text.starts_with("search.trials") && journalled.finalists_chosen;
      if (difference.forbids_resume || late) {
        problems.push_back(
            {"", difference.text,
             late ? "the finalists have been chosen: more trials would come too late" : "", ""});
      }
    }
  }
  if (journalled.data_digest != study.data_digest) {
    problems.push_back(
        {"", "the data files have other names, rows or columns than when the study began", "", ""});
  }
  if (!problems.empty()) {
    problems.insert(
        problems.begin(),
        {study.spec.directory, "this directory holds the journal of a different study",
         "results of two studies cannot be mixed; the difference is listed below (old -> new)",
         "use another study.directory, undo the change, or start over with --fresh --overwrite"});
    throw Error(ErrorKind::study, problems);
  }
}

CoordinatorNode::CoordinatorNode(const StudyIdentity& study, const RunFacts& facts, Link& link,
                                 Files& files, Clock& clock, const CoordinatorOptions& options,
                                 Fitter* fitter)
    : link_(link),
      files_(files),
      clock_(clock),
      fitter_(fitter),
      checkpoint_seconds_(study.spec.checkpoint_seconds),
      coordinator_(study.spec, study.space, with_fitter(options, fitter != nullptr)),
      snapshot_(options.snapshot_events) {
  const auto replay = [&](const NumberedEvent& event) {
    require_consistent(state(), event.event, event.seq);
    if (!all_inside(study.space, event.event)) {
      throw Error(ErrorKind::study,
                  Problem{"journal", "event " + std::to_string(event.seq) + " is not of this study",
                          "its configuration is not in the search space", ""});
    }
    coordinator_.replay(event.event);
    if (std::holds_alternative<StudyCreated>(event.event)) {
      check_same_study(state(), study);  // before anything is made of another study's events
    }
  };
  const JournalContents contents = read_journal(files, replay, &snapshot_);
  warnings_ = contents.warnings;
  resumed_ = contents.last_seq > 0;
  if (resumed_) {
    check_same_study(state(), study);
  }
  if (state().ended && state().end.success) {
    already_finished_ = true;
    return;
  }
  // Before anything is written: where there is nothing to learn from, no study begins.
  const bool new_search = facts.warm_start && !state().warm_started && state().trials.empty();
  const auto warm = new_search ? facts.warm_start() : std::nullopt;
  segment_ = contents.newest_segment + 1;
  journal_.emplace(files, segment_, contents.last_seq, &snapshot_);
  Step step;
  if (!resumed_) {
    const StudyCreated created{study.spec_json, study.data_digest};
    coordinator_.replay(created);
    step.events.push_back(created);
  }
  RunStarted started;
  started.run = RunId(state().run.run.value + 1);
  started.build = facts.build;
  started.workers = static_cast<std::uint32_t>(facts.workers.size());
  started.accepted_seq = contents.last_seq;
  started.subset_present = facts.subset_present;
  started.full_present = facts.full_present;
  started.host = facts.host;
  started.wall_ns = clock_.wall().count();
  Step begun = coordinator_.start(clock_.now(), started, facts.workers, warm);
  if (!resumed_) {
    begun.events.insert(begun.events.begin(), step.events.begin(), step.events.end());
  }
  take(std::move(begun));
  commit();
}

bool CoordinatorNode::has_checkpoint(const Result& result) const {
  const bool rungs =
      result.kind == AssignmentKind::trial && state().trial(result.trial).reached > 0;
  if (rungs) {
    return checkpoint_seconds_ > 0 && result.seconds >= worth_saving_paused;
  }
  return checkpoint_seconds_ > 0 && result.seconds >= worth_saving * checkpoint_seconds_;
}

void CoordinatorNode::take(Step step) {
  for (const Event& event : step.events) {
    journal_->append(event);
    if (const auto* lost = std::get_if<WorkerLost>(&event)) {
      lost_.push_back(lost->worker);
    }
    const auto* finished = std::get_if<Finished>(&event);
    if (finished != nullptr && has_checkpoint(finished->result) &&
        finished->result.outcome != Outcome::interrupted &&
        finished->result.outcome != Outcome::paused) {
      obsolete_.push_back(checkpoint_path(finished->result.kind, finished->result.trial));
    }
    const auto* stopped = std::get_if<TrialStopped>(&event);
    if (stopped != nullptr && has_checkpoint(state().trial(stopped->trial).result)) {
      obsolete_.push_back(checkpoint_path(AssignmentKind::trial, stopped->trial));
    }
  }
  outbox_.insert(outbox_.end(), step.messages.begin(), step.messages.end());
  if (fitter_ != nullptr) {
    fitter_->tell(coordinator_.take_news());
    if (step.asks_proposal) {
      fitter_->ask();
    }
  }
}

// A run that was suspended for long may wake when its directory belongs to another. What it still
// records is ignored there, but its files would be overwritten.
void CoordinatorNode::look_for_successor() {
  const Time now = clock_.now();
  if (now < next_look_ && !coordinator_.finished()) {
    return;
  }
  next_look_ = now + look_every;
  if (newest_segment(files_) > segment_) {
    superseded_ = true;
    throw Error(
        ErrorKind::study,
        Problem{"journal", "another run of this study has begun since",
                "this one was given up, suspended perhaps; it leaves everything as it is", ""});
  }
}

void CoordinatorNode::commit() {
  look_for_successor();
  journal_->flush();
  for (const Outgoing& message : outbox_) {
    link_.send(static_cast<int>(message.to.value), encode(message.message));
  }
  outbox_.clear();
  for (const std::string& path : obsolete_) {
    files_.remove(path);  // only now: the result that replaces it is durable
  }
  obsolete_.clear();
}

void CoordinatorNode::hear(Time now, const Mail& mail) {
  FromWorker message;
  try {
    message = decode_from_worker(mail.bytes);
  } catch (const Error& error) {
    log(LogLevel::warning,
        "rank " + std::to_string(mail.from) + " sent something unreadable: " + error.what());
    return;
  }
  take(coordinator_.on(now, WorkerSaid{WorkerId(static_cast<std::uint32_t>(mail.from)), message}));
  const auto* unavailable = std::get_if<Unavailable>(&message);
  // The end of the study names the last reason.
  if (unavailable != nullptr && !coordinator_.finished()) {
    Problem problem = unavailable->problem;
    problem.what += "; its workers are left out of this run";
    const std::string text = problem.text();
    if (said_.insert(text).second) {
      log(LogLevel::warning, text);
    }
  }
}

bool CoordinatorNode::tick() {
  if (done()) {
    return false;
  }
  const Time now = clock_.now();
  const auto mails = link_.poll();
  bool busy = !mails.empty();
  for (const Mail& mail : mails) {
    hear(now, mail);
  }
  if (stop_) {
    take(coordinator_.on(now, StopRequested{*stop_}));
    stop_.reset();
    busy = true;
  }
  for (const WorkerGone& gone : std::exchange(gone_, {})) {
    take(coordinator_.on(now, gone));
    busy = true;
  }
  if (auto proposal = fitter_ != nullptr ? fitter_->poll() : std::nullopt) {
    take(coordinator_.on(now, std::move(*proposal)));
    busy = true;
  }
  take(coordinator_.on(now, Tick{}));
  busy = busy || !outbox_.empty();
  commit();
  return busy;
}

}  // namespace twostep
