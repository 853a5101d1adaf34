"""What every command says of itself."""

import typer
from typer.testing import CliRunner

from tubelet.cli import app


def commands(command=None, words=()):
    """Every verb, with the words that call it."""
    command = command or typer.main.get_command(app)
    for name, inner in getattr(command, "commands", {}).items():
        yield from commands(inner, (*words, name))
    if not hasattr(command, "commands"):
        yield words, command


def test_every_example_stands_on_one_line_of_a_small_terminal():
    examples = 0
    for words, command in commands():
        shown = CliRunner().invoke(app, [*words, "--help"], env={"COLUMNS": "80", "TERMINAL_WIDTH": "80"}).stdout
        lines = {line.strip() for line in shown.splitlines()}
        for line in command.help.splitlines():
            if line.startswith("    "):
                assert line.strip() in lines, f"{' '.join(words)} breaks its example: {line.strip()}"
                examples += 1
    assert examples > 15
