import json
import shutil
from pathlib import Path

import pytest
from evaluator_case import Either, Figure, compare
from run import EVALUATORS, find_cases, main, run_case

HERE = Path(__file__).parent
SHARED = HERE.parents[1].parent / "shared" / "parity" / "metrics"
WRITTEN = {path.stem for path in EVALUATORS.glob("*.py")}
COPIED = [path for path in find_cases([HERE / "cases" / "metrics"]) if path.parent.name in WRITTEN]
SMALL = [path for path in find_cases([SHARED]) if path.parent.name in WRITTEN and "large" not in path.name]
LARGE = [path for path in find_cases([SHARED]) if path.parent.name in WRITTEN and "large" in path.name]
ELSEWHERE = "the cases lie in ../shared/parity/metrics, which is not here"


def label(path: Path) -> str:
    return f"{path.parent.name}/{path.name.split('.')[0]}"


@pytest.mark.parametrize("path", COPIED, ids=label)
def test_our_figures_are_those_of_the_official_tools(path):
    verdict = run_case(path)
    assert verdict.word == "pass", verdict.detail


@pytest.mark.skipif(not SMALL, reason=ELSEWHERE)
@pytest.mark.parametrize("path", SMALL, ids=label)
def test_the_figures_of_the_cases_that_are_not_copied_here_hold_too(path):
    verdict = run_case(path)
    if verdict.word == "skipped":
        pytest.skip(verdict.detail)
    assert verdict.word == "pass", verdict.detail


@pytest.mark.slow
@pytest.mark.skipif(not LARGE, reason=ELSEWHERE)
@pytest.mark.parametrize("path", LARGE, ids=label)
def test_the_figures_of_whole_data_sets_hold_too(path):
    verdict = run_case(path)
    if verdict.word == "skipped":
        pytest.skip(verdict.detail)
    assert verdict.word == "pass", verdict.detail


def test_a_wrong_figure_fails(capsys, tmp_path):
    folder = tmp_path / "anet_detection"
    folder.mkdir()
    case = json.loads((HERE / "cases" / "metrics" / "anet_detection" / "edge_a.json").read_text())
    case["official"]["average_mAP"] += 1e-6
    (folder / "edge_a.json").write_text(json.dumps(case))
    assert main([str(tmp_path)]) == 1
    last = capsys.readouterr().out.splitlines()[-2:]
    assert "1 of 8 figures differ: average mAP 1.0e-06" in last[0]
    assert last[1] == "0 passed, 1 failed, 0 skipped"


def test_an_evaluator_that_nobody_wrote_is_skipped(tmp_path):
    (tmp_path / "edge.json").write_text('{"evaluator": "not_written_yet"}')
    assert run_case(tmp_path / "edge.json").detail == "there is nothing for the evaluator not_written_yet yet"


def test_a_case_in_another_folder_is_told_by_its_evaluator(tmp_path):
    shutil.copy(HERE / "cases" / "metrics" / "anet_detection" / "edge_a.json", tmp_path / "other.json")
    assert run_case(tmp_path / "other.json").word == "pass"


@pytest.mark.parametrize(
    ("ours", "official", "holds"),
    [
        (0.5, 0.5 + 1e-10, True),
        (0.5, 0.5 + 1e-8, False),
        (float("nan"), None, True),
        (0.0, None, False),
        (float("nan"), 0.0, False),
        (0.45, Either([0.5, 0.4, 0.41]), True),
        (0.55, Either([0.5, 0.4, 0.41]), False),
        ([0.1, 0.2], [0.1], False),
        ([0.1, float("nan")], [0.1, None], True),
    ],
)
def test_a_figure_holds_within_its_tolerance_and_between_the_orders_of_equal_scores(ours, official, holds):
    assert compare(Figure("a figure", ours, official)).holds is holds
