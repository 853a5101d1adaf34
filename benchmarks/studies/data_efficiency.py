"""Does masked pretraining save labels? Fine-tuned against trained from scratch, at several shares of a labelled set.

    python benchmarks/studies/data_efficiency.py --output runs/data_efficiency
    python benchmarks/studies/data_efficiency.py --output runs/small --shares 0.05 --pretraining-clips 6400

An encoder is pretrained once on unlabelled clips of the synthetic benchmark, from random weights. Then the tiny
recogniser learns from the first 1, 5, 20 and 100% of one fixed labelled set, from that encoder and from the very
weights that it began with, with the same recipe and the same number of steps, under several seeds (of the head and of
the order). Beside them stands the start that the recogniser's own recipe has: weights that were given a sense of motion
by hand (`tubelet.layers.structured_initialisation`).
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from statistics import mean

import matplotlib.pyplot as plt
from rich.console import Console
from rich.table import Table
from runs import add_options, pretrained, spread, top1, untrained, with_spread

STARTS = ("from scratch", "pretrained", "structured by hand")
Accuracies = dict[tuple[str, float], list[float]]  # of a start and a share, one for each seed


def show(accuracies: Accuracies, shares: Sequence[float], clips: int, picture: Path) -> None:
    """A table, and a picture of the means with the deviation over the seeds."""
    table = Table("labelled clips", *STARTS, "gain", title="top-1, mean and deviation over the seeds")
    for share in shares:
        of_starts = [accuracies[start, share] for start in STARTS]
        gains = [after - before for before, after in zip(*of_starts[:2], strict=True)]
        table.add_row(f"{round(share * clips)} ({share:.0%})", *map(with_spread, (*of_starts, gains)))
    Console().print(table)

    figure, axes = plt.subplots(figsize=(5, 3.5), layout="constrained")
    labelled = [round(share * clips) for share in shares]
    for start in STARTS:
        means, spreads = ([100 * of(accuracies[start, share]) for share in shares] for of in (mean, spread))
        axes.errorbar(labelled, means, yerr=spreads, marker="o", capsize=3, label=start)
    axes.set(xscale="log", xlabel="labelled clips", ylabel="top-1, %")
    axes.set_xticks(labelled, labels=map(str, labelled), minor=False)
    axes.set_xticks([], minor=True)
    figure.legend(loc="outside upper center", ncols=len(STARTS))
    figure.savefig(picture, dpi=150)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_options(parser, steps=200)
    parser.add_argument("--shares", type=float, nargs="+", default=[0.01, 0.05, 0.2, 1.0])
    options = parser.parse_args()
    shares = sorted(options.shares)
    folder = options.output / "pretraining"
    encoders = untrained(folder), pretrained(folder, options.pretraining_clips), None
    accuracies: Accuracies = {
        (start, share): [
            top1(options.output / f"{start}-{share:g}-{seed}".replace(" ", "-"), options, share, seed, encoder)
            for seed in range(options.seeds)
        ]
        for share in shares
        for start, encoder in zip(STARTS, encoders, strict=True)
    }
    show(accuracies, shares, options.clips, options.output / "data_efficiency.png")


if __name__ == "__main__":
    main()
