"""Optuna's default sampler on toy landscapes, beside random drawing: what `npm run bench -- sampler` compares with.

optuna_landscapes.py FILE WORKERS   prints {"optuna": {k: regret}, "random": {...}, "version": ...}, means over the file.
WORKERS trials are always under way; the oldest one ends first.
"""
import collections
import itertools
import json
import sys

import numpy as np
import optuna

COUNTS = (50, 100, 300)


def value(landscape, picks):
    total = sum(main[pick] for main, pick in zip(landscape["main"], picks))
    return total + sum(pair["table"][picks[pair["a"]]][picks[pair["b"]]] for pair in landscape["pairs"])


def play(landscape, sampler, workers):
    """Regret of the best of the first k trials, for each k of COUNTS."""
    noise = np.random.default_rng(landscape["seed"])
    study = optuna.create_study(direction="maximize", sampler=sampler)
    running = collections.deque()
    best = -np.inf
    regret = {}
    for number in itertools.count(1):
        trial = study.ask()
        picks = [
            trial.suggest_categorical(f"d{dimension}", list(range(size)))
            for dimension, size in enumerate(landscape["sizes"])
        ]
        true = value(landscape, picks)
        best = max(best, true)
        if number in COUNTS:
            regret[str(number)] = (landscape["optimum"] - best) / landscape["sd"]
        if number == COUNTS[-1]:
            return regret
        running.append((trial, true + landscape["noise"] * landscape["sd"] * noise.normal()))
        if len(running) == workers:
            study.tell(*running.popleft())


def mean(regrets):
    return {str(count): float(np.mean([each[str(count)] for each in regrets])) for count in COUNTS}


if __name__ == "__main__":
    optuna.logging.set_verbosity(optuna.logging.ERROR)
    with open(sys.argv[1], encoding="utf-8") as file:
        landscapes = json.load(file)
    workers = int(sys.argv[2])
    samplers = {"optuna": optuna.samplers.TPESampler, "random": optuna.samplers.RandomSampler}
    means = {
        name: mean([play(each, sampler(seed=each["seed"]), workers) for each in landscapes])
        for name, sampler in samplers.items()
    }
    print(json.dumps({**means, "version": optuna.__version__}))
