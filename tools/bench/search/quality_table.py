#!/usr/bin/python3
"""quality_table.py LINES [PLOT.svg]: what the lines of `tools/bench/run quality` come to.

Mean, standard error and median of the regret over the seeds, and whether an algorithm is better or
worse than Optuna's of the same name by more than two standard errors of the difference; with a
plot, the means.
"""
import collections
import os
import statistics

from seeds import mean_and_error, show

BUDGETS = [50, 100, 200, 500]
RIVALS = {"random": "optuna_random", "tpe": "optuna_tpe", "cma_es": "optuna_cma_es"}


def read(path):
    runs = collections.defaultdict(dict)
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            problem, algorithm, workers, _, *regrets = line.strip().split(",")
            runs[os.path.basename(problem), int(workers)].setdefault(algorithm, []).append(
                [float(r) for r in regrets])
    return runs


def verdict(ours, theirs):
    (mean, error), (other, other_error) = mean_and_error(ours), mean_and_error(theirs)
    margin = 2 * (error ** 2 + other_error ** 2) ** 0.5
    return " +" if mean < other - margin else " -" if mean > other + margin else " ="


def table(runs):
    print("problem | workers | algorithm | seeds | " +
          " | ".join(f"after {budget}" for budget in BUDGETS))
    for (problem, workers), algorithms in runs.items():
        for algorithm, regrets in algorithms.items():
            cells = []
            rival = algorithms.get(RIVALS.get(algorithm))
            for i, column in enumerate(zip(*regrets)):
                mean, error = mean_and_error(column)
                against = verdict(column, [r[i] for r in rival]) if rival else ""
                cells.append(f"{mean:.2g} ± {error:.1g} ({statistics.median(column):.2g}){against}")
            print(f"{problem} | {workers} | {algorithm} | {len(regrets)} | " + " | ".join(cells))


def plot(runs, path):
    import matplotlib
    matplotlib.use("Agg")
    from matplotlib import pyplot
    problems = list(dict.fromkeys(problem for problem, _ in runs))
    all_workers = sorted({workers for _, workers in runs})
    figure, axes = pyplot.subplots(len(problems), len(all_workers), squeeze=False, sharex=True,
                                   figsize=(4.5 * len(all_workers) + 2, 3 * len(problems) + 1))
    colours = pyplot.get_cmap("tab10").colors
    names = list(dict.fromkeys(name.replace("optuna_", "") for found in runs.values() for name in found))
    for i, problem in enumerate(problems):
        for j, workers in enumerate(all_workers):
            axis = axes[i][j]
            for algorithm, regrets in runs.get((problem, workers), {}).items():
                means, errors = zip(*(mean_and_error(column) for column in zip(*regrets)))
                name = algorithm.replace("optuna_", "")
                rival = name != algorithm
                axis.errorbar(BUDGETS[:len(means)], means, errors, fmt="o--" if rival else "s-",
                              color=colours[names.index(name) % 10], capsize=2, markersize=3,
                              label=f"Optuna {name}" if rival else name)
            axis.set_xscale("log")
            axis.set_yscale("log")
            axis.set_xticks(BUDGETS, [str(b) for b in BUDGETS])
            axis.minorticks_off()
            axis.grid(True, alpha=0.3)
            axis.set_title(f"{problem}, {workers} worker{'s' if workers > 1 else ''}", fontsize="medium")
            if j == 0:
                axis.set_ylabel("mean regret")
            if i + 1 == len(problems):
                axis.set_xlabel("trials")
    axes[0][-1].legend(fontsize="small", loc="upper left", bbox_to_anchor=(1.02, 1))
    figure.tight_layout()
    figure.savefig(path)


if __name__ == "__main__":
    show(read, table, plot)
