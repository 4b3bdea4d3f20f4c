#!/usr/bin/python3
"""optuna_suggest.py FINISHED DIMENSIONS REPEATS: processor time of one suggestion by Optuna's multivariate TPE.

The same protocol as "twostep-search-bench suggest": "optuna_tpe,finished,min_ms,median_ms,max_ms". Processor time, as there.
"""
import sys
import time

import numpy
import optuna

optuna.logging.set_verbosity(optuna.logging.WARNING)


def main():
    finished, dimensions, repeats = map(int, sys.argv[1:])
    names = [f"x{i}" for i in range(dimensions)]
    sampler = optuna.samplers.TPESampler(multivariate=True, constant_liar=True, seed=1,
                                         warn_independent_sampling=False)
    study = optuna.create_study(sampler=sampler)
    random = numpy.random.RandomState(1)
    distributions = {name: optuna.distributions.FloatDistribution(0, 1) for name in names}
    for _ in range(finished):
        x = random.uniform(size=dimensions)
        study.add_trial(optuna.trial.create_trial(params=dict(zip(names, x)), distributions=distributions,
                                                  value=float(((x - 0.3) ** 2).sum() + 0.1 * random.uniform())))
    times = []
    for _ in range(repeats):
        begun = time.process_time()
        trial = study.ask(distributions)
        x = numpy.array([trial.params[name] for name in names])
        study.tell(trial, float(((x - 0.3) ** 2).sum()))
        times.append(1e3 * (time.process_time() - begun))
    times.sort()
    print(f"optuna_tpe,{finished},{times[0]:.4f},{times[len(times) // 2]:.4f},{times[-1]:.4f}")


if __name__ == "__main__":
    main()
