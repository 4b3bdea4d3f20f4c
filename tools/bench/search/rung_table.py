#!/usr/bin/python3
"""rung_table.py LINES: medians over the seeds of the lines of `twostep-search-bench rungs`."""
import collections
import statistics
import sys


def main():
    runs = collections.defaultdict(list)
    with open(sys.argv[1], encoding="utf-8") as lines:
        for line in lines:
            problem, algorithm, rule, workers, _, *regrets = line.strip().split(",")
            label = algorithm if rule == "none" else f"{algorithm} with {rule}"
            runs[problem, int(workers), label].append([float(r) for r in regrets])
    print("problem | workers | search | after 20 | 50 | 100 | 200")
    for (problem, workers, label), regrets in runs.items():
        medians = " | ".join(f"{statistics.median(column):.2g}" for column in zip(*regrets))
        print(f"{problem} | {workers} | {label} | {medians}")


if __name__ == "__main__":
    main()
