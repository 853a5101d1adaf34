"""Our evaluators against the official ones: processor seconds on the same inputs, and the memory that they add.

    python benchmarks/metrics.py --only dense_seg_map epic

Runs the large cases of ../shared/parity/metrics through the functions that hold the figures against the official
ones, `tests/parity/evaluators/*.py`; a new evaluator there is measured without a word here. Each case runs in a
process of its own. "official" is what the official code took when its figures were recorded, its own file reading
included, on another machine; "ours" starts with its inputs in memory, out of sight of Python's collector, and making
tables of tubes counts. Memory is what our code adds to the process at its peak (Linux).
"""

from __future__ import annotations

import argparse
import gc
import multiprocessing
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

ROOT = Path(__file__).resolve().parents[1]
CASES = ROOT.parent / "shared" / "parity" / "metrics"
sys.path.insert(0, str(ROOT / "tests" / "parity"))


@dataclass(frozen=True)
class Measurement:
    """What came of a case; memory in MiB, `reason` where nothing was measured."""

    official: float = float("nan")
    ours: float = float("nan")
    held: float = float("nan")
    added: float = float("nan")
    reason: str = ""


def official_seconds(value: Any) -> float:
    """The processor seconds that a case records, of all its parts together.

    A part's own stand under "seconds" or, of a longer run of the same, "seconds_with_...": the longest counts.
    """
    if not isinstance(value, dict):
        return 0.0
    own = max((processor(part) for name, part in value.items() if name.startswith("seconds")), default=0.0)
    other = sum(processor(part) for name, part in value.items() if name.endswith("_seconds"))
    return own + other + sum(official_seconds(part) for name, part in value.items() if "seconds" not in name)


def processor(value: Any) -> float:
    """The sum of all that is called "cpu"."""
    if not isinstance(value, dict):
        return 0.0
    return sum(float(part) if name == "cpu" else processor(part) for name, part in value.items())


def resident(field: str) -> float:
    """MiB, from the kernel's account of this process; NaN where there is none."""
    try:
        lines = Path("/proc/self/status").read_text().splitlines()
    except OSError:
        return float("nan")
    return next(int(line.split()[1]) for line in lines if line.startswith(field)) / 1024


def measure(path: Path) -> Measurement:
    """Run one case in this process."""
    import run
    from evaluator_case import EvaluatorCase

    held, added = [resident("VmRSS")], [0.0]  # MiB before each timed part, the start of all first; MiB it added

    class MeasuredCase(EvaluatorCase):
        """A case whose clock also watches the memory."""

        @contextmanager
        def clock(self) -> Iterator[None]:
            before = resident("VmRSS")
            held.append(before)
            if before == before:
                Path("/proc/self/clear_refs").write_text("5")  # the peak starts again from now
            gc.freeze()
            start = time.process_time()
            yield
            self.seconds += time.process_time() - start
            gc.unfreeze()
            added.append(resident("VmHWM") - before)

    case = MeasuredCase(path)
    run.EvaluatorCase = lambda _: case
    verdict = run.run_case(path)
    reason = "" if verdict.word == "pass" else verdict.detail
    return Measurement(official_seconds(case.said), case.seconds, max(held) - held[0], max(added), reason)


def rows(paths: list[Path]) -> Iterator[tuple[Path, Measurement]]:
    """Each case, in a process of its own so that one's memory is not another's."""
    context = multiprocessing.get_context("spawn")
    for path in paths:
        with context.Pool(1) as pool:
            yield path, pool.apply(measure, (path,))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", nargs="+", default=[""], help="cases with one of these in folder/name")
    parser.add_argument("--all", action="store_true", help="small cases too")
    parser.add_argument("--cases", type=Path, default=CASES, help="folder of the cases")
    arguments = parser.parse_args()
    console = Console()
    found = [
        path
        for path in sorted([*arguments.cases.rglob("*.json"), *arguments.cases.rglob("*.json.gz")])
        if (arguments.all or "large" in path.name)
        and any(word in f"{path.parent.name}/{path.name}" for word in arguments.only)
    ]
    if not found:
        console.print(f"Nothing measured: {arguments.cases} has no such cases.", soft_wrap=True)
        return
    table = Table(title="Processor seconds and MiB")
    table.add_column("case", no_wrap=True)
    for name in ("official", "ours", "ratio", "input MiB", "added MiB"):
        table.add_column(name, justify="right")
    table.add_column("", overflow="fold")
    for path, one in rows(found):
        ratio = f"[bold]{one.official / one.ours:.0f}[/]" if one.ours > 0 else "-"
        figures = [f"{one.official:.2f}", f"{one.ours:.2f}", ratio, f"{one.held:.0f}", f"{one.added:.0f}"]
        name = path.name.removesuffix(".gz").removesuffix(".json")
        table.add_row(f"{path.parent.name}/{name}", *figures, one.reason)
        console.print(f"{path.parent.name}/{name}", *figures[:3], style="dim")
    console.print(table)


if __name__ == "__main__":
    main()
