"""`tubelet models`: what there is, what it costs, what its authors report."""

from __future__ import annotations

import json
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.table import Table

if TYPE_CHECKING:
    from tubelet.checkpoints.released import Released

SHOWN = 3  # results a model; --json has all


def models(
    pattern: Annotated[str, typer.Argument(help='Names to show, as a glob such as "videomae_*".')] = "*",
    as_json: Annotated[bool, typer.Option("--json", help="Print JSON, with every released file.")] = False,
) -> None:
    """List the models: size, cost of a clip, input, the authors' results and the licence of their weights.

    The family of VideoMAE V2:

        tubelet models "videomaev2_*"

    In Python, `tubelet.list_models` gives the names and `tubelet.create_model` the networks.
    """
    from tubelet.checkpoints import model_table

    rows = model_table(pattern)
    if as_json:
        typer.echo(json.dumps([asdict(row) for row in rows], indent=2))
        return
    console = Console()
    if not rows:
        console.print(f"no model matches {pattern!r}; `tubelet models` lists all.", markup=False)
        raise typer.Exit(1)
    table = Table(caption="GFLOPs: 10⁹ multiply-adds (MACs) of one clip, as the papers count them.", show_lines=True)
    table.add_column("model", no_wrap=True)
    for title in ("parameters", "GFLOPs", "frames x stride x crop"):
        table.add_column(title, justify="right")
    table.add_column("reported for the released weights: top-1 / top-5 (views)")
    table.add_column("licence of the weights")
    for row in rows:
        files = [file for file in row.released if file.where]
        table.add_row(
            row.name,
            f"{row.parameters / 1e6:.1f} M",
            f"{row.multiply_adds / 1e9:.{0 if row.multiply_adds > 1e10 else 1}f}",
            f"{row.num_frames} x {row.frame_stride} x {row.crop}",
            "\n".join(_result(file) for file in files[:SHOWN]) or "none released",
            files[0].licence if files else "-",
        )
    console.print(table)


def _result(file: Released) -> str:
    if file.top1 is None:
        return file.data
    top5 = "-" if file.top5 is None else f"{file.top5:.1f}"
    return f"{file.data}: {file.top1:.1f} / {top5} ({file.views})"
