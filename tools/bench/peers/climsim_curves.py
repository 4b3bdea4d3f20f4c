#!/usr/bin/python3
"""climsim_curves.py DATA.h5: the loss curves of real trials as text for twostep-search-bench, on stdout.

First the numbers of trials and of epochs, then one trial a line: the validation loss after each epoch.
"""
import sys

import h5py


def main():
    with h5py.File(sys.argv[1]) as file:
        curves = file["v1/val_loss"][:]
    print(*curves.shape)
    for curve in curves:
        print(*(f"{loss:.9g}" for loss in curve))


if __name__ == "__main__":
    main()
