"""Run parity cases: `python tests/parity/run.py FOLDER...`.

Prints a line a case and, last, `N passed, M failed, K skipped`; the exit status is 1 when a case failed or none ran.
"""

from __future__ import annotations

import importlib
import sys
import traceback
import warnings
from collections import Counter
from dataclasses import dataclass
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import torch
from case import Case, Comparison, Skip
from evaluator_case import EvaluatorCase, Figure, compare, read_json

EVALUATORS = Path(__file__).parent / "evaluators"


@dataclass(frozen=True)
class Verdict:
    """What came of a case: "pass", "FAIL" or "skipped", and why."""

    word: str
    detail: str


def find_cases(paths: list[Path]) -> list[Path]:
    """The case files of folders, at any depth, and single files, in the order of their names."""
    files = [file for path in paths for file in (_below(path) if path.is_dir() else [path])]
    return list(dict.fromkeys(files))


def _below(folder: Path) -> list[Path]:
    return sorted([*folder.rglob("*.json"), *folder.rglob("*.json.gz")])


def run_case(path: Path) -> Verdict:
    """Run a case, of a model or of an evaluator, and compare."""
    try:
        if "evaluator" in read_json(path):
            return _evaluator(EvaluatorCase(path))
        case = Case(path)
        module = f"systems.{case.system}"
        try:
            run = importlib.import_module(module).run
        except ModuleNotFoundError as error:
            if error.name != module:
                raise
            return Verdict("skipped", f"there is no builder for the system {case.system} yet")
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            ours = run(case)
        if case.is_structure:
            return _structure(case, ours["parameters"])
        return _outputs(case, [case.compare(name, ours.get(name, _absent(name))) for name in case.outputs])
    except Skip as skip:
        return Verdict("skipped", str(skip))
    except Exception as error:
        traceback.print_exc(file=sys.stderr)
        return Verdict("FAIL", f"{type(error).__name__}: {error}")


def _evaluator(case: EvaluatorCase) -> Verdict:
    """Run the evaluator that is named like the case's folder or, failing that, as the case says."""
    names = [name for name in (case.folder.name, case["evaluator"]) if (EVALUATORS / f"{name}.py").exists()]
    if not names:
        return Verdict("skipped", f"there is nothing for the evaluator {case['evaluator']} yet")
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        figures = importlib.import_module(f"evaluators.{names[0]}").run(case)
    if not figures:
        return Verdict("FAIL", "no figure was compared")
    outcomes = [compare(Figure(*figure)) for figure in figures]
    worst = sorted((one for one in outcomes if not one.holds), key=lambda one: -one.difference)
    if worst:
        shown = ", ".join(f"{one.name} {one.difference:.1e}" for one in worst[:5])
        return Verdict("FAIL", f"{len(worst)} of {len(outcomes)} figures differ: {shown}")
    furthest = max(outcomes, key=lambda one: one.difference)
    seconds = f", {case.seconds:.3f} s" if case.seconds else ""
    return Verdict("pass", f"{len(outcomes)} figures, {furthest.name} {furthest.difference:.1e}{seconds}")


def _absent(name: str) -> float:
    """An output that a builder does not know is a failure, never a pass by silence."""
    return float("nan")


def _structure(case: Case, parameters: int) -> Verdict:
    used = f"{len(case.keys)} tensors used, none unset, {parameters:,} parameters"
    if case.parameters is not None and case.parameters != parameters:
        return Verdict("FAIL", f"{used}; the case has {case.parameters:,}")
    return Verdict("pass", used)


def _outputs(case: Case, comparisons: list[Comparison]) -> Verdict:
    parts = []
    for one in comparisons:
        if one.skipped or one.reason:
            parts.append(f"{one.name} {one.reason}")
        else:
            parts.append(f"{one.name} {one.error:.1e}")
    compared = [one for one in comparisons if not one.skipped]
    good = all(one.error <= case.tolerance for one in compared)
    word = "skipped" if not compared else "pass" if good else "FAIL"
    return Verdict(word, ", ".join(parts) + ("" if good else f" (allowed: {case.tolerance:g})"))


def main(arguments: list[str]) -> int:
    """Run every case below the given paths."""
    if not arguments or arguments[0] in ("-h", "--help"):
        print(__doc__)
        return 0 if arguments else 2
    torch.set_num_threads(2)
    counts: Counter[str] = Counter()
    for path in find_cases([Path(argument) for argument in arguments]):
        verdict = run_case(path)
        counts[verdict.word] += 1
        name = path.name.removesuffix(".gz").removesuffix(".json")
        print(f"{verdict.word:7} {path.parent.name}/{name}: {verdict.detail}", flush=True)
    print(f"{counts['pass']} passed, {counts['FAIL']} failed, {counts['skipped']} skipped")
    return 1 if counts["FAIL"] or not counts["pass"] else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
