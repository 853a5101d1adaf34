"""`tubelet evaluate --benchmark`."""

import json
import re
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from tubelet.cli import app
from tubelet.errors import TubeletError
from tubelet.scoring import BENCHMARKS

sys.path.insert(0, str(Path(__file__).parents[1] / "scoring"))
from benchmark_files import CASES


@pytest.fixture
def run(tmp_path, monkeypatch):
    """The command, run in an empty folder on a wide terminal."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("COLUMNS", "200")
    return lambda *words: CliRunner().invoke(app, ["evaluate", *map(str, words)])


@pytest.fixture
def options(tmp_path):
    """The options of a case of a benchmark."""

    def given(name):
        files, expected = CASES[name](tmp_path)
        fields = ("ground_truth", "predictions", "classes", "info", "test_list", "split")
        named = {field: getattr(files, field) for field in fields if getattr(files, field) not in (None, 1)}
        words = [word for field, value in named.items() for word in (f"--{field.replace('_', '-')}", value)]
        return ["--benchmark", name, *words], expected

    return given


def test_the_list_shows_every_benchmark(run):
    outcome = run("--list")
    assert outcome.exit_code == 0
    assert all(re.search(rf"^{name} ", outcome.stdout, re.MULTILINE) for name in BENCHMARKS)


@pytest.mark.parametrize("name", CASES)
def test_every_benchmark_writes_results_and_a_picture(name, run, options, tmp_path):
    words, expected = options(name)
    outcome = run(*words, "-o", tmp_path / "score")
    assert outcome.exit_code == 0, outcome.exception
    figures = json.loads((tmp_path / "score" / "results.json").read_text())["figures"]
    assert {key: figures[key] for key in expected} == pytest.approx(expected, abs=1e-6)
    if name != "epic-kitchens-recognition":  # three tasks, no classes of one
        assert list((tmp_path / "score").glob("*.png"))
    assert not list((tmp_path / "score").glob(".*"))


def test_the_example_of_the_help_works_as_it_stands(run, tmp_path):
    help_text = run("--help").stdout
    for name in ("truth", "found"):
        row = re.search(rf"echo (\S+) > {name}.csv", help_text)[1]
        (tmp_path / f"{name}.csv").write_text(f"{row}\n")
    words = re.search(r"tubelet evaluate (-b ava .* -o score)", help_text)[1].split()
    assert run(*words).exit_code == 0
    assert json.loads(Path("score/results.json").read_text())["figures"] == {"frame-mAP@0.5": 1.0}


def test_errors_and_intervals_are_printed_and_drawn(run, options):
    words, _ = options("activitynet")
    outcome = run(*words, "--errors", "--intervals", "-o", "score")
    assert "95% interval" in outcome.stdout
    assert "false" in outcome.stdout or "localisation" in outcome.stdout
    assert Path("score/errors.png").exists()
    assert {"errors", "intervals"} <= set(json.loads(Path("score/results.json").read_text()))


def test_errors_of_tubes_are_drawn(run, options):
    words, _ = options("jhmdb")
    assert run(*words, "--errors", "-o", "score").exit_code == 0
    assert Path("score/errors.png").exists()


def test_official_prints_the_lines_of_the_tool(run, options):
    words, _ = options("thumos14-toolkit")
    outcome = run(*words, "--official")
    assert "AP:0.000 at overlap 0.5 for BaseballPitch" in outcome.stdout
    assert "MAP: 0.950000" in outcome.stdout


def test_what_the_tool_ignores_is_printed(run, options):
    words, _ = options("ava")
    assert "1 predictions of classes that do not count" in run(*words).stdout


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (["--benchmark", "ava"], "--benchmark ava needs --ground-truth FILE"),
        (["--benchmark", "ava", "--ground-truth", "x.csv"], "needs --predictions FILE"),
        (["--benchmark", "ava", "--ground-truth", "x.csv", "--predictions", "y.csv"], "x.csv: no such file"),
        (["--benchmark", "nothing", "--ground-truth", "x", "--predictions", "y"], "there is no benchmark 'nothing'"),
        (["recipe", "--benchmark", "ava"], "expected one of them"),
        ([], "nothing to measure"),
    ],
)
def test_wrong_options_are_one_sentence(words, sentence, run):
    outcome = run(*words)
    assert outcome.exit_code != 0
    assert isinstance(outcome.exception, TubeletError)
    assert sentence in str(outcome.exception)


def test_a_bad_row_leaves_no_results(run, options, tmp_path):
    words, _ = options("ava")
    (tmp_path / "found.csv").write_text("movie,0902,0.1,0.1,0.5,0.9,12,nan\n")
    outcome = run(*words, "-o", "score")
    assert outcome.exit_code != 0
    assert "found.csv: line 1 has 'nan'" in str(outcome.exception)
    assert not list(Path("score").iterdir())
