#!/usr/bin/python3
"""pareto_table.py LINES [PLOT.svg]: what the lines of `twostep-search-bench pareto` come to.

A table of the mean and its standard error over the seeds, in per cent of the front's hypervolume; and, where a
plot is asked for, the same against the trials, a panel for each problem and number of workers.
"""
import collections

from seeds import mean_and_error, show

TRIALS = [200, 500, 1000, 2000]


def read(path):
    runs = collections.defaultdict(list)
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            problem, algorithm, workers, _, *shares = line.strip().split(",")
            runs[problem, int(workers), algorithm].append([100 * float(s) for s in shares])
    return runs


def table(runs):
    """A row per problem and number of workers; a cell has the numbers of all trials."""
    seeds = collections.defaultdict(set)
    rows = collections.defaultdict(dict)
    for (problem, workers, algorithm), shares in runs.items():
        seeds[algorithm].add(len(shares))
        rows[problem, workers][algorithm] = ", ".join("{:.1f} ± {:.1f}".format(*mean_and_error(c)) for c in zip(*shares))
    print("| problem | workers | " + " | ".join(f"`{a}`, {min(n)} seeds" for a, n in seeds.items()) + " |")
    print("| --- " * (2 + len(seeds)) + "|")
    for (problem, workers), cells in rows.items():
        print(f"| {problem} | {workers} | " + " | ".join(cells.get(a, "") for a in seeds) + " |")


def plot(runs, path):
    import matplotlib
    matplotlib.use("Agg")
    from matplotlib import pyplot
    problems = list(dict.fromkeys(problem for problem, _, _ in runs))
    all_workers = sorted({workers for _, workers, _ in runs})
    figure, axes = pyplot.subplots(len(all_workers), len(problems), sharex=True, squeeze=False,
                                   figsize=(2.4 * len(problems) + 1, 2.6 * len(all_workers) + 0.6))
    algorithms = sorted({algorithm for _, _, algorithm in runs})
    for (problem, workers, algorithm), shares in runs.items():
        axis = axes[all_workers.index(workers)][problems.index(problem)]
        means, errors = zip(*[mean_and_error(column) for column in zip(*shares)])
        axis.errorbar(TRIALS[:len(means)], means, errors, capsize=2, marker=".", label=algorithm,
                      linestyle="--" if "random" in algorithm else "-", color=f"C{algorithms.index(algorithm)}")
    for workers, row in zip(all_workers, axes):
        row[0].set_ylabel(f"hypervolume, % of the front's\n{workers} worker{'s' if workers > 1 else ''}")
    for problem, axis in zip(problems, axes[0]):
        axis.set_title(problem)
    for axis in axes.flat:
        axis.set_xscale("log")
        axis.set_xticks(TRIALS, [str(t) for t in TRIALS], fontsize="x-small")
        axis.minorticks_off()
        axis.grid(True, alpha=0.3)
    for axis in axes[-1]:
        axis.set_xlabel("trials")
    handles, labels = axes[0][0].get_legend_handles_labels()
    figure.legend(handles, labels, loc="upper center", ncols=len(labels), fontsize="small")
    figure.tight_layout(rect=(0, 0, 1, 0.94))
    figure.savefig(path)


if __name__ == "__main__":
    show(read, table, plot)
