#include "app/study_host.hpp"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <iostream>
#include <limits>
#include <set>

#include "adapters/hdf5/hdf5_packs.hpp"
#include "adapters/posix/host.hpp"
#include "adapters/posix/posix_files.hpp"
#include "adapters/threads/thread_fitter.hpp"
#include "app/report_render.hpp"
#include "app/run_outcome.hpp"
#include "app/study_folder.hpp"
#include "app/warm_start.hpp"
#include "twostep/base/error.hpp"
#include "twostep/base/log.hpp"
#include "twostep/control/checkpoint.hpp"
#include "twostep/control/make_report.hpp"
#include "twostep/study/reading_plan.hpp"
#include "twostep/study/spec_json.hpp"

namespace twostep {
namespace {

constexpr Duration lock_patience = std::chrono::seconds(10);

void check_team(const StudySetup& setup, std::uint32_t workers) {
  const std::uint32_t team = setup.spec.retraining.team;
  if (team > workers) {
    throw Error(
        ErrorKind::resources,
        Problem{setup.file, "retraining.team asks for " + std::to_string(team) + " ranks",
                "this run has " + std::to_string(workers) + " workers (rank 0 coordinates)",
                "start with mpirun -n " + std::to_string(team + 1) + ", or lower retraining.team"});
  }
}

}  // namespace

StudyHost::StudyHost(const RunOptions& options, StudySetup setup, std::uint32_t workers)
    : options_(options),
      setup_(std::move(setup)),
      files_(make_posix_files(setup_.spec.directory)),
      workers_(workers),
      progress_(!options.quiet, stderr_terminal().has_value(), stderr_terminal().value_or(80)) {
  check_team(setup_, std::max(workers, 1U));
  files_->make_folder("");
  lock_.emplace(setup_.spec.directory, lock_patience);
  prepare_folder();
}

void StudyHost::open(Link& link) {
  const auto packs = make_hdf5_packs(setup_.spec.directory);
  RunFacts facts;
  facts.build = build_text();
  facts.host = host_name();
  if (!setup_.spec.runs_command()) {
    facts.subset_present = packs->open("subset", setup_.plan.subset_digest) != nullptr;
    facts.full_present = packs->open("full", setup_.plan.full_digest) != nullptr;
  }
  if (workers_ == 0) {
    facts.workers = {WorkerId(0)};
  }
  for (std::uint32_t rank = 1; rank <= workers_; ++rank) {
    facts.workers.push_back(WorkerId(rank));
  }
  facts.warm_start = [this] { return read_warm_start(setup_.spec, setup_.space); };
  const StudyIdentity identity{setup_.spec, setup_.space, to_json(setup_.spec),
                               setup_.plan.data_digest};
  if (workers_ > 0 && fits_models(setup_.spec.search.algorithm)) {
    // One process alone waits for its fits: it proposes the same points whenever it is run.
    fitter_ = make_thread_fitter(make_proposer(setup_.spec, setup_.space));
  }
  node_.emplace(identity, facts, link, *files_, clock_, limits(), fitter_.get());
  for (const std::string& warning : node_->warnings()) {
    log(LogLevel::warning, warning);
  }
  if (!node_->already_finished()) {
    files_->replace("study.yaml", setup_.text);
  }
  if (!options_.outcome_file.empty()) {
    write_file(options_.outcome_file, to_json(running_outcome(true)));
  }
  announce();
}

void StudyHost::know(const std::vector<Place>& places) {
  places_ = places;
  std::map<int, Place> others;
  for (std::size_t rank = 1; rank < places.size(); ++rank) {
    others[static_cast<int>(rank)] = places[rank];
  }
  neighbours_.emplace(places.front(), others);
}

CoordinatorOptions StudyHost::limits() {
  CoordinatorOptions out;
  out.lost_after = from_seconds(options_.lost_after);
  // Workers give rank 0 up after the same silence: it must be heard of several times in it.
  out.alive_every = std::min(out.alive_every, out.lost_after / 4);
  out.inputs = static_cast<std::uint32_t>(setup_.plan.inputs());
  out.targets = static_cast<std::uint32_t>(setup_.plan.targets());
  out.machine = machine_;
  if (setup_.spec.trainer.finalists_per == FinalistsPer::node) {
    std::map<std::string, std::uint32_t> known;
    for (std::size_t rank = 1; rank < places_.size(); ++rank) {
      const auto number = static_cast<std::uint32_t>(known.size());
      const auto host = known.emplace(places_[rank].host, number).first;
      out.hosts[WorkerId(static_cast<std::uint32_t>(rank))] = host->second;
    }
  }
  const WallTime wall = clock_.wall();
  if (const auto deadline = find_deadline(options_.deadline, wall, environment)) {
    const Duration left = *deadline - wall;
    const Duration margin = safety_margin(options_.deadline, left);
    out.stop_at = clock_.now() + std::max(left - margin, Duration{0});
    progress_.message("Time limit: " + moment_text(*deadline) + "; stops " +
                      std::to_string(std::lround(twostep::seconds(margin))) + " s before");
  }
  return out;
}

// Launchers may deliver one signal twice; a SIGTERM that comes later is meant.
void StudyHost::heed_signals() {
  constexpr Duration same = std::chrono::seconds(1);
  const Time now = clock_.now();
  const auto signal = stop_signal();
  if (signal && !stopping_) {
    stopping_ = true;
    stopping_since_ = now;
    terms_ = terms_noted();
    progress_.message("stopping on " + *signal);
    node_->request_stop("stopped by " + *signal);
    // A launcher that has seen a rank die asks the others to stop, and kills them a second later:
    // time enough to record who it was, and so under which trial.
    for (const int rank : neighbours_ ? neighbours_->missing() : std::vector<int>()) {
      node_->worker_gone(WorkerId(static_cast<std::uint32_t>(rank)), "its process had ended");
    }
  } else if (stopping_ && !hurried_ && terms_noted() > terms_) {
    terms_ = terms_noted();
    if (now - stopping_since_ >= same) {
      hurried_ = true;
      node_->request_stop("stopped by a second SIGTERM");
    }
  }
}

bool StudyHost::tick() {
  const bool busy = node_->tick();
  heed_signals();
  if (neighbours_) {
    for (const int rank : neighbours_->gone(clock_.now())) {
      node_->worker_gone(WorkerId(static_cast<std::uint32_t>(rank)), "its process has ended");
    }
  }
  announce_teams();
  progress_.update(clock_.now(), counts());
  return busy;
}

int StudyHost::close() {
  progress_.finish(clock_.now(), counts());
  const State& state = node_->state();
  const Report report = make_report(state, setup_.spec, setup_.space);
  write_results(*files_, report);
  if (state.ended && state.end.success) {
    files_->remove("full.h5");
    for (const std::string& name : files_->list(checkpoint_folder)) {
      files_->remove(std::string(checkpoint_folder) + "/" + name);
    }
    files_->remove(checkpoint_folder);
    if (node_->already_finished()) {
      std::printf("The study in %s is finished; nothing was left to do.\n",
                  setup_.spec.directory.c_str());
    }
    std::cout << report_text(report);
    std::printf("\nResults: %s/report.json, trials.csv, finalists/<trial>/%s\n",
                setup_.spec.directory.c_str(), setup_.spec.runs_command() ? "" : "model.h5");
    leave_word(0, "finished");
    return 0;
  }
  if (state.ended) {
    leave_word(exit_code(state.end.error), state.end.message);
    std::fprintf(stderr, "error: %s\n", state.end.message.c_str());
    return exit_code(state.end.error);
  }
  leave_word(resume_exit_code, state.run_end_reason);
  std::fprintf(stderr, "The study was %s: %u of %u trials done. The same command resumes it.\n",
               state.run_end_reason.c_str(), state.trials_done, setup_.spec.search.trials);
  return resume_exit_code;
}

void StudyHost::fail(const Error& error) noexcept {
  if (node_ && node_->superseded()) {
    return;  // the word is the successor's
  }
  try {
    leave_word(exit_code(error.kind()), error.what());
  } catch (const Error&) {  // the disk that is full is the very reason
  }
}

void StudyHost::leave_word(int code, const std::string& reason) {
  RunOutcome outcome;
  outcome.code = code;
  outcome.reason = reason;
  if (node_) {
    outcome.restart = code == resume_exit_code && node_->coordinator().stranded();
    for (const WorkerId id : node_->lost()) {
      outcome.lost_hosts.push_back(places_.size() > id.value ? places_[id.value].host : "");
    }
  }
  files_->replace("outcome.json", to_json(outcome));
  if (!options_.outcome_file.empty()) {
    write_file(options_.outcome_file, to_json(outcome));
  }
}

void StudyHost::prepare_folder() {
  if (options_.fresh && holds_study(*files_)) {
    if (!options_.overwrite) {
      throw Error(ErrorKind::study,
                  Problem{setup_.spec.directory, "this directory holds a study",
                          "--fresh would remove its journal and results",
                          "add --overwrite to do so, or use another study.directory"});
    }
    clear_study(setup_.spec.directory);
  }
  files_->make_folder("journal");
}

void StudyHost::announce() {
  const State& s = node_->state();
  if (s.warm_started && s.trials.empty()) {
    progress_.message("Warm start: " +
                      warm_start_text(s.warm_start, s.prior_trials,
                                      natural_value(setup_.spec.search.objective, s.prior_best),
                                      s.prior_left_out));
  }
  if (node_->resumed() && !node_->already_finished()) {
    std::string found = std::to_string(s.trials_done) + " of " +
                        std::to_string(setup_.spec.search.trials) + " trials done";
    if (s.finalists_chosen) {
      found += ", " + std::to_string(s.finalists_done) + " of " +
               std::to_string(s.finalists.size()) + " finalists retrained";
    }
    progress_.message("Resuming " + setup_.spec.directory + " (run " +
                      std::to_string(s.run.run.value) + "): " + found);
  }
}

// How step 2 will go about it, once that is known.
void StudyHost::announce_teams() {
  const State& s = node_->state();
  const bool planned = !s.finalists.empty() && s.finalists.front().team > 0;
  if (options_.quiet || said_teams_ || !planned || s.ended || setup_.spec.runs_command()) {
    return;
  }
  said_teams_ = true;
  std::string sizes;
  for (const FinalistRecord& f : s.finalists) {
    sizes += " " + std::to_string(f.team);
  }
  char predicted[128] = "";
  if (s.planned_workers > 0) {
    std::snprintf(predicted, sizeof predicted,
                  " of %u, some %.3g s in all (a sum: %.2g us a message, %.2g ns a byte)",
                  s.planned_workers, s.planned_seconds, 1e6 * machine_.all_reduce.alpha,
                  1e9 * machine_.all_reduce.beta);
  }
  const ReadingPlan reading = plan_reading(setup_.spec.retraining, s.full.train_rows,
                                           setup_.plan.inputs() + setup_.plan.targets());
  progress_.message("Retraining: " + reading.text() + "; ranks per finalist:" + sizes + predicted);
}

ProgressCounts StudyHost::counts() const {
  const State& s = node_->state();
  ProgressCounts c;
  c.best = std::numeric_limits<double>::quiet_NaN();
  const Phase phase = node_->coordinator().phase();
  if (s.finalists_chosen) {
    c.phase = phase == Phase::retrain || phase == Phase::ended ? "retraining" : "extracting";
    c.total = s.finalists.size();
    for (const FinalistRecord& f : s.finalists) {
      const bool good = f.status == TrialStatus::done && f.result.outcome == Outcome::finished;
      c.finished += good ? 1 : 0;
      c.failed += f.status == TrialStatus::done && !good ? 1 : 0;
      c.running += f.status == TrialStatus::running ? 1 : 0;
      c.best = good && !(f.result.objective >= c.best) ? f.result.objective : c.best;
    }
    c.best = natural_value(setup_.spec.search.objective, c.best);
    return c;
  }
  c.phase = phase == Phase::extract_subset ? "extracting" : "search";
  c.total = s.exhausted ? s.trials.size() : setup_.spec.search.trials;
  c.finished = s.trials_finished + s.trials_stopped;
  c.failed = s.trials_diverged + s.trials_failed;
  // What is open beyond the workers is queued at them.
  c.running = phase == Phase::extract_subset
                  ? 0
                  : std::min<std::size_t>(s.open.size(), std::max(workers_, 1U));
  if (s.best.value > 0) {
    c.best = natural_value(setup_.spec.search.objective, s.trial(s.best).result.objective);
  }
  return c;
}

}  // namespace twostep
