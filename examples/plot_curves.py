"""Plots the learning curves of a study or the seeds of a re-run from the lab's JSON.

    ktg show STUDY --json > study.json          python3 examples/plot_curves.py study.json curves.png
    ktg show --rerun 1 --json > rerun.json      python3 examples/plot_curves.py rerun.json seeds.png

Needs: pip install matplotlib. Not-a-number is null in the JSON.
"""

import json
import math
import sys

import matplotlib

matplotlib.use("Agg")
import matplotlib.pyplot as plt


def judged(graph):
    """Place and name of the accuracy that counts in a graph, or in the graphs of a space."""
    if (graph.get("ensemble") or {}).get("isObjective"):
        return len(graph["nodes"]), "the ensemble"
    return 0, "node 1"


def plot_study(view, axes):
    """One line per trial: the accuracy that counts, in percent, after every epoch."""
    place, name = judged(view["study"]["plan"]["space"])
    best = view["best"]["run"] if view["best"] else None
    for curve in view["curves"]:
        accuracy = [math.nan if value is None else 100 * value for value in curve["accuracy"][place]]
        is_best = curve["run"] == best
        axes.plot(
            range(1, len(accuracy) + 1),
            accuracy,
            color="tab:blue" if is_best else "0.6",
            linewidth=2.5 if is_best else 0.8,
            zorder=2 if is_best else 1,
        )
    for rung in view["rungs"]:
        axes.axvline(rung, color="0.8", linestyle=":")
    axes.set(xlabel="epoch", ylabel=f"accuracy of {name}, %", title=view["study"]["name"])
    return len(view["curves"])


def plot_rerun(view, axes):
    """One column per graph: every seed as a dot, mean and standard deviation beside it."""
    for place, variant in enumerate(view["variants"]):
        values = [100 * value["accuracy"] for value in variant["values"]]
        axes.plot([place] * len(values), values, "o", color="0.6")
        if variant["mean"] is not None:
            deviation = 100 * (variant["standardDeviation"] or 0)
            axes.errorbar(place + 0.15, 100 * variant["mean"], yerr=deviation, fmt="_", color="tab:blue")
    names = [variant["name"] for variant in view["variants"]]
    axes.set_xticks(range(len(names)), names, rotation=20)
    _, name = judged(view["variants"][0]["graph"])
    axes.set(ylabel=f"accuracy of {name}, %", title=view["rerun"]["name"])
    return len(names)


def main(source, target):
    with open(source, encoding="utf-8") as file:
        view = json.load(file)
    figure, axes = plt.subplots(figsize=(7, 4.5), layout="constrained")
    drawn = plot_study(view, axes) if "curves" in view else plot_rerun(view, axes)
    figure.savefig(target, dpi=150)
    print(f"{target}: {drawn} {'curves' if 'curves' in view else 'graphs'}")


if __name__ == "__main__":
    main(*sys.argv[1:3])
