"""`tubelet pretrain`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console

from tubelet.cli.outputs import folder_to_write


def pretrain(
    recipe: Annotated[Path, typer.Argument(help="A recipe (YAML), or the name of one of the package's own.")],
    overrides: Annotated[list[str] | None, typer.Argument(help="Changes to it, key=value.")] = None,
    output: Annotated[
        Path | None, typer.Option("--output", "-o", help="Folder of the run [runs/pretraining/<recipe>].")
    ] = None,
) -> None:
    """Learn from videos without labels; the same command again goes on where the run was stopped.

    A minute on two CPU cores, on the synthetic benchmark, and what it learned as the start of a recogniser:

        tubelet pretrain pretraining/synthetic/videomae_tiny run.epochs=2 -o pre
        tubelet train recognition/synthetic/videomae_tiny model.checkpoint=pre

    Your own videos, in any folder:

        tubelet pretrain pretraining/kinetics400/videomae_base data.train.root=clips

    Many small files are slow; `tubelet data shard clips shards` packs them, and `'data.train={kind: shards, paths:
    shards}'` reads them from there.

    Several GPUs: `accelerate launch --multi_gpu -m tubelet pretrain RECIPE`.
    """
    from tubelet.training.pretraining import pretrain as follow
    from tubelet.training.pretraining_recipe import load_pretraining_recipe
    from tubelet.training.recipe import find_recipe

    path = find_recipe(recipe)
    folder = folder_to_write(output or Path("runs") / "pretraining" / path.stem)
    result = follow(load_pretraining_recipe(path, overrides or ()), folder)
    console = Console()
    console.print(f"loss [bold]{result.loss:.4f}[/] after {result.steps} steps")
    if result.broken:
        console.print(f"{len(result.broken)} videos could not be read; the log names them.")
    console.print(f"weights: {result.model}", soft_wrap=True)
