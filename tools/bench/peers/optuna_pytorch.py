#!/usr/bin/python3
"""optuna_pytorch.py DATA.h5 JOURNAL SAMPLER SEED SECONDS EPOCHS: one worker of a search with Optuna and PyTorch.

The space, rows, normalisation, loss and budget of tools/bench/search/training.py; workers share JOURNAL.
With EPOCHS 0 nothing is trained: the worker prints "SECONDS,LOSS" of each finished trial, in the order
and since the start of the first.
"""
import os
import sys
import warnings

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
warnings.filterwarnings("ignore")

import h5py
import numpy
import optuna
import torch

optuna.logging.set_verbosity(optuna.logging.ERROR)
ACTIVATIONS = {"relu": torch.nn.ReLU, "tanh": torch.nn.Tanh, "gelu": torch.nn.GELU}


def load(path):
    with h5py.File(path) as file:
        x, y, split = file["x"][:], file["y"][:], file["split"][:]
    out = []
    for values in (x, y):
        train = values[split == 0].astype(float)
        deviation = train.std(axis=0)
        scaled = (values - train.mean(axis=0)) / numpy.where(deviation > 0, deviation, 1)
        out += [torch.tensor(scaled[split == part].astype(numpy.float32)) for part in (0, 1)]
    return out


def train(trial, data, epochs):
    x, x_validation, y, y_validation = data
    torch.manual_seed(trial.number)
    activation = ACTIVATIONS[trial.suggest_categorical("activation", list(ACTIVATIONS))]
    rate = trial.suggest_float("learning_rate", 3e-4, 1e-2, log=True)
    batch = trial.suggest_categorical("batch_size", [32, 64, 128])
    parts, inputs = [], x.shape[1]
    for layer in range(trial.suggest_int("layers", 1, 3)):
        width = trial.suggest_int(f"width{layer}", 16, 256, log=True)
        parts += [torch.nn.Linear(inputs, width), activation()]
        inputs = width
    model = torch.nn.Sequential(*parts, torch.nn.Linear(inputs, y.shape[1]))
    adam = torch.optim.Adam(model.parameters(), lr=rate)
    best = float("inf")
    for _ in range(epochs):
        order = torch.randperm(len(x))
        for rows in order.split(batch):
            adam.zero_grad(set_to_none=True)
            torch.nn.functional.mse_loss(model(x[rows]), y[rows]).backward()
            adam.step()
        with torch.no_grad():
            loss = torch.nn.functional.mse_loss(model(x_validation), y_validation).item()
        best = min(best, loss if loss == loss else best)
    return best


def main():
    path, journal, sampler, seed, seconds, epochs = sys.argv[1:]
    storage = optuna.storages.JournalStorage(optuna.storages.JournalFileStorage(journal))
    samplers = {"random": lambda: optuna.samplers.RandomSampler(seed=int(seed) + os.getpid()),
                "tpe": lambda: optuna.samplers.TPESampler(multivariate=True, group=True, constant_liar=True,
                                                          seed=int(seed) + os.getpid())}
    study = optuna.create_study(storage=storage, study_name="peer", sampler=samplers[sampler](), load_if_exists=True)
    if int(epochs) == 0:
        done = [t for t in study.trials if t.state == optuna.trial.TrialState.COMPLETE]
        begun = min(t.datetime_start for t in study.trials)
        for t in sorted(done, key=lambda t: t.datetime_complete):
            print(f"{(t.datetime_complete - begun).total_seconds()},{t.value}")
        return
    torch.set_num_threads(1)
    data = load(path)
    study.optimize(lambda trial: train(trial, data, int(epochs)), timeout=float(seconds))


if __name__ == "__main__":
    main()
