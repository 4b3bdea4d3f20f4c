#!/usr/bin/python3
"""h5py_rows.py ROWS FILE...: reads the rows listed in ROWS ("shard row" a line) of every variable with h5py.

Prints the seconds of the faster of two ways: dataset[rows], and dataset[:][rows] (the whole variable, then the rows)."""
import sys
import time

import h5py
import numpy


def read(files, rows, whole):
    begun = time.perf_counter()
    for shard, path in enumerate(files):
        wanted = rows[rows[:, 0] == shard, 1]
        with h5py.File(path) as file:
            for name in file:
                values = file[name][:][wanted] if whole else file[name][wanted]
                assert len(values) == len(wanted)
    return time.perf_counter() - begun


def main():
    rows = numpy.loadtxt(sys.argv[1], dtype="i8", ndmin=2)
    ways = {"rows": read(sys.argv[2:], rows, False), "whole": read(sys.argv[2:], rows, True)}
    best = min(ways, key=ways.get)
    print(f"{ways[best]:.4f} {best}")


if __name__ == "__main__":
    main()
