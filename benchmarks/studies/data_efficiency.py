"""Does masked pretraining save labels? Fine-tuned against trained from scratch, at several shares of a labelled set.

    python benchmarks/studies/data_efficiency.py --output runs/data_efficiency
    python benchmarks/studies/data_efficiency.py --output runs/small --shares 0.05 --steps 200 --pretraining-clips 9600

An encoder is pretrained once on unlabelled clips of the synthetic benchmark. Then the tiny recogniser learns from the
first 1, 5, 20 and 100% of one fixed labelled set, from that encoder and from fresh weights, with the same recipe and
the same number of steps, under several seeds (of the weights that start fresh and of the order).
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from statistics import mean

import matplotlib.pyplot as plt
from rich.console import Console
from rich.table import Table
from runs import add_options, pretrained, spread, top1, with_spread

STARTS = ("scratch", "pretrained")
Accuracies = dict[tuple[str, float], list[float]]  # of a start and a share, one for each seed


def show(accuracies: Accuracies, shares: Sequence[float], clips: int, picture: Path) -> None:
    """A table, and a picture of the means with the deviation over the seeds."""
    table = Table("labelled clips", *STARTS, "gain", title="top-1, mean and deviation over the seeds")
    for share in shares:
        scratch, tuned = (accuracies[start, share] for start in STARTS)
        gains = [after - before for before, after in zip(scratch, tuned, strict=True)]
        table.add_row(f"{round(share * clips)} ({share:.0%})", *map(with_spread, (scratch, tuned, gains)))
    Console().print(table)

    figure, axes = plt.subplots(figsize=(5, 3.5), layout="constrained")
    for start in STARTS:
        means = [100 * mean(accuracies[start, share]) for share in shares]
        spreads = [100 * spread(accuracies[start, share]) for share in shares]
        axes.errorbar([share * clips for share in shares], means, yerr=spreads, marker="o", capsize=3, label=start)
    axes.set(xscale="log", xlabel="labelled clips", ylabel="top-1, %")
    axes.legend()
    figure.savefig(picture, dpi=150)


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_options(parser, steps=1000)
    parser.add_argument("--shares", type=float, nargs="+", default=[0.01, 0.05, 0.2, 1.0])
    options = parser.parse_args()
    encoder = pretrained(options.output / "pretraining", options.pretraining_clips)
    checkpoints = dict(zip(STARTS, (None, encoder), strict=True))
    accuracies: Accuracies = {
        (start, share): [
            top1(options.output / f"{start}-{share:g}-{seed}", options, share, seed, checkpoint)
            for seed in range(options.seeds)
        ]
        for share in options.shares
        for start, checkpoint in checkpoints.items()
    }
    show(accuracies, options.shares, options.clips, options.output / "data_efficiency.png")


if __name__ == "__main__":
    main()
