"""Runs of the studies: each a folder whose results are read where they stand, and made where they do not.

A run that was stopped goes on from its newest checkpoint. The options say how long a fine-tuning is and on what.
"""

from __future__ import annotations

import argparse
import json
import warnings
from collections.abc import Sequence
from pathlib import Path
from statistics import mean, stdev

import torch

from tubelet.checkpoints import CheckpointWarning, create_pretraining_model, save_checkpoint
from tubelet.training.pretraining import pretrain
from tubelet.training.pretraining_recipe import load_pretraining_recipe
from tubelet.training.recipe import find_recipe, load_recipe
from tubelet.training.recognition import train

PRETRAINING = find_recipe("pretraining/synthetic/videomae_tiny")
FINE_TUNING = find_recipe("recognition/synthetic/videomae_tiny")


def add_options(parser: argparse.ArgumentParser, steps: int) -> None:
    """The options of every study."""
    parser.add_argument("--output", type=Path, required=True, help="folder of the runs and the picture")
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--clips", type=int, default=2600, help="of the whole labelled set")
    parser.add_argument("--steps", type=int, default=steps, help="of every recognition run, at least")
    parser.add_argument("--batch", type=int, default=16, help="labelled clips a step")
    parser.add_argument("--lr", type=float, default=1.6e-2, help="at a batch of 256; scaled linearly")
    parser.add_argument("--validation", type=int, default=1300, help="clips to measure on")
    parser.add_argument("--pretraining-clips", type=int, help="seen in pretraining, in place of the recipe's")


def pretrained(folder: Path, clips: int | None, overrides: Sequence[str] = ()) -> Path:
    """The weights of a pretraining run in `folder`, one epoch of so many fresh clips or the recipe's own."""
    weights = folder / "model.safetensors"
    if not weights.exists():
        shorter = (
            [] if clips is None else [f"data.train.num_clips={clips}", "run.epochs=1", "optimiser.warmup_epochs=0.06"]
        )
        result = pretrain(load_pretraining_recipe(PRETRAINING, [*overrides, *shorter]), folder, progress=False)
        print(f"{folder.name}: pretrained to a loss of {result.loss:.4f}", flush=True)
    return weights


def untrained(folder: Path, overrides: Sequence[str] = ()) -> Path:
    """The weights that a pretraining run begins with."""
    weights = folder / "untrained.safetensors"
    if not weights.exists():
        recipe = load_pretraining_recipe(PRETRAINING, overrides)
        torch.manual_seed(recipe.run.seed)
        model = create_pretraining_model(recipe.model.name, **recipe.model.overrides)
        folder.mkdir(parents=True, exist_ok=True)
        save_checkpoint(weights, model, name=recipe.model.name)
    return weights


def top1(folder: Path, options: argparse.Namespace, share: float, seed: int, checkpoint: Path | None) -> float:
    """Top-1 after learning from the first clips of the labelled set, in as many epochs as fill the steps."""
    figures = folder / "top1.json"
    if figures.exists():
        return float(json.loads(figures.read_text()))
    clips = max(1, round(share * options.clips))
    batch = min(options.batch, clips)
    epochs = -(-options.steps // (clips // batch))
    choices = [
        f"data.train={{kind: synthetic, split: train, num_clips: {clips}, symmetries: 1}}",
        f"data.validation.num_clips={options.validation}",
        f"optimiser.lr={options.lr}",
        f"optimiser.warmup_epochs={0.1 * epochs}",
        f"run.epochs={epochs}",
        f"run.batch_size={batch}",
        f"run.seed={seed}",
        "run.ema_decay=null",
        f"run.evaluate_every={epochs}",
        f"run.save_every={epochs / 4}",
    ]
    if checkpoint is not None:
        choices.append(f"model.checkpoint={checkpoint}")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", CheckpointWarning)  # that the head starts fresh is the point
        result = train(load_recipe(FINE_TUNING, choices), folder, progress=False)
    print(f"{folder.name}: {result.figures.top1:.1%}", flush=True)
    figures.write_text(json.dumps(result.figures.top1))
    return result.figures.top1


def spread(values: Sequence[float]) -> float:
    """The standard deviation over the seeds; 0 of one."""
    return stdev(values) if len(values) > 1 else 0.0


def with_spread(values: Sequence[float]) -> str:
    """Mean and deviation, in per cent."""
    return f"{100 * mean(values):.1f} ± {100 * spread(values):.1f}"
