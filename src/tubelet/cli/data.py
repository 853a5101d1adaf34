"""`tubelet data`: make and look over data sets."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

app = typer.Typer(help="Make data sets.", no_args_is_help=True, rich_markup_mode="markdown")


@app.callback()
def _data() -> None:
    """Make data sets."""


@app.command()
def synthetic(
    output: Annotated[Path, typer.Argument(help="Folder to write to.")],
    videos: Annotated[int, typer.Option(help="How many videos, over all splits.", min=1)] = 200,
    difficulty: Annotated[str, typer.Option(help="easy, medium or hard.")] = "medium",
    size: Annotated[int, typer.Option(help="Side of the frames, pixels.", min=32)] = 128,
    seconds: Annotated[float, typer.Option(help="Length of the long videos.", min=1.0)] = 10.0,
    seed: Annotated[int, typer.Option(help="Of the benchmark.")] = 0,
) -> None:
    """Write the synthetic benchmark as mp4 files with annotation files; run again, it goes on where it stopped.

    Forty videos and their labels, segments and tubes:

        tubelet data synthetic synthetic --videos 40
    """
    from tubelet.datasets.synthetic import write_synthetic

    with Progress() as progress:
        task = progress.add_task("render", total=None)
        write_synthetic(
            output,
            videos=videos,
            difficulty=difficulty,
            size=size,
            seconds=seconds,
            seed=seed,
            progress=lambda done, total: progress.update(task, completed=done, total=total),
        )
    Console().print(f"written to {output}", soft_wrap=True)
