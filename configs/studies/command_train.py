"""A training that twostep calls as a program: logistic regression by gradient descent, standard library only.

It is told its configuration in the file TWOSTEP_CONFIG and prints a line of JSON after each epoch (docs/command.md)."""
import json
import math
import os
import random
import time

with open(os.environ["TWOSTEP_CONFIG"]) as file:
    told = json.load(file)
choice = told["configuration"]

# The data are the same in every trial: a subset of them in step 1, all in step 2.
source = random.Random(1)
rows = []
for _ in range(4000):
    x = [source.gauss(0, 1) for _ in range(6)]
    p = 1 / (1 + math.exp(-(2 * x[0] - x[1] + x[2] * x[3])))
    rows.append((x, 1 if source.random() < p else 0))
train, validation = rows[:3000], rows[3000:]
if not told["full_data"] and told["subset"]:
    train = train[:told["subset"]["rows"]]


def features(x):
    return [1] + x + ([x[i] * x[j] for i in range(6) for j in range(i)] if choice["features"] == "products" else [])


def probability(weights, f):
    return 1 / (1 + math.exp(-max(-30, min(30, sum(w * v for w, v in zip(weights, f))))))


chance = random.Random(told["seed"])
train = [(features(x), y) for x, y in train]
validation = [(features(x), y) for x, y in validation]
weights = [chance.gauss(0, 0.1) for _ in train[0][0]]
for epoch in range(1, told["budget"]["epochs"] + 1):
    chance.shuffle(train)
    for f, y in train:
        slope = probability(weights, f) - y
        weights = [w - choice["rate"] * (slope * v + choice["decay"] * w) for w, v in zip(weights, f)]
    loss = 0
    begun = time.perf_counter()
    for f, y in validation:
        p = probability(weights, f)
        loss -= math.log(max(1e-12, p if y else 1 - p))
    seconds = time.perf_counter() - begun
    print(json.dumps({"value": loss / len(validation), "epoch": epoch, "parameters": len(weights),
                      "inference_seconds": seconds / len(validation)}), flush=True)
