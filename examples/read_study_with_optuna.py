"""Reads a study that the lab has exported for Optuna.

    ktg export STUDY --as optuna --out study.db
    python3 examples/read_study_with_optuna.py study.db

Needs: pip install optuna. The same file opens in optuna-dashboard.
"""

import sys

import optuna
from optuna.trial import TrialState


def main(path):
    storage = f"sqlite:///{path}"
    (name,) = optuna.get_all_study_names(storage)
    study = optuna.load_study(study_name=name, storage=storage)
    trials = study.get_trials(deepcopy=False)
    print(f"{name}: {len(trials)} trials, {study.user_attrs['data']}, protocol {study.user_attrs['protocol']}")
    for state in TrialState:
        count = sum(trial.state == state for trial in trials)
        if count:
            print(f"  {state.name.lower()}: {count}")

    best = study.best_trial
    print(f"best: trial {best.number}, {100 * best.value:.2f} %, {best.user_attrs['graph']}")
    for epoch, accuracy in sorted(best.intermediate_values.items()):
        print(f"  epoch {epoch:4}  {100 * accuracy:6.2f} %")

    # Importance needs parameters that vary and at least two completed trials.
    if sum(trial.state == TrialState.COMPLETE for trial in trials) > 1:
        evaluator = optuna.importance.PedAnovaImportanceEvaluator()
        for parameter, share in optuna.importance.get_param_importances(study, evaluator=evaluator).items():
            print(f"importance of {parameter}: {share:.3f}")


if __name__ == "__main__":
    main(sys.argv[1])
