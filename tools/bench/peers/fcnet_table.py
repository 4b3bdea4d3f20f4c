#!/usr/bin/python3
"""fcnet_table.py DATA.h5 DATASET: one of the FCNet tables as text for twostep-search-bench, on stdout.

First the number of dimensions, then "name kind levels" each, then "value seconds" of every
combination, the last dimension varying fastest: means over the table's four training seeds.
"""
import sys

import h5py

NAMES = ["activation1", "activation2", "batch_size", "dropout1", "dropout2", "learning_rate", "schedule", "width1",
         "width2"]
CHOICES = {"activation1", "activation2", "schedule"}  # the others are ordered numbers


def main():
    with h5py.File(sys.argv[1]) as file:
        index = file["config_index"][:]
        value = file[sys.argv[2]]["valid_mse"][:].mean(axis=1)
        seconds = file[sys.argv[2]]["runtime_s"][:].mean(axis=1)
    levels = index.max(axis=0) + 1
    rows = [0] * len(index)
    for row, configuration in enumerate(index):
        at = 0
        for k, n in zip(configuration, levels):
            at = at * int(n) + int(k)
        rows[at] = row
    print(len(levels))
    for name, n in zip(NAMES, levels):
        print(name, "choice" if name in CHOICES else "integer", n)
    for row in rows:
        print(f"{value[row]:.9g} {seconds[row]:.6g}")


if __name__ == "__main__":
    main()
