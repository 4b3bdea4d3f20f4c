#include <cstdio>
#include <cstdlib>
#include <optional>

#include "adapters/hdf5/hdf5_packs.hpp"
#include "adapters/mpi/world.hpp"
#include "adapters/posix/clock.hpp"
#include "adapters/posix/host.hpp"
#include "adapters/posix/posix_files.hpp"
#include "app/backoff.hpp"
#include "app/commands.hpp"
#include "app/study_host.hpp"
#include "app/worker_tasks.hpp"
#include "twostep/base/check.hpp"
#include "twostep/base/error.hpp"
#include "twostep/base/log.hpp"
#include "twostep/node/coordinator_node.hpp"
#include "twostep/node/local_link.hpp"
#include "twostep/node/worker_node.hpp"
#include "twostep/ports/solo_group.hpp"

namespace twostep {
namespace {

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
  options.checkpoint_every = from_seconds(spec.checkpoint_seconds);
  options.checkpoint_steps = spec.retraining.checkpoint_steps;
  return options;
}

int run_alone(const RunOptions& options) {
  note_stop_signals();
  StudyHost host(options, load_study(options.study_file), 0);
  LocalLink link;
  host.open(link.coordinator_end());
  try {
    if (!host.done()) {
      WorkerTasks tasks(host.setup(), std::make_unique<SoloGroupMaker>(), host.clock());
      const auto files = make_posix_files(host.setup().spec.directory);
      WorkerNode worker(link.worker_end(), tasks, host.clock(), worker_options(host.setup().spec),
                        files.get());
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
  std::optional<StudyHost> host;
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
    if (host->opened()) {
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
  const auto files = make_posix_files(setup.spec.directory);
  WorkerNode worker(*link, tasks, clock, worker_options(setup.spec), files.get());
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
