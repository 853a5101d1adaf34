"""What every evaluator of detections gives: average precision a class and threshold, and the ranked hits behind it.

The hits are kept, so that precision-recall curves, other averages and confidence intervals come from one matching. An
interval is the figure plus and minus the bootstrap's standard error times a normal quantile, videos drawn with
replacement: percentiles of the samples would not even contain the figure, as a video drawn twice raises average
precision itself.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from statistics import NormalDist

import numpy as np
from numpy.typing import NDArray
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table

from tubelet.metrics.average_precision import precision_recall

AveragePrecision = Callable[[NDArray[np.bool_], float, NDArray[np.float64] | None], NDArray[np.float64]]


@dataclass(frozen=True, eq=False)
class RankedHits:
    """The predictions of one class, best first, and the instances that there were to find.

    Args:
        scores: (K,) falling.
        hits: (T, K) whether each prediction found an instance, a row for each threshold.
        videos: (K,) number of each prediction's video.
        instances: (V,) instances of the class in each video.
        counted: (T, K) the predictions that count at each threshold, None for all: the THUMOS'14 kit leaves out some.
    """

    scores: NDArray[np.float64]
    hits: NDArray[np.bool_]
    videos: NDArray[np.int64]
    instances: NDArray[np.int64]
    counted: NDArray[np.bool_] | None = None

    @property
    def positives(self) -> int:
        """Instances in all videos."""
        return int(self.instances.sum())

    @property
    def weights(self) -> NDArray[np.float64] | None:
        """(T, K) 1 for predictions that count and 0 for others; None where all count."""
        return None if self.counted is None else self.counted.astype(np.float64)

    def drawn(self, times: NDArray[np.float64]) -> NDArray[np.float64]:
        """Weights of the predictions when video v counts ``times[v]`` times."""
        return times[self.videos] if self.weights is None else times[self.videos] * self.weights


@dataclass(frozen=True)
class Interval:
    """A figure, a fraction, and the bounds between which it would fall in ``level`` of the repetitions."""

    figure: float
    low: float
    high: float
    level: float

    @classmethod
    def around(cls, figure: float, standard_error: float, level: float) -> Interval:
        """The figure and its error times a normal quantile to both sides, within 0 and 1."""
        margin = NormalDist().inv_cdf(0.5 + level / 2) * standard_error
        return cls(figure, max(figure - margin, 0.0), min(figure + margin, 1.0), level)


@dataclass(frozen=True, eq=False)
class DetectionFigures:
    """Average precision of detections.

    Args:
        thresholds: (T,) overlaps at which a prediction counts as a hit.
        classes: C names.
        ranked: C ranked hits, in the order of the classes.
        rule: from hits to average precision, one of `tubelet.metrics.average_precision`.
        counted: (C,) the classes that the mean is taken over.
        ignored: what the official tool leaves out, and how often: reported, never dropped silently.
    """

    thresholds: NDArray[np.float64]
    classes: tuple[str, ...]
    ranked: tuple[RankedHits, ...]
    rule: AveragePrecision
    counted: NDArray[np.bool_]
    ignored: Mapping[str, int] = field(default_factory=dict)

    @cached_property
    def average_precision(self) -> NDArray[np.float64]:
        """(T, C); NaN for a class without instances."""
        columns = [self.rule(one.hits, one.positives, one.weights) for one in self.ranked]
        return np.stack(columns, axis=1) if columns else np.zeros((len(self.thresholds), 0))

    @property
    def by_threshold(self) -> NDArray[np.float64]:
        """(T,) mean average precision over the classes that count."""
        counted = self.average_precision[:, self.counted]
        return counted.mean(axis=1) if counted.shape[1] else np.full(len(self.thresholds), np.nan)

    @property
    def average(self) -> float:
        """The mean over classes and thresholds."""
        return float(self.by_threshold.mean())

    def at(self, threshold: float) -> float:
        """Mean average precision at one threshold; raises `KeyError` where it was not measured."""
        rows = np.flatnonzero(np.isclose(self.thresholds, threshold, rtol=0, atol=1e-9))
        if not len(rows):
            raise KeyError(f"threshold {threshold}; measured were {self.thresholds.round(4).tolist()}")
        return float(self.by_threshold[rows[0]])

    def curve(self, name: str, threshold: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """Precision and recall (K,) of a class at a threshold, best prediction first."""
        row = int(np.flatnonzero(np.isclose(self.thresholds, threshold, rtol=0, atol=1e-9))[0])
        one = self.ranked[self.classes.index(name)]
        return precision_recall(one.hits[row], one.positives, None if one.weights is None else one.weights[row])

    def interval(self, level: float = 0.95, samples: int = 200, seed: int = 0) -> Interval:
        """The confidence interval of `average`, from videos drawn with replacement."""
        generator = np.random.default_rng(seed)
        chosen = [one for one, counts in zip(self.ranked, self.counted, strict=True) if counts]
        num_videos = len(chosen[0].instances) if chosen else 0
        drawn = generator.multinomial(num_videos, np.full(num_videos, 1 / max(num_videos, 1)), size=samples)
        means = [self._resampled(chosen, weights.astype(np.float64)) for weights in drawn]
        error = float(np.std(means, ddof=1)) if num_videos else float("nan")
        return Interval.around(self.average, error, level)

    def _resampled(self, chosen: list[RankedHits], weights: NDArray[np.float64]) -> float:
        """The average when each video counts as often as it was drawn; classes that drew no instance are left out."""
        figures = [
            self.rule(one.hits, float(one.instances @ weights), one.drawn(weights)).mean()
            for one in chosen
            if one.instances @ weights > 0
        ]
        return float(np.mean(figures)) if figures else 0.0

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Means by threshold, then what was ignored."""
        table = Table(title="mean average precision", title_justify="left")
        table.add_column("overlap")
        table.add_column("mAP", justify="right")
        for threshold, figure in zip(self.thresholds, self.by_threshold, strict=True):
            table.add_row(f"{threshold:.2f}", f"{figure:.4f}")
        if len(self.thresholds) > 1:
            table.add_row("mean", f"{self.average:.4f}", style="bold")
        yield table
        for what, count in self.ignored.items():
            yield f"{count:,} {what}"
