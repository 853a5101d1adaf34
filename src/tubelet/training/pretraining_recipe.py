"""A recipe of pretraining: videos without labels, a masked objective, and how the run goes about it.

As strict as a recipe of fine-tuning, whose parts it shares.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from typing import Annotated, Literal

from pydantic import Field, PositiveFloat, PositiveInt

from tubelet.training.recipe import AdamWPart, LoopPart, ModelPart, NonNegative, Part, SyntheticData, read_recipe


class UnlabelledData(Part):
    """Videos as files.

    Args:
        kind: "videos".
        root: a folder or a URL that holds them, at any depth; with `list`, what its paths are relative to.
        list: a text file with a path or URL a line; numbers after it are left out.
        frame_stride: frames of the video from one frame of the clip to the next; None for the model's own.
    """

    kind: Literal["videos"]
    root: str = ""
    list: str | None = None
    frame_stride: PositiveInt | None = None


class ShardedData(Part):
    """Videos in tar archives, as `tubelet data shard` and webdataset write them.

    Args:
        kind: "shards".
        paths: a folder, or paths or URLs with ranges `{000000..000127}` or stars; one or several.
        frame_stride: as of videos.
    """

    kind: Literal["shards"]
    paths: str | Sequence[str]
    frame_stride: PositiveInt | None = None


class PretrainingDataPart(Part):
    """What is learnt from.

    Args:
        train: the videos.
        repeats: crops of every decoded clip, each with masks of its own.
        workers: processes that decode.
    """

    train: Annotated[UnlabelledData | ShardedData | SyntheticData, Field(discriminator="kind")]
    repeats: PositiveInt = 1
    workers: Annotated[int, Field(ge=0)] = 4


class PretrainingOptimiserPart(AdamWPart):
    """AdamW as the masked autoencoders take it."""

    lr: PositiveFloat = 1.5e-4
    min_lr: NonNegative = 1e-5
    betas: tuple[float, float] = (0.9, 0.95)
    warmup_epochs: NonNegative = 40


class PretrainingRunPart(LoopPart):
    """How a run of pretraining goes about it.

    Args:
        show_every: epochs between reconstructions in TensorBoard.
    """

    show_every: PositiveFloat = 1


class PretrainingRecipe(Part):
    """A whole recipe; `source` says where its numbers are published."""

    model: ModelPart
    data: PretrainingDataPart
    optimiser: PretrainingOptimiserPart = PretrainingOptimiserPart()
    run: PretrainingRunPart
    source: str = ""


def load_pretraining_recipe(path: str | os.PathLike[str], overrides: Sequence[str] = ()) -> PretrainingRecipe:
    """Read a recipe of pretraining and apply `key=value` overrides; raises `RecipeError` as `read_recipe` does."""
    return read_recipe(PretrainingRecipe, path, overrides)
