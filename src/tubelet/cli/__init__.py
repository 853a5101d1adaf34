"""The command: thin functions, one a verb, over what the library does."""

from __future__ import annotations

import logging
import sys
import warnings
from typing import Annotated

import typer
from rich.console import Console
from rich.logging import RichHandler
from rich.markup import escape

import tubelet
from tubelet.cli.data import app as data_app
from tubelet.cli.demo import demo
from tubelet.cli.evaluate import evaluate
from tubelet.cli.models import models
from tubelet.cli.pretrain import pretrain
from tubelet.cli.recognize import recognize
from tubelet.cli.reconstruct import reconstruct
from tubelet.cli.train import train
from tubelet.errors import TubeletError

app = typer.Typer(
    name="tubelet",
    help="Human action in video: recognise it, train models that do, and measure them.",
    no_args_is_help=True,
    rich_markup_mode="markdown",
    pretty_exceptions_enable=False,
)
for verb in (demo, recognize, pretrain, train, evaluate, reconstruct, models):
    app.command()(verb)
app.add_typer(data_app, name="data")


@app.callback(invoke_without_command=True)
def _options(version: Annotated[bool, typer.Option("--version", help="Print the version and leave.")] = False) -> None:
    if version:
        typer.echo(tubelet.__version__)
        raise typer.Exit


def main() -> None:
    """Run the command; what a user can cause is one sentence and status 1."""
    console = Console(stderr=True)
    logging.basicConfig(
        level=logging.WARNING, format="%(message)s", handlers=[RichHandler(console=console, show_path=False)]
    )
    logging.getLogger("tubelet").setLevel(logging.INFO)
    warnings.formatwarning = lambda message, *_, **__: str(message)  # the sentence, without the line that gave it
    logging.captureWarnings(True)
    try:
        app()
    except TubeletError as error:
        console.print(f"[bold red]error:[/] {escape(str(error))}", highlight=False, soft_wrap=True)
        sys.exit(1)
    except OSError as error:  # a full disk, a folder that went away
        place = f"{error.filename}: " if error.filename else ""
        console.print(f"[bold red]error:[/] {escape(place + str(error.strerror or error))}.", highlight=False)
        sys.exit(1)
    except KeyboardInterrupt:
        console.print("interrupted; what is done is kept, and the same command goes on from there.")
        sys.exit(130)
