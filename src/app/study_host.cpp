#include "app/study_host.hpp"

#include <cmath>
#include <cstdio>
#include <iostream>
#include <limits>

#include "adapters/hdf5/hdf5_packs.hpp"
#include "adapters/posix/host.hpp"
#include "adapters/posix/posix_files.hpp"
#include "app/report_render.hpp"
#include "app/study_folder.hpp"
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
  facts.subset_present = packs->open("subset", setup_.plan.subset_digest) != nullptr;
  facts.full_present = packs->open("full", setup_.plan.full_digest) != nullptr;
  if (workers_ == 0) {
    facts.workers = {WorkerId(0)};
  }
  for (std::uint32_t rank = 1; rank <= workers_; ++rank) {
    facts.workers.push_back(WorkerId(rank));
  }
  const StudyIdentity identity{setup_.spec, setup_.space, to_json(setup_.spec),
                               setup_.plan.data_digest};
  node_.emplace(identity, facts, link, *files_, clock_);
  for (const std::string& warning : node_->warnings()) {
    log(LogLevel::warning, warning);
  }
  if (!node_->already_finished()) {
    files_->replace("study.yaml", setup_.text);
  }
  announce();
}

bool StudyHost::tick() {
  const bool busy = node_->tick();
  if (const auto signal = stop_signal(); signal && !stopping_) {
    stopping_ = true;
    progress_.message("stopping on " + *signal);
    node_->request_stop("stopped by " + *signal);
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
    std::printf("\nResults: %s/report.json, trials.csv, finalists/<trial>/model.h5\n",
                setup_.spec.directory.c_str());
    write_outcome(*files_, 0, "finished");
    return 0;
  }
  if (state.ended) {
    write_outcome(*files_, exit_code(state.end.error), state.end.message);
    std::fprintf(stderr, "error: %s\n", state.end.message.c_str());
    return exit_code(state.end.error);
  }
  write_outcome(*files_, resume_exit_code, state.run_end_reason);
  std::fprintf(stderr, "The study was %s: %u of %u trials done. The same command resumes it.\n",
               state.run_end_reason.c_str(), state.trials_done, setup_.spec.search.trials);
  return resume_exit_code;
}

void StudyHost::fail(const Error& error) noexcept {
  try {
    write_outcome(*files_, exit_code(error.kind()), error.what());
  } catch (const Error&) {  // the disk that is full is the very reason
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
  if (said_teams_ || s.finalists.empty() || s.finalists.front().team == 0 || s.ended) {
    return;
  }
  said_teams_ = true;
  std::string sizes;
  for (const FinalistRecord& f : s.finalists) {
    sizes += " " + std::to_string(f.team);
  }
  char predicted[64] = "";
  if (s.planned_workers > 0) {
    std::snprintf(predicted, sizeof predicted, " of %u, some %.3g s in all", s.planned_workers,
                  s.planned_seconds);
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
    return c;
  }
  c.phase = phase == Phase::extract_subset ? "extracting" : "search";
  c.total = s.exhausted ? s.trials.size() : setup_.spec.search.trials;
  c.finished = s.trials_finished;
  c.failed = s.trials_diverged + s.trials_failed;
  // What is open beyond the workers is queued at them.
  c.running = phase == Phase::extract_subset
                  ? 0
                  : std::min<std::size_t>(s.open.size(), std::max(workers_, 1U));
  if (s.best.value > 0) {
    c.best = s.trial(s.best).result.objective;
  }
  return c;
}

}  // namespace twostep
