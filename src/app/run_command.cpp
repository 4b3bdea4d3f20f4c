#include <cstdio>
#include <cstdlib>
#include <numeric>
#include <optional>

#include "adapters/hdf5/hdf5_packs.hpp"
#include "adapters/mpi/world.hpp"
#include "adapters/posix/clock.hpp"
#include "adapters/posix/host.hpp"
#include "adapters/posix/posix_files.hpp"
#include "app/backoff.hpp"
#include "app/commands.hpp"
#include "app/places.hpp"
#include "app/run_outcome.hpp"
#include "app/shared_folder.hpp"
#include "app/study_host.hpp"
#include "app/worker_tasks.hpp"
#include "twostep/base/check.hpp"
#include "twostep/base/error.hpp"
#include "twostep/base/log.hpp"
#include "twostep/node/all_reduce_timing.hpp"
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

WorkerOptions worker_options(const StudySpec& spec, const RunOptions& run) {
  WorkerOptions options;
  options.silence_limit = from_seconds(run.lost_after);
  options.trial_seconds = spec.search.trial_seconds;
  options.checkpoint_every = from_seconds(spec.checkpoint_seconds);
  options.checkpoint_steps = spec.retraining.checkpoint_steps;
  return options;
}

void warn_of_crowding(const std::vector<Place>& places, const StudySpec& spec) {
  const std::string text = crowding_text(places, spec.threads);
  if (!text.empty()) {
    log(LogLevel::warning, text);
  }
}

int run_alone(const RunOptions& options) {
  note_stop_signals();
  StudyHost host(options, load_study(options.study_file, data_root(options.data_root, host_name())),
                 0);
  warn_of_crowding({own_place()}, host.setup().spec);
  LocalLink link;
  host.open(link.coordinator_end());
  try {
    if (!host.done()) {
      const auto files = make_posix_files(host.setup().spec.directory);
      const auto tasks =
          make_worker_tasks(host.setup(), std::make_unique<SoloGroupMaker>(), *files, host.clock());
      WorkerNode worker(link.worker_end(), *tasks, host.clock(),
                        worker_options(host.setup().spec, options), files.get());
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

Bytes as_bytes(const std::vector<std::string>& texts) {
  ByteWriter writer;
  for (const std::string& text : texts) {
    writer.text(text);
  }
  return writer.take();
}

void drain(Link& link, PosixClock& clock) {
  const Time begun = clock.now();
  while (!link.drained() && clock.now() - begun < drain_patience) {
    wait_for(std::chrono::milliseconds(1));
  }
}

// Where teams are to be planned: what a sum over all ranks takes. Collective.
std::optional<AllReduceCost> measured_sums(const StudySpec& spec, MpiWorld& world, Clock& clock) {
  if (spec.retraining.team > 0 || spec.runs_command() || world.size() < 3) {
    return std::nullopt;
  }
  std::vector<int> ranks(static_cast<std::size_t>(world.size()));
  std::iota(ranks.begin(), ranks.end(), 0);
  return time_all_reduce(*world.make_group_maker()->make(ranks, 0), clock);
}

int run_rank_zero(const RunOptions& options, MpiWorld& world) {
  std::optional<StudyHost> host;
  std::optional<SharedMark> mark;
  Bytes setup;
  try {
    host.emplace(options, load_study(options.study_file, data_root(options.data_root, host_name())),
                 static_cast<std::uint32_t>(world.size() - 1));
    mark.emplace(host->setup().spec.directory);
    setup = host->setup().encode();
  } catch (const Error&) {
    world.broadcast(setup, 0);  // empty: there will be nothing to do
    throw;
  }
  world.broadcast(setup, 0);
  Bytes self = as_bytes({own_place().encode(), mark->name()});
  world.broadcast(self, 0);
  std::vector<Place> places;
  for (const std::string& text : world.gather(own_place().encode())) {
    places.push_back(Place::decode(text));
  }
  const auto missing = world.gather("");
  host->know(places);
  if (const auto sums = measured_sums(host->setup().spec, world, host->clock())) {
    host->know(*sums);
  }
  if (!options.quiet) {
    host->progress().message(places_text(places));  // the usual reason for a slow run is seen here
  }
  warn_of_crowding(places, host->setup().spec);
  const auto link = world.make_link();
  const auto dismiss = [&](const std::string& reason) {
    for (int rank = 1; rank < world.size(); ++rank) {
      link->send(rank, encode(ToWorker{Shutdown{reason}}));
    }
    drain(*link, host->clock());
  };
  bool in_team = false;
  try {
    check_all_see(host->setup(), places, missing);
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
    const bool broken = state.ended && !state.end.success && state.end.error == ErrorKind::io &&
                        !host->setup().spec.runs_command();
    if (host->node().coordinator().stranded() || broken || host->hurried() ||
        host->node().coordinator().any_hung()) {
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

int run_worker(const RunOptions& options, MpiWorld& world) {
  Bytes bytes;
  world.broadcast(bytes, 0);
  if (bytes.empty()) {
    return 0;  // rank 0 says what is wrong, and its exit code is the program's
  }
  StudySetup setup = StudySetup::decode(bytes);
  setup.data_root = data_root(options.data_root, host_name());
  world.broadcast(bytes, 0);
  const Place self = own_place();
  ByteReader reader(bytes);
  Neighbours rank_zero(self, {{0, Place::decode(reader.text())}});
  world.gather(self.encode());
  world.gather(missing_here(setup, reader.text()));
  PosixClock clock;
  static_cast<void>(measured_sums(setup.spec, world, clock));
  const auto link = world.make_link();
  const auto files = make_posix_files(setup.spec.directory);
  const auto tasks = make_worker_tasks(setup, world.make_group_maker(), *files, clock);
  WorkerNode worker(*link, *tasks, clock, worker_options(setup.spec, options), files.get());
  Backoff backoff;
  while (!worker.done()) {
    backoff.after(worker.tick());
    const bool alone = !rank_zero.gone(clock.now()).empty() && !worker.done();
    if (alone || worker.abandoned()) {
      std::fprintf(stderr, "rank %d: %s; it stops\n", world.rank(),
                   alone ? "rank 0 has ended" : worker.reason().c_str());
      std::_Exit(resume_exit_code);  // MPI_Finalize would wait for the silent rank
    }
  }
  drain(*link, clock);
  if (hdf5_cannot_finalize()) {
    wait_for(drain_patience);  // rank 0 says what is wrong and ends all of us
    std::_Exit(exit_code(ErrorKind::io));
  }
  return 0;
}

// Rank 0's part, or a lone process's, with a word to its launcher about how it goes and how it
// ends.
template <class Part>
int with_outcome(const RunOptions& options, Part&& part) {
  if (options.outcome_file.empty()) {
    return part();
  }
  write_file(options.outcome_file, to_json(running_outcome(false)));
  try {
    return part();
  } catch (const Error& error) {
    const auto said = parse_outcome(read_file(options.outcome_file).value_or(""));
    if (!said || said->running) {
      RunOutcome word;
      word.code = exit_code(error.kind());
      word.reason = error.what();
      write_file(options.outcome_file, to_json(word));
    }
    throw;
  }
}

}  // namespace

int run_command(const RunOptions& options, int& argc, char**& argv) {
  set_log_sink(&print_log);
  const auto alone = [&] { return with_outcome(options, [&] { return run_alone(options); }); };
  note_stop_signals();
  if (!launched()) {
    return alone();
  }
  MpiWorld world(argc, argv);
  set_bug_handler(&abort_all);
  note_stop_signals();
  if (world.size() == 1) {
    return alone();
  }
  if (world.rank() == 0) {
    return with_outcome(options, [&] { return run_rank_zero(options, world); });
  }
  try {
    return run_worker(options, world);
  } catch (const std::exception& error) {
    abort_all(error.what());  // a worker that just left would keep its team waiting
  }
}

}  // namespace twostep
