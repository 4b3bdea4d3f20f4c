#!/usr/bin/python3
"""Time of a training step in PyTorch: the same network, data and Adam as `twostep-bench step`, one thread.

pytorch_step.py LAYERS WIDTH BATCH ...   (triples); a line "LAYERS WIDTH BATCH MIN_US MEDIAN_US" each.
Where PyTorch is missing it says so in a line that begins with #, and succeeds.
"""
import os
import sys
import time

os.environ.setdefault("OMP_NUM_THREADS", "1")
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")

try:
    import torch
except ImportError:
    print("# PyTorch is not installed (Debian: python3-torch libopenblas0-pthread)")
    sys.exit(0)

INPUTS, ROWS, REPEATS, SECONDS = 20, 8192, 9, 0.15


def blas():
    """The BLAS that the loader has mapped into this process."""
    with open("/proc/self/maps", encoding="ascii", errors="replace") as maps:
        paths = {line.split()[-1] for line in maps if "blas" in line.rsplit("/", 1)[-1]}
    return ", ".join(sorted(paths)) or "none of its own"


def network(layers, width):
    parts, n = [], INPUTS
    for _ in range(layers):
        parts += [torch.nn.Linear(n, width), torch.nn.ReLU()]
        n = width
    return torch.nn.Sequential(*parts, torch.nn.Linear(n, 1))


def measure(layers, width, batch):
    torch.manual_seed(1)
    x = torch.randn(ROWS, INPUTS)
    y = torch.sin(x + torch.arange(INPUTS)).sum(1, keepdim=True) / INPUTS**0.5
    model = network(layers, width)
    adam = torch.optim.Adam(model.parameters(), lr=1e-3)
    state = {"at": ROWS, "order": None}

    def step():
        if state["at"] + batch > ROWS:
            state["at"], state["order"] = 0, torch.randperm(ROWS)
        rows = state["order"][state["at"] : state["at"] + batch]
        state["at"] += batch
        adam.zero_grad(set_to_none=True)
        torch.nn.functional.mse_loss(model(x[rows]), y[rows]).backward()
        adam.step()

    def run(count):
        begun = time.perf_counter()
        for _ in range(count):
            step()
        return (time.perf_counter() - begun) / count

    run(3)
    count = max(2, int(SECONDS / run(3)))
    return sorted(run(count) for _ in range(REPEATS))


def main():
    torch.set_num_threads(1)
    torch.mm(torch.ones(64, 64), torch.ones(64, 64))
    print(f"# PyTorch {torch.__version__}, one thread, BLAS: {blas()}")
    numbers = [int(a) for a in sys.argv[1:]]
    for layers, width, batch in zip(numbers[::3], numbers[1::3], numbers[2::3]):
        times = measure(layers, width, batch)
        print(layers, width, batch, f"{1e6 * times[0]:.1f} {1e6 * times[len(times) // 2]:.1f}", flush=True)


if __name__ == "__main__":
    main()
