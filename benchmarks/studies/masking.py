"""Which masks, and how much of a clip? Tube, random and frame masks at several ratios, by what fine-tuning makes of it.

    python benchmarks/studies/masking.py --output runs/masking
    python benchmarks/studies/masking.py --output runs/small --masks tube --ratios 0.75 --seeds 1 --steps 50

Losses of different masks cannot be compared; so every encoder is fine-tuned on the same small labelled set, under
several seeds. Clips are cut into tokens of 4 frames and 8 x 8 pixels here: frame masks need several token frames.
"""

from __future__ import annotations

import argparse
from statistics import mean

import matplotlib.pyplot as plt
from rich.console import Console
from rich.table import Table
from runs import add_options, pretrained, spread, top1, with_spread

PATCH = "model.overrides.patch=[4, 8, 8]"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    add_options(parser, steps=500)
    parser.add_argument("--masks", nargs="+", default=["tube", "random", "frame"])
    parser.add_argument("--ratios", type=float, nargs="+", default=[0.5, 0.75, 0.9, 0.95])
    parser.add_argument("--share", type=float, default=0.05, help="of the labelled set")
    options = parser.parse_args()

    found: dict[tuple[str, float], list[float]] = {}
    for mask in options.masks:
        for ratio in options.ratios:
            name = f"{mask}-{ratio:g}"
            choices = [PATCH, f"model.overrides.mask={mask}", f"model.overrides.mask_ratio={ratio}"]
            encoder = pretrained(options.output / name, options.pretraining_clips, choices)
            found[mask, ratio] = [
                top1(options.output / f"{name}-{seed}", options, options.share, seed, encoder, [PATCH])
                for seed in range(options.seeds)
            ]

    table = Table("hidden", *options.masks, title="top-1 after fine-tuning, mean and deviation over the seeds")
    for ratio in options.ratios:
        table.add_row(f"{ratio:g}", *(with_spread(found[mask, ratio]) for mask in options.masks))
    Console().print(table)

    figure, axes = plt.subplots(figsize=(5, 3.5), layout="constrained")
    for mask in options.masks:
        means, spreads = ([100 * of(found[mask, ratio]) for ratio in options.ratios] for of in (mean, spread))
        axes.errorbar(options.ratios, means, yerr=spreads, marker="o", capsize=3, label=mask)
    axes.set(xlabel="ratio of hidden tokens", ylabel="top-1, %")
    axes.legend()
    figure.savefig(options.output / "masking.png", dpi=150)


if __name__ == "__main__":
    main()
