// twostep-search-bench suggest ALGORITHM FINISHED DIMENSIONS REPEATS
//     processor time of one suggestion after that many finished trials, since a wall clock on a
//     busy machine flatters what is shorter than a time slice:
//     "algorithm,finished,min_ms,median_ms,max_ms"
// twostep-search-bench quality PROBLEM ALGORITHM WORKERS SEEDS TRIALS
//     regret of the best after 50, 100, 200, 500 ... trials, a line per seed; parallel workers in
//     simulated time
// twostep-search-bench pareto PROBLEM ALGORITHM WORKERS SEEDS TRIALS
//     hypervolume, as a share of the whole front's, after 200, 500, 1000, 2000 trials of a problem
//     of two objectives, a line per seed
// twostep-search-bench multifidelity CURVES RULE WORKERS SEEDS TRIALS
//     what a rule in studies of that many trials spends until a trial of the best 1 % is trained to
//     its end, a line per seed: "rule,workers,trials,seed,epochs_spent,epochs_passed"
// twostep-search-bench rungs PROBLEM ALGORITHM RULE WORKERS SEEDS
//     regret of the best trial trained to its end after the epochs of 20, 50, 100, 200 whole
//     trainings, a line per seed; curves whose speed depends on the first dimension
#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <exception>
#include <functional>
#include <limits>
#include <stdexcept>
#include <string>
#include <vector>

#include "bench/search/multifidelity.hpp"
#include "bench/search/parallel_trials.hpp"
#include "bench/search/pareto_problems.hpp"
#include "bench/search/problems.hpp"
#include "bench/search/rung_search.hpp"
#include "twostep/base/rng.hpp"
#include "twostep/search/proposer.hpp"
#include "twostep/study/algorithm.hpp"

namespace {

using namespace twostep;

Algorithm algorithm_of(const std::string& text) {
  const auto names = algorithm_names();
  const auto found = std::find(names.begin(), names.end(), text);
  if (found == names.end()) {
    throw std::runtime_error("no such algorithm: " + text);
  }
  return static_cast<Algorithm>(found - names.begin());
}

Proposer make_proposer(const std::string& algorithm, const Space& space, std::uint64_t seed,
                       std::uint32_t trials) {
  SearchSpec search;
  search.algorithm = algorithm_of(algorithm);
  search.trials = trials;
  if (search.algorithm == Algorithm::nsga2) {
    search.second_objective = SecondObjective::parameters;
  }
  return {make_sampler(search, space, seed), space};
}

// A smooth bowl with noise; parameters for those with two objectives.
Observation bowl(const Point& point, std::uint32_t trial) {
  const Rng rng(1, Purpose::noise, trial);
  Observation out;
  out.objective = 0.1 * rng.uniform(0);
  for (const Value& v : point.values) {
    const double x = std::get<double>(v) - 0.3;
    out.objective += x * x;
  }
  out.parameters = 100 * rng.uniform(1);
  return out;
}

int suggest(const std::string& algorithm, std::uint32_t finished, std::size_t dimensions,
            std::uint32_t repeats) {
  Space space;
  for (std::size_t i = 0; i < dimensions; ++i) {
    Dimension d;
    d.name = "x" + std::to_string(i);
    space.dimensions.push_back(d);
  }
  Proposer proposer = make_proposer(algorithm, space, 1, finished + repeats);
  Proposer random = make_proposer("random", space, 2, finished);
  for (std::uint32_t i = 1; i <= finished; ++i) {
    const Point point = *random.next(TrialId(i));
    proposer.created(TrialId(i), point);
    proposer.finished(TrialId(i), bowl(point, i));
  }
  std::vector<double> times;
  for (std::uint32_t i = finished + 1; i <= finished + repeats; ++i) {
    const std::clock_t begun = std::clock();
    const Point point = *proposer.next(TrialId(i));
    proposer.created(TrialId(i), point);
    proposer.finished(TrialId(i), bowl(point, i));
    times.push_back(1e3 * static_cast<double>(std::clock() - begun) / CLOCKS_PER_SEC);
  }
  std::sort(times.begin(), times.end());
  std::printf("%s,%u,%.4f,%.4f,%.4f\n", algorithm.c_str(), finished, times.front(),
              times[times.size() / 2], times.back());
  return 0;
}

// The regrets after each budget, of one run.
std::vector<double> regrets(const bench::Problem& problem, const std::string& algorithm,
                            bench::ParallelTrials run, const std::vector<std::uint32_t>& budgets) {
  Proposer proposer = make_proposer(algorithm, problem.space, run.seed, run.trials);
  std::vector<double> out;
  std::uint32_t done = 0;
  double best = std::numeric_limits<double>::infinity();
  run.trials = budgets.back();
  run.seconds = problem.seconds;
  run.see = [&](const Point& point) {
    Observation seen;
    seen.objective = problem.value(point);
    seen.parameters = 1;
    best = std::min(best, seen.objective);
    if (++done == budgets[out.size()]) {
      out.push_back(best - problem.optimum);
    }
    return seen;
  };
  bench::run_trials(proposer, run);
  return out;
}

// The share of the front's hypervolume that is reached after each budget, of one run.
std::vector<double> hypervolumes(const bench::ParetoProblem& problem, const std::string& algorithm,
                                 bench::ParallelTrials run,
                                 const std::vector<std::uint32_t>& budgets) {
  Proposer proposer = make_proposer(algorithm, problem.space, run.seed, run.trials);
  const double whole = bench::front_hypervolume(problem);
  std::vector<double> out;
  std::vector<bench::Objectives> seen_so_far;
  run.trials = budgets.back();
  run.see = [&](const Point& point) {
    std::vector<double> x;
    for (const Value& v : point.values) {
      x.push_back(std::get<double>(v));
    }
    seen_so_far.push_back(problem.value(x));
    Observation seen;
    seen.objective = seen_so_far.back().first;
    seen.parameters = seen_so_far.back().second;
    if (seen_so_far.size() == budgets[out.size()]) {
      out.push_back(bench::hypervolume(seen_so_far, problem.reference) / whole);
    }
    return seen;
  };
  bench::run_trials(proposer, run);
  return out;
}

// A line per seed: what `measure` gives for a run.
int print_runs(const std::string& name, const std::string& algorithm, std::size_t workers,
               std::uint64_t seeds, std::uint32_t trials, bool empty,
               const std::function<std::vector<double>(const bench::ParallelTrials&)>& measure) {
  bench::ParallelTrials run;
  run.workers = workers;
  run.trials = trials;
  for (run.seed = 1; run.seed <= seeds && !empty; ++run.seed) {
    std::printf("%s,%s,%zu,%llu", name.c_str(), algorithm.c_str(), workers,
                static_cast<unsigned long long>(run.seed));
    for (const double value : measure(run)) {
      std::printf(",%.6g", value);
    }
    std::printf("\n");
    std::fflush(stdout);
  }
  return 0;
}

int quality(const std::string& name, const std::string& algorithm, std::size_t workers,
            std::uint64_t seeds, std::uint32_t trials) {
  const bench::Problem problem = bench::make_problem(name);
  const auto budgets = bench::budgets_within({50, 100, 200, 500, 1000, 2000}, trials);
  return print_runs(
      name.substr(name.rfind('/') + 1), algorithm, workers, seeds, trials, budgets.empty(),
      [&](const bench::ParallelTrials& run) { return regrets(problem, algorithm, run, budgets); });
}

int pareto(const std::string& name, const std::string& algorithm, std::size_t workers,
           std::uint64_t seeds, std::uint32_t trials) {
  const bench::ParetoProblem problem = bench::make_pareto_problem(name);
  const auto budgets = bench::budgets_within({200, 500, 1000, 2000}, trials);
  return print_runs(name, algorithm, workers, seeds, trials, budgets.empty(),
                    [&](const bench::ParallelTrials& run) {
                      return hypervolumes(problem, algorithm, run, budgets);
                    });
}

StoppingRule rule_of(const std::string& text) {
  const auto names = stopping_rule_names();
  const auto found = std::find(names.begin(), names.end(), text);
  if (found == names.end()) {
    throw std::runtime_error("no such rule: " + text);
  }
  return static_cast<StoppingRule>(found - names.begin());
}

int multifidelity(const std::string& path, const std::string& rule, std::size_t workers,
                  std::uint64_t seeds, std::uint32_t trials) {
  const bench::Curves curves = bench::read_curves(path);
  bench::Hunt options;
  options.rule = rule_of(rule);
  options.workers = workers;
  options.trials = trials;
  for (options.seed = 1; options.seed <= seeds; ++options.seed) {
    const bench::Found found = bench::hunt(curves, options, 0.01);
    std::printf("%s,%zu,%u,%llu,%llu,%g\n", rule.c_str(), workers, trials,
                static_cast<unsigned long long>(options.seed),
                static_cast<unsigned long long>(found.epochs_spent), found.epochs_passed);
  }
  return 0;
}

int rungs(const std::string& problem, const std::string& algorithm, const std::string& rule,
          std::size_t workers, std::uint64_t seeds) {
  bench::RungSearch options;
  options.problem = bench::make_problem(problem);
  options.search.algorithm = algorithm_of(algorithm);
  options.search.early_stopping.rule = rule_of(rule);
  options.workers = workers;
  for (options.seed = 1; options.seed <= seeds; ++options.seed) {
    std::printf("%s,%s,%s,%zu,%llu", problem.c_str(), algorithm.c_str(), rule.c_str(), workers,
                static_cast<unsigned long long>(options.seed));
    for (const double regret : bench::regrets(options)) {
      std::printf(",%.6g", regret);
    }
    std::printf("\n");
    std::fflush(stdout);
  }
  return 0;
}

unsigned long number(const char* text) {
  return std::strtoul(text, nullptr, 10);
}

}  // namespace

int main(int argc, char** argv) {
  try {
    if (argc == 6 && std::string(argv[1]) == "suggest") {
      return suggest(argv[2], static_cast<std::uint32_t>(number(argv[3])), number(argv[4]),
                     static_cast<std::uint32_t>(number(argv[5])));
    }
    if (argc == 7 && std::string(argv[1]) == "quality") {
      return quality(argv[2], argv[3], number(argv[4]), number(argv[5]),
                     static_cast<std::uint32_t>(number(argv[6])));
    }
    if (argc == 7 && std::string(argv[1]) == "pareto") {
      return pareto(argv[2], argv[3], number(argv[4]), number(argv[5]),
                    static_cast<std::uint32_t>(number(argv[6])));
    }
    if (argc == 7 && std::string(argv[1]) == "multifidelity") {
      return multifidelity(argv[2], argv[3], number(argv[4]), number(argv[5]),
                           static_cast<std::uint32_t>(number(argv[6])));
    }
    if (argc == 7 && std::string(argv[1]) == "rungs") {
      return rungs(argv[2], argv[3], argv[4], number(argv[5]), number(argv[6]));
    }
  } catch (const std::exception& error) {
    std::fprintf(stderr, "%s\n", error.what());
    return 1;
  }
  std::fputs(
      "usage: twostep-search-bench suggest ALGORITHM FINISHED DIMENSIONS REPEATS\n"
      "       twostep-search-bench quality PROBLEM ALGORITHM WORKERS SEEDS TRIALS\n"
      "       twostep-search-bench pareto PROBLEM ALGORITHM WORKERS SEEDS TRIALS\n"
      "       twostep-search-bench multifidelity CURVES RULE WORKERS SEEDS TRIALS\n"
      "       twostep-search-bench rungs PROBLEM ALGORITHM RULE WORKERS SEEDS\n",
      stderr);
  return 2;
}
