"""Parallel workers in simulated time over an Optuna study, as tools/bench/search/parallel_trials does it."""
import heapq

import numpy


def run_trials(study, evaluate, workers, trials, seed):
    """Yields the values of one trial after the other, in the order in which they end.

    evaluate(trial) returns the value or values to tell, and seconds or None: drawn from [0.5, 1.5).
    """
    random = numpy.random.RandomState(seed)
    running, now, created = [], 0.0, 0
    for _ in range(trials):
        while len(running) < workers and created < trials:
            trial = study.ask()
            values, seconds = evaluate(trial)
            created += 1
            heapq.heappush(running, (now + (seconds or random.uniform(0.5, 1.5)), created, trial, values))
        now, _, trial, values = heapq.heappop(running)
        study.tell(trial, values)
        yield values
