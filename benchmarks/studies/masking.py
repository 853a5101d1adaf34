"""What is hidden, and how much of it? Masks of the encoder and the decoder, by what fine-tuning makes of them.

    python benchmarks/studies/masking.py --output runs/masking
    python benchmarks/studies/masking.py ratio --output runs/small --seeds 1 --steps 50 --pretraining-clips 800

Three questions, each with a table and a panel of the picture: how much is hidden (ratio), what is hidden together
(kind), and what the decoder leaves out (decoder). Losses of different masks cannot be compared; so every encoder is
fine-tuned on the same small labelled set, under several seeds, and so are the weights that it began with ("scratch").
Frame masks need several token frames: the second question cuts clips as the recipe does, into tokens of 8 frames, the
others into tubes of the whole clip. A step's cost is the processor time of forward and backward on 32 clips, the
quickest of ten.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from statistics import mean

import matplotlib.pyplot as plt
import torch
from rich.console import Console
from rich.table import Table
from runs import PRETRAINING, add_options, pretrained, spread, top1, untrained, with_spread

from tubelet.checkpoints import create_pretraining_model
from tubelet.training.pretraining_recipe import load_pretraining_recipe


@dataclass(frozen=True)
class Question:
    """What is compared: overrides of the recipe's model, by what the table calls them; and those that all have."""

    title: str
    answers: dict[str, list[str]]
    common: tuple[str, ...] = ()


TUBES = ("mask=tube", "patch=[16,6,6]")
QUESTIONS = {
    "ratio": Question(
        "part of the tubes that is hidden",
        {ratio: [f"mask_ratio={ratio}"] for ratio in ("0.5", "0.75", "0.9", "0.95")},
        TUBES,
    ),
    "kind": Question(
        "what is hidden together",
        {kind: [f"mask={kind}"] for kind in ("tube", "random", "frame")},
    ),
    "decoder": Question(
        "part of the tokens that the decoder leaves out",
        {ratio: [f"decoder_mask_ratio={ratio}"] for ratio in ("0", "0.5")},
        (*TUBES, "mask_ratio=0.75"),
    ),
}


def learned(name: str, options: argparse.Namespace, encoder: Path) -> list[float]:
    """Top-1 of every seed of fine-tuning an encoder."""
    return [
        top1(options.output / f"{name}-{seed}", options, options.share, seed, encoder) for seed in range(options.seeds)
    ]


def step_seconds(choices: list[str]) -> float:
    """The processor time of forward and backward."""
    recipe = load_pretraining_recipe(PRETRAINING, _of_model(choices))
    model = create_pretraining_model(recipe.model.name, **recipe.model.overrides)
    spec = model.spec
    clips, generator = torch.randn(32, 3, spec.num_frames, spec.crop, spec.crop), torch.Generator().manual_seed(0)
    seconds = []
    for _ in range(10):
        start = time.process_time()
        masks = model.masks(len(clips), generator)
        model.loss(model(clips, masks), model.target(clips, masks), masks).backward()
        seconds.append(time.process_time() - start)
    return min(seconds)


def _of_model(choices: Iterable[str]) -> list[str]:
    return [f"model.overrides.{choice}" for choice in choices]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "questions", nargs="*", default=list(QUESTIONS), help="ratio, kind, decoder; all without a word"
    )
    add_options(parser, steps=200)
    parser.add_argument("--share", type=float, default=0.05, help="of the labelled set")
    options = parser.parse_args()
    if unknown := set(options.questions) - set(QUESTIONS):
        parser.error(f"there is no question {unknown.pop()!r}; expected some of {', '.join(QUESTIONS)}.")

    figure, panels = plt.subplots(1, len(options.questions), figsize=(4 * len(options.questions), 3.5), squeeze=False)
    for name, panel in zip(options.questions, panels[0], strict=True):
        question = QUESTIONS[name]
        scratch = "-".join(["scratch", *(choice for choice in question.common if choice.startswith("patch"))])
        found = {"scratch": learned(scratch, options, untrained(options.output / scratch, _of_model(question.common)))}
        costs = {"scratch": ""}
        for answer, own in question.answers.items():
            choices = [*question.common, *own]
            run = "-".join(choices)
            weights = pretrained(options.output / run, options.pretraining_clips, _of_model(choices))
            found[answer] = learned(run, options, weights)
            costs[answer] = f"{step_seconds(choices):.2f}"
        table = Table("", "top-1", "s a step", title=f"{question.title}: mean and deviation over the seeds")
        for answer, accuracies in found.items():
            table.add_row(answer, with_spread(accuracies), costs[answer])
        Console().print(table)
        means, spreads = ([100 * of(accuracies) for accuracies in found.values()] for of in (mean, spread))
        panel.bar(list(found), means, yerr=spreads, capsize=3)
        panel.set(xlabel=question.title, ylabel="top-1, %")
    figure.tight_layout()
    figure.savefig(options.output / "masking.png", dpi=150)


if __name__ == "__main__":
    main()
