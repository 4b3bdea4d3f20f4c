#!/usr/bin/python3
"""optuna_search.py PROBLEM random|tpe|cma_es WORKERS SEEDS TRIALS: regret of Optuna's samplers.

The same problems, simulated time and output as "twostep-search-bench quality".
"""
import os
import sys
import warnings

import numpy
import optuna
from simulated_workers import run_trials

optuna.logging.set_verbosity(optuna.logging.ERROR)
warnings.filterwarnings("ignore")
BUDGETS = [50, 100, 200, 500, 1000, 2000]


def branin(x):
    a = x[1] - 5.1 / (4 * numpy.pi ** 2) * x[0] ** 2 + 5 / numpy.pi * x[0] - 6
    return a * a + 10 * (1 - 1 / (8 * numpy.pi)) * numpy.cos(x[0]) + 10


def hartmann6(x):
    alpha = numpy.array([1.0, 1.2, 3.0, 3.2])
    a = numpy.array([[10, 3, 17, 3.5, 1.7, 8], [0.05, 10, 17, 0.1, 8, 14], [3, 3.5, 1.7, 10, 17, 8],
                     [17, 8, 0.05, 10, 0.1, 14]])
    p = 1e-4 * numpy.array([[1312, 1696, 5569, 124, 8283, 5886], [2329, 4135, 8307, 3736, 1004, 9991],
                            [2348, 1451, 3522, 2883, 3047, 6650], [4047, 8828, 8732, 5743, 1091, 381]])
    return -float((alpha * numpy.exp(-(a * (x - p) ** 2).sum(axis=1))).sum())


def rosenbrock(x):
    return float((100 * (x[1:] - x[:-1] ** 2) ** 2 + (1 - x[:-1]) ** 2).sum())


def levy(x):
    w = 1 + (x - 1) / 4
    return float(numpy.sin(numpy.pi * w[0]) ** 2
                 + ((w[:-1] - 1) ** 2 * (1 + 10 * numpy.sin(numpy.pi * w[:-1] + 1) ** 2)).sum()
                 + (w[-1] - 1) ** 2 * (1 + numpy.sin(2 * numpy.pi * w[-1]) ** 2))


def ackley(x):
    z = x - 7 * numpy.sin(numpy.arange(len(x)) + 1)
    return float(-20 * numpy.exp(-0.2 * numpy.sqrt((z ** 2).mean())) - numpy.exp(numpy.cos(2 * numpy.pi * z).mean())
                 + 20 + numpy.e)


def box(function, dimensions, low, high):
    def evaluate(trial):
        x = [trial.suggest_float(f"x{i}", low[i % len(low)], high[i % len(high)]) for i in range(dimensions)]
        return float(function(numpy.array(x))), None
    return evaluate


def mixed(trial):
    rate = numpy.log10(trial.suggest_float("rate", 1e-5, 1, log=True))
    kind = trial.suggest_categorical("kind", ["a", "b", "c", "d"])
    if kind in "ab":
        momentum = trial.suggest_float("momentum", 0, 1)
        out = (0 if kind == "a" else 0.5) + 4 * (momentum - (0.9 if kind == "a" else 0.2)) ** 2
        out += (rate + 2 + momentum) ** 2
    elif kind == "c":
        out = 0.2 + (trial.suggest_float("beta", 0, 1) - 0.5) ** 2 + 0.5 * (rate + 3) ** 2
    else:
        out = 1 + 0.1 * (rate + 1) ** 2
    layers = trial.suggest_int("layers", 1, 4)
    out += 0.3 * abs(layers - 3)
    for i in range(layers):
        out += ((trial.suggest_int(f"width{i + 1}", 1, 64) - 48 + 12 * i) / 64) ** 2
    return float(out), None


def table(path):
    with open(path, encoding="ascii") as file:
        dimensions = int(file.readline())
        axes = [file.readline().split() for _ in range(dimensions)]
        rows = numpy.loadtxt(file)

    def evaluate(trial):
        at = 0
        for name, kind, levels in axes:
            n = int(levels)
            k = trial.suggest_categorical(name, list(range(n))) if kind == "choice" else trial.suggest_int(name, 0, n - 1)
            at = at * n + k
        return rows[at][0], rows[at][1]
    return evaluate, rows[:, 0].min()


def problem(name):
    known = {"branin": (box(branin, 2, [-5, 0], [10, 15]), 0.39788735772973816),
             "hartmann6": (box(hartmann6, 6, [0], [1]), -3.32236801141551),
             "rosenbrock4": (box(rosenbrock, 4, [-5], [10]), 0), "levy8": (box(levy, 8, [-10], [10]), 0),
             "ackley16": (box(ackley, 16, [-32.768], [32.768]), 0), "mixed": (mixed, 0)}
    return known[name] if name in known else table(name)


def make_sampler(name, seed):
    samplers = optuna.samplers
    if name == "tpe":
        return samplers.TPESampler(multivariate=True, group=True, constant_liar=True, seed=seed)
    if name == "cma_es":
        return samplers.CmaEsSampler(seed=seed, restart_strategy="ipop")
    return samplers.RandomSampler(seed=seed)


def run(evaluate, optimum, sampler, workers, trials, seed):
    study = optuna.create_study(sampler=sampler)
    budgets, out, best = [b for b in BUDGETS if b <= trials], [], numpy.inf
    for done, value in enumerate(run_trials(study, evaluate, workers, max(budgets, default=0), seed), 1):
        best = min(best, value)
        if done in budgets:
            out.append(best - optimum)
    return out


def main():
    name, algorithm = sys.argv[1:3]
    workers, seeds, trials = map(int, sys.argv[3:])
    evaluate, optimum = problem(name)
    for seed in range(1, seeds + 1):
        regrets = run(evaluate, optimum, make_sampler(algorithm, seed), workers, trials, seed)
        print(",".join([os.path.basename(name), f"optuna_{algorithm}", str(workers), str(seed)]
                       + [f"{r:.6g}" for r in regrets]), flush=True)


if __name__ == "__main__":
    main()
