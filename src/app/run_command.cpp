#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <iostream>
#include <limits>
#include <optional>

#include "adapters/hdf5/hdf5_packs.hpp"
#include "adapters/mpi/world.hpp"
#include "adapters/posix/clock.hpp"
#include "adapters/posix/host.hpp"
#include "adapters/posix/posix_files.hpp"
#include "adapters/posix/study_lock.hpp"
#include "app/backoff.hpp"
#include "app/commands.hpp"
#include "app/progress.hpp"
#include "app/report_render.hpp"
#include "app/study_folder.hpp"
#include "app/study_setup.hpp"
#include "app/worker_tasks.hpp"
#include "twostep/base/check.hpp"
#include "twostep/base/error.hpp"
#include "twostep/base/log.hpp"
#include "twostep/control/make_report.hpp"
#include "twostep/node/coordinator_node.hpp"
#include "twostep/node/local_link.hpp"
#include "twostep/node/worker_node.hpp"
#include "twostep/ports/solo_group.hpp"
#include "twostep/study/spec_json.hpp"

namespace twostep {
namespace {

constexpr Duration lock_patience = std::chrono::seconds(10);
constexpr Duration drain_patience = std::chrono::seconds(5);

// Whether a launcher has started this process as one of several ranks.
bool launched() {
  for (const char* name : {"OMPI_COMM_WORLD_SIZE", "PMI_RANK", "PMIX_RANK", "PMI_SIZE"}) {
    if (environment(name)) {
      return true;
    }
  }
  return false;
}

void print_log(LogLevel level, std::string_view message) {
  if (level == LogLevel::warning || level == LogLevel::error) {
    std::fprintf(stderr, "%s: %.*s\n", level == LogLevel::error ? "error" : "warning",
                 static_cast<int>(message.size()), message.data());
  }
}

WorkerOptions worker_options(const StudySpec& spec) {
  WorkerOptions options;
  options.trial_seconds = spec.search.trial_seconds;
  return options;
}

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

// Rank 0's part, in whatever world it stands.
class Host {
 public:
  Host(const RunOptions& options, StudySetup setup, std::uint32_t workers)
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

  [[nodiscard]] const StudySetup& setup() const { return setup_; }
  [[nodiscard]] bool done() const { return node_->done(); }
  [[nodiscard]] bool node_opened() const { return node_.has_value(); }
  [[nodiscard]] const CoordinatorNode& node() const { return *node_; }

  // Opens the run. Throws Error{study} for the journal of another study.
  void open(Link& link) {
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

  bool tick() {
    const bool busy = node_->tick();
    if (const auto signal = stop_signal(); signal && !stopping_) {
      stopping_ = true;
      progress_.message("stopping on " + *signal);
      node_->request_stop("stopped by " + *signal);
    }
    progress_.update(clock_.now(), counts());
    return busy;
  }

  // After the last tick: results, messages, exit code.
  int close() {
    progress_.finish(clock_.now(), counts());
    const State& state = node_->state();
    const Report report = make_report(state, setup_.spec, setup_.space);
    write_results(*files_, report);
    if (state.ended && state.end.success) {
      files_->remove("full.h5");
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

  void fail(const Error& error) noexcept {
    try {
      write_outcome(*files_, exit_code(error.kind()), error.what());
    } catch (const Error&) {  // the disk that is full is the very reason
    }
  }

  PosixClock& clock() { return clock_; }
  ProgressLine& progress() { return progress_; }

 private:
  RunOptions options_;
  StudySetup setup_;
  PosixClock clock_;
  std::unique_ptr<Files> files_;
  std::uint32_t workers_;  // 0: this process is the worker too
  ProgressLine progress_;
  std::optional<StudyLock> lock_;
  std::optional<CoordinatorNode> node_;
  bool stopping_ = false;

  void prepare_folder() {
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

  void announce() {
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

  [[nodiscard]] ProgressCounts counts() const {
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
};

int run_alone(const RunOptions& options) {
  note_stop_signals();
  Host host(options, load_study(options.study_file), 0);
  LocalLink link;
  host.open(link.coordinator_end());
  try {
    if (!host.done()) {
      WorkerTasks tasks(host.setup(), std::make_unique<SoloGroupMaker>(), host.clock());
      WorkerNode worker(link.worker_end(), tasks, host.clock(), worker_options(host.setup().spec));
      while (!host.done()) {
        host.tick();
        worker.tick();
      }
    }
    return host.close();
  } catch (const Error& error) {
    host.fail(error);
    throw;
  }
}

void drain(Link& link, PosixClock& clock) {
  const Time begun = clock.now();
  while (!link.drained() && clock.now() - begun < drain_patience) {
    wait_for(std::chrono::milliseconds(1));
  }
}

// One line that says where the ranks sit; the usual reason for a slow run is seen here.
void show_ranks(const std::vector<std::string>& places, ProgressLine& progress) {
  constexpr std::size_t most_shown = 8;
  std::string text = std::to_string(places.size()) + " ranks (rank 0 coordinates):";
  for (std::size_t i = 0; i < std::min(places.size(), most_shown); ++i) {
    text += (i > 0 ? ";" : "") + std::string(" ") + std::to_string(i) + " on " + places[i];
  }
  progress.message(text + (places.size() > most_shown ? "; ..." : ""));
}

int run_rank_zero(const RunOptions& options, MpiWorld& world) {
  std::optional<Host> host;
  Bytes setup;
  try {
    host.emplace(options, load_study(options.study_file),
                 static_cast<std::uint32_t>(world.size() - 1));
    setup = host->setup().encode();
  } catch (const Error&) {
    world.broadcast(setup, 0);  // empty: there will be nothing to do
    throw;
  }
  world.broadcast(setup, 0);
  const auto places = world.gather(host_name() + " CPUs " + cpu_set());
  if (!options.quiet) {
    show_ranks(places, host->progress());
  }
  const auto link = world.make_link();
  const auto dismiss = [&](const std::string& reason) {
    for (int rank = 1; rank < world.size(); ++rank) {
      link->send(rank, encode(ToWorker{Shutdown{reason}}));
    }
    drain(*link, host->clock());
  };
  bool in_team = false;
  try {
    host->open(*link);
    if (host->node().already_finished()) {
      dismiss("finished");
      return host->close();
    }
    Backoff backoff;
    while (!host->done()) {
      backoff.after(host->tick());
    }
    drain(*link, host->clock());
    const int code = host->close();
    const State& state = host->node().state();
    // MPI_Finalize would wait for ranks that are gone or cannot be reached, or for those that hold
    // a file that they could not write.
    const bool broken = state.ended && !state.end.success && state.end.error == ErrorKind::io;
    if (host->node().coordinator().stranded() || broken) {
      end_all(code);
    }
    return code;
  } catch (const Error& error) {
    host->fail(error);
    if (host->node_opened()) {
      for (const auto& [id, assignment] : host->node().state().open) {
        in_team = in_team || assignment.team.size() > 1;
      }
    }
    if (in_team) {
      // Members of a team wait for each other in collectives: they cannot be asked to leave.
      for (const Problem& problem : error.problems()) {
        std::fprintf(stderr, "error: %s\n", problem.text().c_str());
      }
      end_all(exit_code(error.kind()));
    }
    dismiss("rank 0 failed");
    throw;
  }
}

int run_worker(MpiWorld& world) {
  Bytes bytes;
  world.broadcast(bytes, 0);
  if (bytes.empty()) {
    return 0;  // rank 0 says what is wrong, and its exit code is the program's
  }
  const StudySetup setup = StudySetup::decode(bytes);
  world.gather(host_name() + " CPUs " + cpu_set());
  const auto link = world.make_link();
  PosixClock clock;
  WorkerTasks tasks(setup, world.make_group_maker(), clock);
  WorkerNode worker(*link, tasks, clock, worker_options(setup.spec));
  Backoff backoff;
  while (!worker.done()) {
    backoff.after(worker.tick());
  }
  if (worker.abandoned()) {
    std::fprintf(stderr, "rank %d: %s; it stops\n", world.rank(), worker.reason().c_str());
    std::_Exit(resume_exit_code);  // MPI_Finalize would wait for the silent rank
  }
  drain(*link, clock);
  if (hdf5_cannot_finalize()) {
    wait_for(drain_patience);  // rank 0 says what is wrong and ends all of us
    std::_Exit(exit_code(ErrorKind::io));
  }
  return 0;
}

}  // namespace

int run_command(const RunOptions& options, int& argc, char**& argv) {
  set_log_sink(&print_log);
  if (!launched()) {
    return run_alone(options);
  }
  MpiWorld world(argc, argv);
  set_bug_handler(&abort_all);
  note_stop_signals();
  if (world.size() == 1) {
    return run_alone(options);
  }
  if (world.rank() == 0) {
    return run_rank_zero(options, world);
  }
  try {
    return run_worker(world);
  } catch (const std::exception& error) {
    abort_all(error.what());  // a worker that just left would keep its team waiting
  }
}

}  // namespace twostep
