#include "bench/search/parallel_trials.hpp"

#include <algorithm>
#include <queue>
#include <stdexcept>
#include <vector>

#include "twostep/base/rng.hpp"

namespace twostep::bench {
namespace {

struct Running {
  double ends;
  TrialId trial;
  Point point;
  bool operator<(const Running& o) const { return ends > o.ends; }
};

}  // namespace

void run_trials(Proposer& proposer, const ParallelTrials& options) {
  std::priority_queue<Running> running;
  double now = 0;
  std::uint32_t created = 0;
  for (std::uint32_t done = 0; done < options.trials; ++done) {
    while (running.size() < options.workers && created < options.trials) {
      const TrialId trial(++created);
      const auto point = proposer.next(trial);
      if (!point) {
        throw std::runtime_error("the space is used up");
      }
      proposer.created(trial, *point);
      const double seconds = options.seconds
                                 ? options.seconds(*point)
                                 : 0.5 + Rng(options.seed, Purpose::simulation, created).uniform(0);
      running.push({now + seconds, trial, *point});
    }
    const Running next = running.top();
    running.pop();
    now = next.ends;
    proposer.finished(next.trial, options.see(next.point));
  }
}

std::vector<std::uint32_t> budgets_within(std::vector<std::uint32_t> budgets,
                                          std::uint32_t trials) {
  std::erase_if(budgets, [trials](std::uint32_t budget) { return budget > trials; });
  return budgets;
}

}  // namespace twostep::bench
