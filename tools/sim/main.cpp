// twostep-sim: runs simulated studies with the production coordinator and workers; see
// docs/simulation.md.
#include <algorithm>
#include <chrono>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>
#include <string>

#include "twostep/base/rng.hpp"
#include "twostep/sim/utilisation.hpp"
#include "twostep/sim/world.hpp"
#include "twostep/study/algorithm.hpp"

namespace {

constexpr const char* usage =
    "usage: twostep-sim [--seed N] [--seeds COUNT | --seeds A..B] [--workers N] [--trials N]\n"
    "                   [--varied] [--seconds N] [--faults on|off] [--quiet]\n"
    "                   [--rule none|asha|asha_promotion|hyperband|median|...]\n"
    "                   [--algorithm random|tpe|forest|gp|...]\n"
    "  Simulates studies in virtual time, each seed with faults of its own, and checks the\n"
    "  invariants. --seeds runs many seeds, one after the other; --varied draws the size of each\n"
    "  from its seed; --seconds begins no further seed after that time. Exit code 1 if any fails.\n"
    "       twostep-sim --utilisation [--workers N] [--trials N] [--trial-seconds S]\n"
    "                   [--spread F] [--costs FACTOR] [--algorithm ...] [--fit-seconds S]\n"
    "  How busy rank 0 keeps its workers, with measured costs of messages and decisions. An\n"
    "  algorithm that fits models takes S for each proposal, beside rank 0's other work.\n";

double seconds_since(std::chrono::steady_clock::time_point begun) {
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
}

bool read_number(const char* text, std::uint64_t& out) {
  char* end = nullptr;
  out = std::strtoull(text, &end, 10);
  return end != text && *end == '\0';
}

struct Command {
  twostep::WorldOptions world;
  twostep::UtilisationOptions utilisation;
  std::uint64_t seeds = 1;
  double costs = 1;
  double seconds = 0;  // 0: no limit
  bool varied = false;
  bool quiet = false;
  bool measure = false;
};

void print_world(const twostep::WorldOptions& options, const twostep::WorldReport& r,
                 double elapsed) {
  const auto number = [](std::uint64_t v) { return static_cast<unsigned long long>(v); };
  std::printf(
      "seed %llu: %u trials (%u finished, %u diverged, %u failed, %u stopped) on %u workers in %u "
      "jobs, "
      "%.0f s of virtual time, %.2f s\n",
      number(options.seed), r.state.trials_done, r.state.trials_finished, r.state.trials_diverged,
      r.state.trials_failed, r.state.trials_stopped, options.workers, r.jobs, r.virtual_seconds,
      elapsed);
  std::printf(
      "  faults: %u kills, %u stops, %u full disks, %u worker deaths, %u hangs, %u left out, "
      "%u stale writes, %u time limits, %u runs back, %u slow syncs; %u snapshot parts\n",
      r.kills, r.stops, r.full_disks, r.worker_deaths, r.worker_hangs, r.left_out, r.stale_writes,
      r.time_ups, r.returns, r.slow_syncs, r.snapshot_parts);
  std::printf(
      "  %llu events, %llu messages; journal %llu bytes, checksum %08x; state %016llx, "
      "replayed %016llx\n",
      number(r.events), number(r.messages), number(r.journal_bytes), r.journal_crc,
      number(r.live_digest), number(r.replay_digest));
}

// Sizes from one worker to a few hundred, most of them small: that is where the corners are.
twostep::WorldOptions vary(twostep::WorldOptions options) {
  const twostep::Rng rng(options.seed, twostep::Purpose::simulation, 3);
  const auto power = [&](std::uint64_t draw, double low, double high) {
    return static_cast<std::uint32_t>(low * std::pow(high / low, rng.uniform(draw)));
  };
  options.workers = power(1, 1, 300);
  options.trials = power(2, 1, 1500);
  options.mean_trial_seconds = std::pow(10, -1 + 3 * rng.uniform(3));
  options.fault_jobs = 1 + static_cast<std::uint32_t>(15 * rng.uniform(4));
  const auto rules = twostep::stopping_rule_names().size();
  options.rule = static_cast<twostep::StoppingRule>(rng.below(2 * rules, 6) % rules);
  if (rng.uniform(7) < 0.5) {
    options.rule = twostep::StoppingRule::none;
  }
  if (rng.uniform(9) < 0.1) {
    options.algorithm = twostep::Algorithm::forest;
    options.trials = std::min(options.trials, 300U);  // each fit takes real time
  }
  options.fidelity = rng.uniform(8) < 0.3 ? twostep::Fidelity::rows : twostep::Fidelity::budget;
  options.check_every = 1 + static_cast<std::uint64_t>(2000 * rng.uniform(5));
  options.snapshot_events = power(6, 1, 3000);
  return options;
}

bool run_seed(const Command& command, twostep::WorldOptions options) {
  if (command.varied) {
    options = vary(options);
  }
  twostep::MemFiles files;
  const auto begun = std::chrono::steady_clock::now();
  try {
    const twostep::WorldReport r = twostep::run_world(options, files);
    if (!command.quiet) {
      print_world(options, r, seconds_since(begun));
    }
    return true;
  } catch (const std::exception& error) {
    std::printf("seed %llu FAILED after %.2f s (%u workers, %u trials): %s\n",
                static_cast<unsigned long long>(options.seed), seconds_since(begun),
                options.workers, options.trials, error.what());
    std::fflush(stdout);
    return false;
  }
}

int run_seeds(const Command& command) {
  const auto begun = std::chrono::steady_clock::now();
  twostep::WorldOptions options = command.world;
  std::uint64_t failed = 0;
  std::uint64_t run = 0;
  while (run < command.seeds && (command.seconds == 0 || seconds_since(begun) < command.seconds)) {
    failed += run_seed(command, options) ? 0 : 1;
    ++run;
    ++options.seed;
  }
  if (command.seeds > 1) {
    std::printf("%llu seeds from %llu, %llu failed, %.1f s\n", static_cast<unsigned long long>(run),
                static_cast<unsigned long long>(command.world.seed),
                static_cast<unsigned long long>(failed), seconds_since(begun));
  }
  return failed == 0 && run > 0 ? 0 : 1;
}

int run_utilisation(const Command& command) {
  twostep::UtilisationOptions o = command.utilisation;
  o.message_seconds *= command.costs;
  o.sync_seconds *= command.costs;
  const auto begun = std::chrono::steady_clock::now();
  const twostep::UtilisationReport r = twostep::measure_utilisation(o);
  std::printf(
      "%u trials of %g s (spread %g) on %u workers; rank 0: %.1f us per message, "
      "%.0f us per sync\n",
      o.trials, o.trial_seconds, o.spread, o.workers, 1e6 * o.message_seconds,
      1e6 * o.sync_seconds);
  std::printf("  %.2f s (ideal %.2f s): utilisation %.2f %%; rank 0 busy %.1f %% of the time\n",
              r.seconds, r.ideal_seconds, 100 * r.utilisation, 100 * r.rank_zero);
  if (twostep::fits_models(o.algorithm)) {
    std::printf("  %s, %g s a fit: longest wait %.1f ms; %llu points from fits\n",
                twostep::name(o.algorithm), o.fit_seconds, 1e3 * r.longest_wait,
                static_cast<unsigned long long>(r.fitted));
  }
  std::printf("  %llu messages, %llu syncs; simulated in %.1f s\n",
              static_cast<unsigned long long>(r.messages), static_cast<unsigned long long>(r.syncs),
              seconds_since(begun));
  return 0;
}

// "7" or "A..B"; the latter sets the first seed too.
bool read_seeds(const std::string& text, Command& command) {
  const std::size_t dots = text.find("..");
  if (dots == std::string::npos) {
    return read_number(text.c_str(), command.seeds);
  }
  std::uint64_t last = 0;
  if (!read_number(text.substr(0, dots).c_str(), command.world.seed) ||
      !read_number(text.substr(dots + 2).c_str(), last) || last < command.world.seed) {
    return false;
  }
  command.seeds = last - command.world.seed + 1;
  return true;
}

// An option with a value; false if there is no such, or its value is none.
bool read_option(const std::string& name, const char* text, Command& command) {
  char* end = nullptr;
  const double value = std::strtod(text, &end);
  const bool number = end != text && *end == '\0' && value >= 0;
  if (name == "--seeds") {
    return read_seeds(text, command);
  }
  if (name == "--faults") {
    command.world.faults = std::strcmp(text, "off") != 0;
    return true;
  }
  if (name == "--rule") {
    const auto names = twostep::stopping_rule_names();
    const auto found = std::find(names.begin(), names.end(), text);
    command.world.rule = static_cast<twostep::StoppingRule>(found - names.begin());
    return found != names.end();
  }
  if (name == "--algorithm") {
    const auto names = twostep::algorithm_names();
    const auto found = std::find(names.begin(), names.end(), text);
    command.world.algorithm = command.utilisation.algorithm =
        static_cast<twostep::Algorithm>(found - names.begin());
    return found != names.end();
  }
  if (name == "--seed") {
    return read_number(text, command.world.seed);
  }
  if (name == "--seconds") {
    command.seconds = value;
  } else if (name == "--workers") {
    command.world.workers = command.utilisation.workers = static_cast<std::uint32_t>(value);
  } else if (name == "--trials") {
    command.world.trials = command.utilisation.trials = static_cast<std::uint32_t>(value);
  } else if (name == "--trial-seconds") {
    command.utilisation.trial_seconds = value;
  } else if (name == "--spread") {
    command.utilisation.spread = value;
  } else if (name == "--fit-seconds") {
    command.utilisation.fit_seconds = value;
  } else if (name == "--costs") {
    command.costs = value;
  } else {
    return false;
  }
  return number && command.world.workers > 0 && command.world.trials > 0;
}

bool read_command(int argc, char** argv, Command& command) {
  for (int i = 1; i < argc; ++i) {
    const std::string name = argv[i];
    if (name == "--varied") {
      command.varied = true;
    } else if (name == "--quiet") {
      command.quiet = true;
    } else if (name == "--utilisation") {
      command.measure = true;
    } else if (i + 1 == argc || !read_option(name, argv[++i], command)) {
      return false;
    }
  }
  return true;
}

}  // namespace

int main(int argc, char** argv) {
  Command command;
  if (argc == 2 && std::strcmp(argv[1], "--help") == 0) {
    std::fputs(usage, stdout);
    return 0;
  }
  if (!read_command(argc, argv, command)) {
    std::fputs(usage, stderr);
    return 2;
  }
  return command.measure ? run_utilisation(command) : run_seeds(command);
}
