#!/usr/bin/python3
"""optuna_pareto.py PROBLEM random|nsga2 WORKERS SEEDS TRIALS: hypervolume of Optuna's samplers.

The same problems, reference points, simulated time and output as "twostep-search-bench pareto".
"""
import sys
import warnings

import numpy
import optuna
from simulated_workers import run_trials

optuna.logging.set_verbosity(optuna.logging.ERROR)
warnings.filterwarnings("ignore")
BUDGETS = [200, 500, 1000, 2000]
LEAST_OF_ZDT6 = 1 - numpy.exp(-4 * numpy.arctan(9 * numpy.pi) / (6 * numpy.pi)) * numpy.sin(numpy.arctan(9 * numpy.pi)) ** 6


def fronts(_, population, directions):
    """What NSGAIISampler computes, with the same result, twenty times as fast: else a run takes minutes."""
    del directions
    cost = numpy.array([trial.values for trial in population])
    less_or_equal = (cost[:, None] <= cost[None]).all(axis=2)
    dominates = less_or_equal & ~less_or_equal.T
    left, out = list(range(len(population))), []
    count = dominates.sum(axis=0)
    while left:
        front, i = [], 0
        while i < len(left):
            if count[left[i]] > 0:
                i += 1
                continue
            front.append(left[i])
            last = left.pop()
            if i < len(left):
                left[i] = last
        count = count - dominates[front].sum(axis=0)
        out.append([population[j] for j in front])
    return out


def linear_g(x):
    return 1 + 9 * x[1:].mean()


def rastrigin_g(x):
    return 1 + 10 * (len(x) - 1) + (x[1:] ** 2 - 10 * numpy.cos(4 * numpy.pi * x[1:])).sum()


def biased_g(x):
    return 1 + 9 * x[1:].mean() ** 0.25


def biased_first(x):
    return 1 - numpy.exp(-4 * x) * numpy.sin(6 * numpy.pi * x) ** 6


def convex(f, g):
    return g * (1 - numpy.sqrt(f / g))


def concave(f, g):
    return g * (1 - (f / g) ** 2)


def disconnected(f, g):
    return g * (1 - numpy.sqrt(f / g) - f / g * numpy.sin(10 * numpy.pi * f))


def dtlz7_second(f, g):
    return 2 * (1 + g) - f * (1 + numpy.sin(3 * numpy.pi * f))


def dtlz2(x):
    distance = 1 + ((x[1:] - 0.5) ** 2).sum()
    return distance * numpy.cos(x[0] * numpy.pi / 2), distance * numpy.sin(x[0] * numpy.pi / 2)


class Problem:
    """f1 = first(x1), f2 = second(f1, g(x)); on the front g = 1 and f1 is between `least` and 1."""

    def __init__(self, dimensions, reference, g, second, first=lambda x: x, least=0.0, others=(0.0, 1.0)):
        self.bounds = [(0.0, 1.0)] + [others] * (dimensions - 1)
        self.reference = reference
        self.value = lambda x: (first(x[0]), second(first(x[0]), g(x)))
        ones = numpy.linspace(least, 1, 100_001)
        self.front = ones, second(ones, 1.0)


class Dtlz2:
    bounds = [(0.0, 1.0)] * 11
    reference = 2, 2
    value = staticmethod(dtlz2)
    front = numpy.sin(numpy.linspace(0, numpy.pi / 2, 100_001)), numpy.cos(numpy.linspace(0, numpy.pi / 2, 100_001))


def make_problem(name):
    if name == "zdt4":
        return Problem(10, (1.1, 200), rastrigin_g, convex, others=(-5.0, 5.0))
    if name == "zdt6":
        return Problem(10, (1.1, 10), biased_g, concave, biased_first, LEAST_OF_ZDT6)
    if name == "dtlz2":
        return Dtlz2
    if name == "dtlz7":
        return Problem(21, (1.1, 13), linear_g, dtlz7_second)
    return Problem(30, (1.1, 6), linear_g, {"zdt1": convex, "zdt2": concave, "zdt3": disconnected}[name])


def hypervolume(first, second, reference):
    """Of points in the order of their first objective."""
    inside = first < reference[0]
    first = numpy.append(first[inside], reference[0])
    heights = reference[1] - numpy.minimum.accumulate(numpy.minimum(second[inside], reference[1]))
    return float((numpy.diff(first) * heights).sum())


def shares(problem, sampler, workers, trials, seed):
    whole = hypervolume(*problem.front, problem.reference)
    study = optuna.create_study(sampler=sampler, directions=["minimize", "minimize"])

    def evaluate(trial):
        return problem.value(numpy.array([trial.suggest_float(f"x{i}", *b) for i, b in enumerate(problem.bounds)])), None

    budgets, seen = [b for b in BUDGETS if b <= trials], []
    for values in run_trials(study, evaluate, workers, budgets[-1] if budgets else 0, seed):
        seen.append(values)
        if len(seen) in budgets:
            yield hypervolume(*numpy.array(sorted(seen)).T, problem.reference) / whole


def main():
    name, algorithm = sys.argv[1:3]
    workers, seeds, trials = map(int, sys.argv[3:])
    problem = make_problem(name)
    optuna.samplers.NSGAIISampler._fast_non_dominated_sort = fronts
    for seed in range(1, seeds + 1):
        kind = optuna.samplers.NSGAIISampler if algorithm == "nsga2" else optuna.samplers.RandomSampler
        print(",".join([name, f"optuna_{algorithm}", str(workers), str(seed)]
                       + [f"{s:.6g}" for s in shares(problem, kind(seed=seed), workers, trials, seed)]), flush=True)


if __name__ == "__main__":
    main()
