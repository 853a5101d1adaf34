"""What a benchmark gives: its figures by name, what stands behind them, and the lines of the official tool."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console, ConsoleOptions, RenderResult
from rich.markup import escape
from rich.table import Table

from tubelet.annotations.text_files import write_json
from tubelet.metrics.detection_figures import DetectionFigures, Interval
from tubelet.metrics.proposals import ProposalFigures
from tubelet.metrics.temporal_errors import TemporalErrors
from tubelet.metrics.tube_errors import TubeErrors
from tubelet.scoring.files import ScoringError

Errors = TemporalErrors | TubeErrors
CLASSES_PRINTED = 10
WIDTH = 40  # of a table at least, so that its title stands on one line


@dataclass(frozen=True, eq=False)
class Score:
    """The outcome of a benchmark.

    Args:
        figures: by name, the one that papers rank by first.
        by_class: for a figure that is a mean over classes, the value of each class; NaN for one without ground truth.
        official: what the official tool prints.
        notes: what the tool leaves out, or counts as wrong for want of ground truth, and how often.
        detections: for a figure that is a mean average precision, what its average is taken from.
        per_video: for a figure that is a mean over videos, (V,) the value of each.
        confusion: (C, C) counts of one-label recognition, a row a true class.
        proposals: recall of proposals.
        diagnose: gives the breakdown of errors, where there is one.
        benchmark: its name.
        flavour: of the tool whose rules were followed.
        intervals: by the figure's name.
        errors: the breakdown.
    """

    figures: Mapping[str, float]
    by_class: Mapping[str, Mapping[str, float]] = field(default_factory=dict)
    official: Sequence[str] = ()
    notes: Mapping[str, int] = field(default_factory=dict)
    detections: Mapping[str, DetectionFigures] = field(default_factory=dict)
    per_video: Mapping[str, NDArray[np.float64]] = field(default_factory=dict)
    confusion: NDArray[np.int64] | None = None
    proposals: ProposalFigures | None = None
    diagnose: Callable[[], Errors] | None = None
    benchmark: str = ""
    flavour: str = ""
    intervals: Mapping[str, Interval] = field(default_factory=dict)
    errors: Errors | None = None

    def with_intervals(self, level: float = 0.95) -> Score:
        """The same with the confidence interval of every figure that has one: videos are drawn with replacement.

        Raises:
            ScoringError: when no figure has one.
        """
        found = {name: detections.interval(level) for name, detections in self.detections.items()}
        found |= {name: _interval_of_mean(values, level) for name, values in self.per_video.items()}
        if not found:
            raise ScoringError(f"{self.benchmark} has no confidence intervals; its figures are no means over videos.")
        return replace(self, intervals={name: found[name] for name in self.figures if name in found})

    def with_errors(self) -> Score:
        """The same with the breakdown of errors.

        Raises:
            ScoringError: when the benchmark has none.
        """
        if self.diagnose is None:
            raise ScoringError(
                f"{self.benchmark} has no breakdown of errors here; detections in time and tubes have one."
            )
        return replace(self, errors=self.diagnose())

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as they stand in the JSON file; a figure that is not a number is null."""
        plain: dict[str, Any] = {
            "benchmark": self.benchmark,
            "flavour": self.flavour,
            "figures": self.figures,
            "intervals": {
                name: {"low": one.low, "high": one.high, "level": one.level} for name, one in self.intervals.items()
            },
            "by_class": self.by_class,
            "by_threshold": {
                name: dict(zip([f"{t:.2f}" for t in one.thresholds], one.by_threshold.tolist(), strict=True))
                for name, one in self.detections.items()
                if len(one.thresholds) > 1
            },
            "notes": self.notes,
            "errors": None if self.errors is None else errors_to_dict(self.errors),
            "official": list(self.official),
        }
        return {key: _without_nan(value) for key, value in plain.items() if value not in (None, {}, [], "")}

    def save(self, path: Path) -> None:
        """Write `to_dict` as JSON, under a temporary name that is renamed when it is whole."""
        write_json(path, self.to_dict())

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Figures in per cent with their intervals, the best and worst classes, notes, and the errors."""
        flavour = f" ({self.flavour})" if self.flavour else ""
        table = Table("figure", title=f"{self.benchmark}{flavour}", title_justify="left", min_width=WIDTH)
        table.add_column("%", justify="right")
        if self.intervals:
            level = next(iter(self.intervals.values())).level
            table.add_column(f"{level:.0%} interval", justify="right")
        for number, (name, figure) in enumerate(self.figures.items()):
            interval = self.intervals.get(name)
            shown = f"{100 * interval.low:.2f} to {100 * interval.high:.2f}" if interval else ""
            table.add_row(
                name, f"{100 * figure:.2f}", *([shown] if self.intervals else []), style="" if number else "bold"
            )
        yield table
        for name, values in list(self.by_class.items())[:1]:
            yield _class_table(name, values)
        for what, count in self.notes.items():
            yield f"{count:,} {what}"
        if self.errors is not None:
            yield self.errors


def reported(
    name: str, figures: DetectionFigures, thresholds: Sequence[float] = (), average: str = ""
) -> dict[str, DetectionFigures]:
    """The parts of figures that are reported, by the name of the figure that the average of each is.

    Args:
        name: such as "mAP"; a threshold's figure is called ``mAP@0.5``.
        figures: at all thresholds.
        thresholds: those that are reported one by one.
        average: name of the average over all thresholds, which then comes first.
    """
    parts = {average: figures} if average else {}
    return parts | {f"{name}@{threshold:g}": at_thresholds(figures, [threshold]) for threshold in thresholds}


def at_thresholds(figures: DetectionFigures, thresholds: Sequence[float] | NDArray[np.floating]) -> DetectionFigures:
    """The figures at some of their thresholds only."""
    rows = np.isclose(figures.thresholds[:, None], np.asarray(thresholds), rtol=0, atol=1e-9).any(axis=1)
    ranked = tuple(
        replace(one, hits=one.hits[rows], counted=None if one.counted is None else one.counted[rows])
        for one in figures.ranked
    )
    return replace(figures, thresholds=figures.thresholds[rows], ranked=ranked)


def detection_score(parts: Mapping[str, DetectionFigures], **rest: Any) -> Score:
    """The score whose figures are the averages of the parts."""
    by_class = {
        name: dict(
            zip(
                np.array(one.classes)[one.counted].tolist(),
                one.average_precision[:, one.counted].mean(axis=0).tolist(),
                strict=True,
            )
        )
        for name, one in parts.items()
    }
    return Score({name: one.average for name, one in parts.items()}, by_class, detections=parts, **rest)


def errors_to_dict(errors: Errors) -> dict[str, Any]:
    """The breakdown of errors as plain values."""
    if isinstance(errors, TubeErrors):
        return {"mAP": errors.mean_average_precision, "counts": dict(errors.counts), "costs": dict(errors.costs)}
    positives = errors.false_positives
    return {
        "threshold": errors.threshold,
        "predictions_by_kind": positives.counts.tolist(),
        "average_mAP": positives.figure,
        "without": dict(positives.without),
        "normalised_mAP": errors.normalised,
        "characteristics": {
            one.characteristic: {
                "buckets": list(one.names),
                "instances": one.instances.tolist(),
                "missed": one.missed.tolist(),
                "normalised_mAP": one.normalised.tolist(),
            }
            for one in errors.characteristics
        },
    }


def _interval_of_mean(values: NDArray[np.float64], level: float) -> Interval:
    """Of a plain mean the bootstrap's standard error is known without drawing: that of the values over sqrt(V)."""
    return Interval.around(float(values.mean()), float(values.std()) / math.sqrt(len(values)), level)


def _class_table(name: str, values: Mapping[str, float]) -> Table:
    ranked = sorted(((label, one) for label, one in values.items() if math.isfinite(one)), key=lambda item: -item[1])
    few = len(ranked) <= 2 * CLASSES_PRINTED
    table = Table("class", title=f"{name} by class", title_justify="left", min_width=WIDTH)
    table.add_column("%", justify="right")
    for label, value in ranked if few else ranked[:CLASSES_PRINTED]:
        table.add_row(escape(label), f"{100 * value:.2f}")
    if not few:
        table.add_row(f"... {len(ranked) - 2 * CLASSES_PRINTED} more", "", style="dim")
        for label, value in ranked[-CLASSES_PRINTED:]:
            table.add_row(escape(label), f"{100 * value:.2f}")
    return table


def _without_nan(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {key: _without_nan(one) for key, one in value.items()}
    if isinstance(value, list):
        return [_without_nan(one) for one in value]
    return None if isinstance(value, float) and not math.isfinite(value) else value
