"""The studies run whole, in miniature: their tables say what their runs measured, and no run is made twice."""

import json
import runpy
import sys
from collections import defaultdict
from pathlib import Path
from statistics import mean, stdev

import pytest

STUDIES = Path(__file__).parents[2] / "benchmarks" / "studies"
MINIATURE = ["--seeds", "2", "--clips", "40", "--steps", "1", "--validation", "26", "--pretraining-clips", "16"]


@pytest.mark.parametrize("study", ["masking.py decoder --share 0.5", "data_efficiency.py --shares 0.5"])
def test_a_study_prints_what_its_runs_measured(
    study: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    script, *choices = study.split()
    monkeypatch.syspath_prepend(STUDIES)
    monkeypatch.setenv("COLUMNS", "120")
    monkeypatch.setattr(sys, "argv", [script, *choices, *MINIATURE, "--output", str(tmp_path)])

    runpy.run_path(str(STUDIES / script), run_name="__main__")
    first = capsys.readouterr().out
    runpy.run_path(str(STUDIES / script), run_name="__main__")
    again = capsys.readouterr().out

    measured = defaultdict(list)
    for file in sorted(tmp_path.glob("*/top1.json")):
        measured[file.parent.name[:-2]].append(100 * json.loads(file.read_text()))
    assert len(measured) == 3
    for seeds in measured.values():
        assert f"{mean(seeds):.1f} ± {stdev(seeds):.1f}" in again
    assert "pretrained to a loss of" in first
    assert "pretrained to a loss of" not in again
    assert [*tmp_path.glob("*.png")]
