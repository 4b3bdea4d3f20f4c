"""What the tables of search benchmarks have in common: many seeds, a table, perhaps a plot."""
import statistics
import sys


def mean_and_error(values):
    """The mean, and its standard error (NaN of a single value)."""
    error = statistics.stdev(values) / len(values) ** 0.5 if len(values) > 1 else float("nan")
    return statistics.fmean(values), error


def show(read, table, plot):
    """The command line of these scripts: LINES [PLOT.svg]."""
    runs = read(sys.argv[1])
    table(runs)
    if len(sys.argv) > 2:
        plot(runs, sys.argv[2])
