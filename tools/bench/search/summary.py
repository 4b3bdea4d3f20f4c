#!/usr/bin/python3
"""summary.py LINES [PLOT.svg]: what the lines of `twostep-search-bench multifidelity` come to.

A table of mean, standard error and median over the seeds; and, where a plot is asked for, the share of
runs that have found a good trial against the epochs spent, a panel for each number of workers.
"""
import collections
import statistics

from seeds import mean_and_error, show


def read(path):
    runs = collections.defaultdict(list)
    with open(path, encoding="utf-8") as lines:
        for line in lines:
            rule, workers, trials, _, spent, passed = line.strip().split(",")
            label = f"one_epoch, {trials} trials" if rule == "one_epoch" else rule
            runs[int(workers), label.replace("none", "no rule")].append((float(spent), float(passed)))
    return runs


def text_of(values):
    mean, error = mean_and_error(values)
    return f"{mean:.0f} ± {error:.0f}"


def table(runs):
    print("workers | rule | epochs spent, mean | median | epochs passed, mean | median")
    for (workers, label), values in runs.items():
        spent, passed = zip(*values)
        print(f"{workers} | {label} | {text_of(spent)} | {statistics.median(spent):.0f} | "
              f"{text_of(passed)} | {statistics.median(passed):.0f}")


def plot(runs, path):
    import matplotlib
    matplotlib.use("Agg")
    from matplotlib import pyplot
    all_workers = sorted({workers for workers, _ in runs})
    figure, axes = pyplot.subplots(1, len(all_workers), figsize=(5 * len(all_workers) + 2, 4.5), sharey=True)
    for axis, workers in zip([axes] if len(all_workers) == 1 else axes, all_workers):
        for (count, label), values in runs.items():
            if count == workers:
                spent = sorted(value[0] for value in values)
                share = [(i + 1) / len(spent) for i in range(len(spent))]
                style = "--" if label.startswith("one_epoch") else "-"
                axis.plot(spent, share, style, label=label, color="black" if label == "no rule" else None)
        axis.set_xscale("log")
        axis.set_xlabel("epochs spent by all workers")
        axis.set_title("1 worker" if workers == 1 else f"{workers} workers")
        axis.grid(True, alpha=0.3)
    figure.axes[0].set_ylabel("runs that have trained a top-1 % trial to its end")
    figure.axes[-1].legend(fontsize="small", loc="center left", bbox_to_anchor=(1, 0.5))
    figure.tight_layout()
    figure.savefig(path)


if __name__ == "__main__":
    show(read, table, plot)
