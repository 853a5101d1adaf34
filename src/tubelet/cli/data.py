"""`tubelet data`: make and look over data sets."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer
from rich.console import Console
from rich.progress import Progress

from tubelet.cli.annotations import check, convert, formats, stats
from tubelet.cli.outputs import folder_to_write

app = typer.Typer(help="Make data sets, and look over them.", no_args_is_help=True, rich_markup_mode="markdown")
for verb in (check, stats, formats, convert):
    app.command()(verb)


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

    folder_to_write(output)
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


@app.command()
def shard(
    folder: Annotated[Path, typer.Argument(help="Folder with videos, at any depth.")],
    output: Annotated[Path, typer.Argument(help="Folder to write the shards to.")],
    megabytes: Annotated[int, typer.Option(help="Size at which a shard is closed.", min=1)] = 1000,
) -> None:
    """Pack videos into tar shards, as webdataset has them: a few large files to copy, or to read over http and s3.

    The clips of the synthetic benchmark:

        tubelet data synthetic synthetic --videos 0 --clips 26
        tubelet data shard synthetic/clips shards

    Pretraining reads them with `'data.train={kind: shards, paths: shards}'`.
    """
    from tubelet.datasets.shards import write_shards

    with Progress() as progress:
        task = progress.add_task("pack", total=None)
        shards = write_shards(
            folder,
            output,
            shard_bytes=megabytes * 1_000_000,
            progress=lambda done, total: progress.update(task, completed=done, total=total),
        )
    Console().print(f"{len(shards)} shards written to {output}", soft_wrap=True)
