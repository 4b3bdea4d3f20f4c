// Strong scaling of one training over the ranks of a team, at 10^6 parameters and batch 1024.
#include <cstdio>
#include <numeric>

#include "adapters/mpi/world.hpp"
#include "adapters/onednn/onednn_engine.hpp"
#include "bench/benches.hpp"
#include "bench/stopwatch.hpp"
#include "bench/training_case.hpp"
#include "twostep/search/training_cost.hpp"

namespace twostep::bench {
namespace {

constexpr int scaling_repeats = 9;
constexpr int steps = 8;
constexpr std::uint32_t batch = 1024;

// Waits without burning the processor that another rank may be measured on.
void meet(Group& group) {
  std::vector<std::byte> word(1);
  for (int root = 0; root < group.size(); ++root) {
    group.broadcast(word, root);
  }
}

struct Times {
  std::vector<double> alone;
  std::vector<double> share;  // one rank on a team member's rows: computing without any sum
  std::vector<double> team;
};

// Rank 0 alone while the others wait, all on their shares without a sum, all together; in turn.
Times measure(const Case& c, Engine& engine, GroupMaker& groups, const std::vector<int>& ranks,
              Group& group) {
  TrainingCase team(c, engine, 8192, 64, 1'000'000'000, groups.make(ranks, 21));
  TrainingCase alone(c, engine);
  Case part = c;
  part.batch /= static_cast<std::uint32_t>(group.size());
  TrainingCase share(part, engine);
  const auto run = [](TrainingCase& training) { return time_of(steps, [&] { training.step(); }); };
  Times out;
  for (int i = 0; i <= scaling_repeats; ++i) {
    meet(group);
    const double one = group.rank() == 0 ? run(alone) : 0;
    meet(group);
    const double apart = run(share);
    meet(group);
    const double all = run(team);
    if (i > 0) {  // the first warms up
      out.alone.push_back(one);
      out.share.push_back(apart);
      out.team.push_back(all);
    }
  }
  return out;
}

void print(const char* what, const Times& times, int ranks) {
  const MinMedian alone(times.alone);
  const MinMedian share(times.share);
  const MinMedian team(times.team);
  std::printf(
      "  %-24s 1 rank %7.2f, %7.2f ms   its share of %d %7.2f, %7.2f ms   %d ranks %7.2f, %7.2f ms "
      "  "
      "efficiency %.0f, %.0f %%\n",
      what, 1e3 * alone.min, 1e3 * alone.median, ranks, 1e3 * share.min, 1e3 * share.median, ranks,
      1e3 * team.min, 1e3 * team.median, 100 * alone.min / (ranks * team.min),
      100 * alone.median / (ranks * team.median));
}

std::vector<AllReduceSample> all_reduces(Group& group) {
  std::vector<AllReduceSample> out;
  for (std::size_t values = 2; values <= (std::size_t{1} << 22); values *= 8) {
    std::vector<float> data(values, 0.0F);
    const int rounds = values < 10000 ? 200 : 5;
    std::vector<double> seconds;
    for (int i = 0; i < scaling_repeats; ++i) {
      seconds.push_back(time_of(rounds, [&] { group.sum(data); }));
    }
    const MinMedian m(seconds);
    out.push_back(
        {4.0 * static_cast<double>(values), static_cast<std::uint32_t>(group.size()), m.median});
    if (group.rank() == 0) {
      std::printf("  all-reduce of %9zu bytes: %9.1f, %9.1f us\n", 4 * values, 1e6 * m.min,
                  1e6 * m.median);
    }
  }
  return out;
}

void predict(const AllReduceCost& cost, double one, std::uint64_t parameters) {
  MachineCosts machine;
  machine.all_reduce = cost;
  const TrainingWork step{parameters, 1, batch, 0, 0};
  const double row = seconds_per_row(step, one, machine);
  std::printf(
      "  fitted: alpha %.2f us, beta %.3f ns/byte; predicted for one step of %llu parameters\n",
      1e6 * cost.alpha, 1e9 * cost.beta, static_cast<unsigned long long>(parameters));
  for (std::uint32_t k = 1; k <= 1024; k *= 2) {
    const double t = predict_seconds(step, row, k, machine);
    std::printf("    %4u ranks %8.2f ms, efficiency %3.0f %%\n", k, 1e3 * t, 100 * one / (k * t));
  }
}

}  // namespace

int scaling_bench(int& argc, char**& argv) {
  MpiWorld world(argc, argv);
  if (world.size() < 2) {
    std::fputs("twostep-bench scaling: start it with mpirun -n 2 or more\n", stderr);
    return 2;
  }
  const auto groups = world.make_group_maker();
  std::vector<int> ranks(static_cast<std::size_t>(world.size()));
  std::iota(ranks.begin(), ranks.end(), 0);
  const auto group = groups->make(ranks, 20);
  const auto engine = make_onednn_engine(1);
  Case c{4, 570, batch, Activation::relu, "", ""};
  const std::uint64_t parameters = MlpLayout(shape_of(c)).parameters;
  if (world.rank() == 0) {
    std::printf("Strong scaling, %llu parameters, batch %u (min, median)\n",
                static_cast<unsigned long long>(parameters), batch);
  }
  double one = 0;
  for (const auto& [what, options] :
       {std::pair{"summed with overlap", R"(, "team": 1)"},
        std::pair{"reproducible, 16 parts", R"(, "reproducible": true)"},
        std::pair{"reproducible, 4 parts", R"(, "reproducible": true, "micro_batches": 4)"}}) {
    c.retraining = options;
    const Times times = measure(c, *engine, *groups, ranks, *group);
    if (world.rank() == 0) {
      print(what, times, world.size());
      one = one > 0 ? one : MinMedian(times.alone).median;
    }
  }
  const auto samples = all_reduces(*group);
  if (world.rank() == 0) {
    predict(fit_all_reduce(samples), one, parameters);
  }
  return 0;
}

}  // namespace twostep::bench
