from pathlib import Path

import pytest
import torch
from case import Case, Skip
from run import find_cases, main, run_case

HERE = Path(__file__).parent
SHARED = HERE.parents[1].parent / "shared" / "parity"
SYSTEMS = sorted(path.stem for path in (HERE / "systems").glob("*.py"))
COPIED = {(path.parent.name, path.name): path for path in find_cases([HERE / "cases"]) if path.parent.name in SYSTEMS}
OTHERS = [
    path
    for system in SYSTEMS
    if (SHARED / system).is_dir()
    for path in find_cases([SHARED / system])
    if (system, path.name) not in COPIED
]


def label(path: Path) -> str:
    return f"{path.parent.name}/{path.name.removesuffix('.json')}"


@pytest.mark.parametrize("path", COPIED.values(), ids=label)
def test_our_numbers_are_those_of_the_authors_code(path):
    torch.set_num_threads(2)
    verdict = run_case(path)
    assert verdict.word == "pass", verdict.detail


@pytest.mark.skipif(not OTHERS, reason="the other cases lie in ../shared/parity, which is not here")
@pytest.mark.parametrize("path", OTHERS, ids=label)
def test_the_cases_that_are_not_copied_here_hold_too(path):
    verdict = run_case(path)
    assert verdict.word == "pass", verdict.detail


def test_a_wrong_number_fails(capsys, tmp_path):
    source = HERE / "cases" / "videomaev2" / "k710_label_maps.json"
    (tmp_path / source.name).write_text(source.read_text())
    import numpy as np

    arrays = dict(np.load(source.with_suffix(".npz")))
    arrays["out:map_710to400"][7] += 1
    np.savez(tmp_path / "k710_label_maps.npz", **arrays)
    assert main([str(tmp_path)]) == 1
    assert capsys.readouterr().out.splitlines()[-1] == "0 passed, 1 failed, 0 skipped"


def test_a_folder_where_nothing_runs_is_no_success(capsys, tmp_path):
    (tmp_path / "forward.json").write_text('{"system": "not_written_yet", "outputs": {"x": {"shape": [1]}}}')
    assert main([str(tmp_path)]) == 1
    assert "there is no builder for the system not_written_yet yet" in capsys.readouterr().out


def test_an_output_that_the_builder_does_not_know_is_a_failure(tmp_path):
    case = Case(HERE / "cases" / "videomaev2" / "k710_label_maps.json")
    assert case.compare("map_710to400", [float("nan")] * 400).error == float("inf")
    assert case.compare("map_710to400", [0, 1]).error == float("inf")
    assert case.compare("map_710to400", Skip("not covered")).skipped
