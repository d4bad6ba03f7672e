"""Optuna doing what `npm run bench -- search` does: 9 categorical parameters, a report at each rung until pruned."""
import json
import math
import os
import random
import tempfile
import time

import optuna

optuna.logging.set_verbosity(optuna.logging.ERROR)
GATES = ["through", "cutoff", "linear", "correct"]


def play(storage, trials):
    study = optuna.create_study(
        storage=storage,
        direction="maximize",
        sampler=optuna.samplers.RandomSampler(seed=1),
        pruner=optuna.pruners.SuccessiveHalvingPruner(min_resource=1, reduction_factor=2, min_early_stopping_rate=0),
    )
    reports = 0
    start = time.perf_counter()
    for _ in range(trials):
        trial = study.ask()
        for edge in range(9):
            trial.suggest_categorical(f"gate{edge}", GATES)
        limit, pace = random.uniform(0.4, 0.9), random.uniform(2, 12)
        accuracy = 0.0
        for epoch in (1, 2, 4, 8, 16, 32, 64, 128, 200):
            accuracy = limit * (1 - math.exp(-epoch / pace)) + random.uniform(-0.01, 0.01)
            trial.report(accuracy, epoch)
            reports += 1
            if trial.should_prune():
                study.tell(trial, state=optuna.trial.TrialState.PRUNED)
                break
        else:
            study.tell(trial, accuracy)
    return reports / (time.perf_counter() - start)


with tempfile.TemporaryDirectory() as folder:
    sqlite = play("sqlite:///" + os.path.join(folder, "optuna.db"), 60)
print(json.dumps({"sqlite_reports_per_s": sqlite, "memory_reports_per_s": play(None, 300)}))
