"""The part of `tubelet evaluate` that scores result files on a benchmark: tables, lines, pictures."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import numpy as np
from rich.console import Console
from rich.markup import escape
from rich.progress import Progress, SpinnerColumn, TextColumn, TimeElapsedColumn
from rich.table import Table

from tubelet.cli.outputs import folder_to_write
from tubelet.scoring import BENCHMARKS, Files, Score, score


def list_benchmarks(console: Console) -> None:
    """Each benchmark: what it measures, its files, its figures, and the options that it takes."""
    table = Table(show_header=False, box=None, padding=(0, 2, 1, 0))
    table.add_column(no_wrap=True, style="bold")
    table.add_column()
    for name, one in BENCHMARKS.items():
        options = [f"--{option.replace('_', '-')}" for option in one.takes]
        options += [f"--flavour {'|'.join(one.flavours)}"] if len(one.flavours) > 1 else []
        lines = {
            "truth": one.ground_truth,
            "predictions": one.predictions,
            "figures": one.reports,
            "options": ", ".join(options),
            "source": one.source,
        }
        facts = [f"[dim]{what}:[/] {escape(text)}" for what, text in lines.items() if text]
        table.add_row(name, "\n".join([escape(one.title), *facts]))
    console.print(table, highlight=False)
    console.print("Predictions may always be tubelet's own JSON (docs/annotations.md), each with a score.")


def score_benchmark(
    name: str, files: Files, output: Path, *, flavour: str | None, intervals: bool, errors: bool, official: bool
) -> None:
    """Score, print, and write results.json and the pictures."""
    console = Console()
    folder_to_write(output)
    with _stages(Console(stderr=True)) as stage:
        found = score(name, files, flavour=flavour, intervals=intervals, errors=errors, progress=stage)
        stage("draw and write")
        found.save(output / "results.json")
        written = [output / "results.json", *_draw(found, output)]
    if official:
        for line in found.official:
            console.print(line, markup=False, highlight=False, soft_wrap=True)
        for what, count in found.notes.items():
            console.print(f"{count:,} {what}", soft_wrap=True)
        if found.errors is not None:
            console.print(found.errors)
    else:
        console.print(found)
    console.print("written: " + ", ".join(str(path) for path in written), soft_wrap=True)


@contextmanager
def _stages(console: Console) -> Iterator:  # type: ignore[type-arg]
    """Show what is being done and for how long; gone when it is done."""
    columns = SpinnerColumn(), TextColumn("{task.description}"), TimeElapsedColumn()
    with Progress(*columns, console=console, transient=True) as progress:
        task = progress.add_task("", total=None)
        yield lambda stage: progress.update(task, description=stage)


def _draw(found: Score, output: Path) -> list[Path]:
    """The pictures that the score has something for."""
    from tubelet.viewer.average_precision import save_average_precision, save_precision_recall
    from tubelet.viewer.average_recall import save_average_recall
    from tubelet.viewer.confusion import save_confusion

    pictures = []
    title = f"{found.benchmark} {found.flavour}".strip()
    for name, values in list(found.by_class.items())[:1]:
        bars = np.array(list(values.values()))
        if np.isfinite(bars).any():
            pictures.append(
                save_average_precision(output / "classes.png", bars, list(values), title=f"{title}, {name}")
            )
    single = {name: one for name, one in found.detections.items() if len(one.thresholds) == 1}
    if single:
        name = next((name for name in single if name.endswith("@0.5")), next(iter(single)))
        one = single[name]
        named = [label for label, counts in zip(one.classes, one.counted, strict=True) if counts]
        curves = {label: one.curve(label, float(one.thresholds[0])) for label in named}
        if curves:
            pictures.append(save_precision_recall(output / "curves.png", curves, title=f"{title}, {name}"))
    if found.confusion is not None:
        classes = list(next(iter(found.by_class.values())))
        if len(classes) == len(found.confusion):
            pictures.append(save_confusion(output / "confusion.png", found.confusion, classes, title=title))
    if found.proposals is not None:
        of = found.proposals
        area = f"{title}, AUC {100 * of.area:.2f}"
        pictures.append(save_average_recall(output / "recall.png", of.per_video, of.recall, of.thresholds, title=area))
    if found.errors is not None:
        pictures.append(_draw_errors(found, output / "errors.png", title))
    return pictures


def _draw_errors(found: Score, path: Path, title: str) -> Path:
    from tubelet.metrics.temporal_errors import KINDS
    from tubelet.metrics.tube_errors import ERRORS, TubeErrors
    from tubelet.viewer.errors import save_errors

    errors = found.errors
    assert errors is not None  # asked before
    if isinstance(errors, TubeErrors):
        counts = np.array([errors.right, *(errors.counts[kind] for kind in ERRORS)])
        shares = counts[None] / max(int(counts.sum()), 1)
        return save_errors(
            path, ("right", *ERRORS), shares, ["all tubes"], errors.costs, {}, title=f"{title}, errors of tubes"
        )
    positives = errors.false_positives
    groups = [f"{multiple}G" for multiple in range(1, len(positives.counts) + 1)]
    shares = positives.counts / np.maximum(positives.counts.sum(axis=1, keepdims=True), 1)
    cost = {kind: figure - positives.figure for kind, figure in positives.without.items()}
    missed = {one.characteristic: (one.names, one.missed) for one in errors.characteristics}
    return save_errors(
        path, KINDS, shares, groups, cost, missed, title=f"{title}, errors at overlap {errors.threshold:g}"
    )
