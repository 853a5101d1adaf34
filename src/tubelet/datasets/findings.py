"""What is wrong or odd in a data set: every kind of finding, how often it was found, and where first.

What makes training or a score wrong is an error (a video that does not open, one that is trained and tested on);
what may be meant so is a warning (a class that does not occur, a segment that ends after its video, as thousands do in
Charades).
"""

from __future__ import annotations

import json
import os
from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import asdict, dataclass
from typing import Literal, NamedTuple

from rich.console import Console, ConsoleOptions, RenderResult
from rich.markup import escape
from rich.table import Table

from tubelet.annotations.text_files import write_text

Severity = Literal["error", "warning"]

KINDS: dict[str, Severity] = {
    "video is missing": "error",
    "video does not open": "error",
    "video is damaged": "error",
    "video in two subsets": "error",
    "video listed twice": "error",
    "segment ends before it starts": "error",
    "starts outside the video": "error",
    "box without area": "error",
    "box outside the frame": "error",
    "class is tested but not trained": "error",
    "same file under two names": "warning",
    "file is not listed": "warning",
    "duration differs from the file's": "warning",
    "ends after the video": "warning",
    "segment of no length": "warning",
    "box reaches out of the frame": "warning",
    "same instance twice": "warning",
    "label is no class": "warning",
    "class does not occur": "warning",
    "class is trained but not tested": "warning",
}
"""Every kind of finding and how bad it is, in the order of the report."""


@dataclass(frozen=True)
class Example:
    """One place where something was found: the video or annotation file, and the value."""

    file: str
    value: str


@dataclass(frozen=True)
class Finding:
    """All that was found of one of `KINDS`: how often, and the first places."""

    kind: str
    severity: Severity
    count: int
    examples: tuple[Example, ...]


@dataclass(frozen=True)
class Findings:
    """What `check_data` found; prints itself as a table.

    Args:
        sources: what was looked over.
        videos: how many videos the sources list.
        instances: their segments and tubes.
        boxes: theirs, in tubes or alone.
        files: video files that were opened.
        findings: by kind, errors first; kinds that were not found are left out.
    """

    sources: tuple[str, ...]
    videos: int
    instances: int
    boxes: int
    files: int
    findings: tuple[Finding, ...]

    @property
    def errors(self) -> int:
        """How many errors were found, of all kinds."""
        return sum(finding.count for finding in self.findings if finding.severity == "error")

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write everything as JSON, under a temporary name that is renamed when it is whole."""
        write_text(path, json.dumps(asdict(self), ensure_ascii=False, indent=1) + "\n")

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """A row for each kind, then how much was looked over."""
        if self.findings:
            table = Table("", "finding", "times", "first places")
            table.columns[2].justify = "right"
            table.columns[3].overflow = "fold"
            for finding in self.findings:
                colour = "bold red" if finding.severity == "error" else "yellow"
                places = "\n".join(f"[bold]{escape(one.file)}[/] {escape(one.value)}" for one in finding.examples)
                table.add_row(f"[{colour}]{finding.severity}[/]", finding.kind, f"{finding.count:,}", places)
            yield table
        found = f"{self.errors:,} errors" if self.errors else "no errors" if self.findings else "nothing to report"
        yield (
            f"{self.videos:,} videos, {self.instances:,} instances, {self.boxes:,} boxes looked over, "
            f"{self.files:,} files opened: [bold]{found}[/]"
        )


class Fault(NamedTuple):
    """One place where one of `KINDS` was found, or ``times`` of the same there."""

    kind: str
    file: str
    value: str
    times: int = 1


def group_faults(faults: Iterable[Fault], examples: int) -> tuple[Finding, ...]:
    """The faults by kind, in the order of `KINDS`; of each the first places are kept, as many as ``examples``."""
    counts: Counter[str] = Counter()
    kept: dict[str, list[Example]] = defaultdict(list)
    for fault in faults:
        counts[fault.kind] += fault.times
        if len(kept[fault.kind]) < examples:
            times = f" ({fault.times} times)" if fault.times > 1 else ""
            kept[fault.kind].append(Example(fault.file, fault.value + times))
    return tuple(
        Finding(kind, severity, counts[kind], tuple(kept[kind])) for kind, severity in KINDS.items() if counts[kind]
    )
