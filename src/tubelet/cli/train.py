"""`tubelet train`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from tubelet.cli.outputs import folder_to_write


def train(
    recipe: Annotated[Path, typer.Argument(help="A recipe (YAML), or the name of one of the package's own.")],
    overrides: Annotated[list[str] | None, typer.Argument(help="Changes to it, key=value.")] = None,
    output: Annotated[Path | None, typer.Option("--output", "-o", help="Folder of the run [runs/<recipe>].")] = None,
) -> None:
    """Train a model from a recipe; the same command again goes on where the run was stopped.

    Minutes on two CPU cores, on the synthetic benchmark:

        tubelet train recognition/synthetic/videomae_tiny data.train.num_clips=320

    Your own videos, a folder a class (`videos/train/<class>/*.mp4`, `videos/val/<class>/*.mp4`; others as
    `data.train.root=FOLDER data.validation.root=FOLDER`):

        tubelet train recognition/your_videos/videomae_base

    Several GPUs: `accelerate launch --multi_gpu -m tubelet train RECIPE`.
    """
    from tubelet.training.recipe import find_recipe, load_recipe
    from tubelet.training.recognition import train as follow

    path = find_recipe(recipe)
    result = follow(load_recipe(path, overrides or ()), folder_to_write(output or Path("runs") / path.stem))
    console = Console()
    figures = result.figures
    console.print(
        f"top-1 [bold]{figures.top1:.1%}[/], top-5 {figures.top5:.1%}, mean class accuracy "
        f"{figures.mean_class_accuracy:.1%} on {figures.num_videos} videos"
    )
    if result.broken:
        console.print(f"{len(result.broken)} videos could not be read; results.json and the log name them.")
    console.print(f"weights: {result.model}", soft_wrap=True)
