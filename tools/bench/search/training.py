#!/usr/bin/python3
"""training.py DATA.h5... [--seeds N] [--trials N] [--seconds N]: searches with real trainings.

The best validation loss (mse of standardised targets) against node-seconds: two workers, one for each of
two cores, train networks of 1 to 3 layers on all training rows of DATA.h5 (x, y and split: 0 train,
1 validation), 20 epochs of Adam. twostep's algorithms run `trials` trials; Optuna's TPE with PyTorch, on
as many cores and the same space, gets `seconds`. Lines "data | search | seed | node-seconds of a trial |
loss after ... node-seconds", and how many node-seconds twostep took to the last loss of the peer.
Needs TWOSTEP_BIN (default build/release/bin), mpirun, Optuna and PyTorch.
"""
import argparse
import csv
import os
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
ALGORITHMS = ["random", "tpe", "gp", "forest", "cma_es", "evolution"]
WORKERS, EPOCHS = 2, 20
MARKS = [2, 5, 10, 20, 50, 100, 200]
STUDY = """study: {{name: bench, seed: {seed}, directory: {folder}/study}}
data:
  files: [{data}]
  inputs: [x]
  targets: [y]
  split: {{variable: split}}
model:
  layers: {{int: [1, 3]}}
  width: {{int: [16, 256], log: true, per: layer}}
  activation: {{choice: [relu, tanh, gelu]}}
training:
  learning_rate: {{float: [3e-4, 1e-2], log: true}}
  batch_size: {{choice: [32, 64, 128]}}
search: {{algorithm: {algorithm}, trials: {trials}, subset: {{fraction: 1}}, budget: {{epochs: {epochs}}}}}
promotion: {{finalists: 1}}
retraining: {{budget: {{epochs: 1}}}}
"""


def ours(data, algorithm, seed, trials):
    """(node-seconds, loss) of each trial in the order in which they ended; training only in step 1."""
    program = os.path.join(os.environ.get("TWOSTEP_BIN", "build/release/bin"), "twostep")
    with tempfile.TemporaryDirectory() as folder:
        path = os.path.join(folder, "study.yaml")
        with open(path, "w", encoding="utf-8") as file:
            file.write(STUDY.format(seed=seed, folder=folder, data=data, algorithm=algorithm, trials=trials,
                                    epochs=EPOCHS))
        begun = time.monotonic()
        subprocess.run(["mpirun", "--oversubscribe", "-n", str(WORKERS + 1), program, "run", "--quiet", path],
                       check=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        wall = time.monotonic() - begun
        with open(os.path.join(folder, "study", "trials.csv"), encoding="utf-8") as file:
            rows = [row for row in csv.DictReader(file) if row["status"] == "finished"]
    # Whatever is not training (start, extraction, rank 0) is spread over the trials.
    trained = sum(float(row["train_seconds"]) for row in rows)
    out, spent = [], 0.0
    for row in rows:
        spent += float(row["train_seconds"]) * wall * WORKERS / trained
        out.append((spent, float(row["objective"])))
    return out


def peer(data, seed, seconds):
    with tempfile.TemporaryDirectory() as folder:
        command = [sys.executable, os.path.join(HERE, "..", "peers", "optuna_pytorch.py"), data,
                   os.path.join(folder, "journal"), "tpe", str(seed), str(seconds)]
        for worker in [subprocess.Popen([*command, str(EPOCHS)]) for _ in range(WORKERS)]:
            if worker.wait() != 0:
                sys.exit("the peer failed")
        lines = subprocess.run([*command, "0"], check=True, capture_output=True, text=True).stdout
    return [(WORKERS * float(t), float(loss)) for t, loss in (line.split(",") for line in lines.split())]


def course(trials):
    """The best loss after each of MARKS node-seconds; '-' before the first trial, '' beyond the end."""
    cells = []
    for mark in MARKS:
        seen = [loss for spent, loss in trials if spent <= mark]
        cells.append("" if trials[-1][0] < mark else f"{min(seen):.4g}" if seen else "-")
    return " | ".join(cells)


def show(data, name, seed, trials):
    print(f"{data} | {name} | {seed} | {trials[-1][0] / len(trials):.3f} | {course(trials)} | "
          f"{min(loss for _, loss in trials):.4g}", flush=True)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("data", nargs="+")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=100)
    options = parser.parse_args()
    marks = " | ".join(f"after {mark}" for mark in MARKS)
    print(f"data | search | seed | node-seconds a trial | {marks} | at the end")
    for data in options.data:
        name = os.path.basename(os.path.dirname(os.path.abspath(data)))
        for seed in range(1, options.seeds + 1):
            rival = peer(os.path.abspath(data), seed, options.seconds)
            show(name, "Optuna's TPE with PyTorch", seed, rival)
            last = min(loss for _, loss in rival)
            for algorithm in ALGORITHMS:
                trials = ours(os.path.abspath(data), algorithm, seed, options.trials)
                show(name, algorithm, seed, trials)
                reached = next((spent for spent, loss in trials if loss <= last), None)
                print(f"#   its loss after {rival[-1][0]:.0f} node-seconds was reached after "
                      + (f"{reached:.1f}: {rival[-1][0] / reached:.0f} times as fast" if reached else "none"))


if __name__ == "__main__":
    main()
