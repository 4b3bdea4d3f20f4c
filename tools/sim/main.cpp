// twostep-sim: runs simulated studies with the production coordinator and workers; see
// docs/simulation.md.
#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <exception>

#include "twostep/sim/world.hpp"

namespace {

constexpr const char* usage =
    "usage: twostep-sim [--seed N] [--seeds COUNT] [--workers N] [--trials N] [--faults on|off]\n"
    "  Simulates studies in virtual time, each seed with faults of its own, and checks the\n"
    "  invariants. --seeds runs that many seeds, one after the other. Exit code 1 if any fails.\n";

bool read_number(const char* text, std::uint64_t& out) {
  char* end = nullptr;
  out = std::strtoull(text, &end, 10);
  return end != text && *end == '\0';
}

bool run_seed(twostep::WorldOptions options) {
  twostep::MemFiles files;
  const auto begun = std::chrono::steady_clock::now();
  const auto elapsed = [&] {
    return std::chrono::duration<double>(std::chrono::steady_clock::now() - begun).count();
  };
  try {
    const twostep::WorldReport r = twostep::run_world(options, files);
    std::printf(
        "seed %llu: %u trials (%u finished, %u diverged, %u failed) on %u workers in %u jobs, "
        "%.0f s of virtual time, %.2f s\n",
        static_cast<unsigned long long>(options.seed), r.state.trials_done, r.state.trials_finished,
        r.state.trials_diverged, r.state.trials_failed, options.workers, r.jobs, r.virtual_seconds,
        elapsed());
    std::printf(
        "  faults: %u kills, %u stops, %u full disks, %u worker deaths, %u hangs, %u stale "
        "writes\n",
        r.kills, r.stops, r.full_disks, r.worker_deaths, r.worker_hangs, r.stale_writes);
    std::printf(
        "  %llu events, %llu messages; journal %llu bytes, checksum %08x; state %016llx, "
        "replayed %016llx\n",
        static_cast<unsigned long long>(r.events), static_cast<unsigned long long>(r.messages),
        static_cast<unsigned long long>(r.journal_bytes), r.journal_crc,
        static_cast<unsigned long long>(r.live_digest),
        static_cast<unsigned long long>(r.replay_digest));
    return true;
  } catch (const std::exception& error) {
    std::printf("seed %llu FAILED after %.2f s: %s\n",
                static_cast<unsigned long long>(options.seed), elapsed(), error.what());
    return false;
  }
}

}  // namespace

int main(int argc, char** argv) {
  twostep::WorldOptions options;
  std::uint64_t seeds = 1;
  for (int i = 1; i < argc; ++i) {
    std::uint64_t value = 0;
    const bool last = i + 1 == argc;
    if (std::strcmp(argv[i], "--help") == 0) {
      std::fputs(usage, stdout);
      return 0;
    }
    if (!last && std::strcmp(argv[i], "--faults") == 0) {
      options.faults = std::strcmp(argv[++i], "off") != 0;
      continue;
    }
    if (last || !read_number(argv[i + 1], value)) {
      std::fputs(usage, stderr);
      return 2;
    }
    const char* name = argv[i++];
    if (std::strcmp(name, "--seed") == 0) {
      options.seed = value;
    } else if (std::strcmp(name, "--seeds") == 0) {
      seeds = value;
    } else if (std::strcmp(name, "--workers") == 0 && value > 0) {
      options.workers = static_cast<std::uint32_t>(value);
    } else if (std::strcmp(name, "--trials") == 0 && value > 0) {
      options.trials = static_cast<std::uint32_t>(value);
    } else {
      std::fputs(usage, stderr);
      return 2;
    }
  }
  bool good = true;
  for (std::uint64_t i = 0; i < seeds; ++i, ++options.seed) {
    good = run_seed(options) && good;
  }
  return good ? 0 : 1;
}
