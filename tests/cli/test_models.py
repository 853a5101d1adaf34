import json

import typer
from typer.testing import CliRunner

from tubelet.cli.models import models

app = typer.Typer()
app.command()(models)


def run(*arguments):
    return CliRunner().invoke(app, arguments, env={"COLUMNS": "220"})


def test_the_table_shows_cost_result_and_licence():
    output = run("videomae_sm*").output
    for shown in (
        "videomae_small",
        "22.0 M",
        "57",
        "16 x 4 x 224",
        "Kinetics-400: 79.0 / 93.8 (16x5x3)",
        "CC BY-NC 4.0",
    ):
        assert shown in output
    assert "videomae_base" not in output


def test_json_has_every_figure_released_or_not():
    (row,) = json.loads(run("videomae_large", "--json").output)
    assert row["parameters"] == 304_270_736
    assert [file["top1"] for file in row["released"] if file["where"] is None] == [86.1, 74.3]


def test_a_pattern_that_matches_nothing_says_so():
    result = run("resnet*")
    assert result.exit_code == 1
    assert "no model matches 'resnet*'" in result.output
