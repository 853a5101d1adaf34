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
    videos: Annotated[int, typer.Option(help="Long videos over all splits, with segments and tubes.", min=0)] = 200,
    clips: Annotated[int, typer.Option(help="Short clips over all splits, with one label each.", min=0)] = 1040,
    difficulty: Annotated[str, typer.Option(help="easy, medium or hard.")] = "medium",
    seconds: Annotated[tuple[float, float], typer.Option(help="Shortest and longest video.")] = (8.0, 20.0),
    seed: Annotated[int, typer.Option(help="Of the benchmark.")] = 0,
) -> None:
    """Write the synthetic benchmark as mp4 files with annotation files; run again, it goes on where it stopped.

    Four videos and their segments and tubes, 26 clips and their labels:

        tubelet data synthetic synthetic --videos 4 --clips 26

    The clips stand in a folder a class, ready to train on: `data.train.root=synthetic/clips/train`.
    """
    from tubelet.datasets.synthetic import write_synthetic

    with Progress() as progress:
        task = progress.add_task("render", total=videos + clips)
        write_synthetic(
            output,
            videos=videos,
            clips=clips,
            difficulty=difficulty,
            seconds=seconds,
            seed=seed,
            progress=lambda done, total: progress.update(task, completed=done, total=total),
        )
    Console().print(f"written to {output}", soft_wrap=True)
