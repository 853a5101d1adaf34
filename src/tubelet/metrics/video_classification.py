"""What is in untrimmed videos: ActivityNet's classification task (eval_classification).

Predictions are (video, label, score) rows; a video may have several labels, and so may its ground truth, which counts a
label once. Average precision interpolates at all points; a second prediction of a label for the same video is wrong,
and so is one for a video without ground truth. THUMOS'14's recognition is `tubelet.metrics.multi_label.ranked_figures`.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table

from tubelet.metrics.average_precision import interpolated
from tubelet.metrics.score_order import ScoreOrder, first_listed_first
from tubelet.metrics.tables import TableError


@dataclass(frozen=True, eq=False)
class VideoLabels:
    """N labels of whole videos.

    Args:
        videos: (N,) number of the video.
        labels: (N,) class number.
        scores: (N,), None for ground truth.

    Raises:
        TableError: when the columns differ in length or a score is not finite.
    """

    videos: NDArray[np.int64]
    labels: NDArray[np.int64]
    scores: NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        columns = {"videos": np.asarray(self.videos, np.int64), "labels": np.asarray(self.labels, np.int64)}
        if self.scores is not None:
            columns["scores"] = np.asarray(self.scores, np.float64)
        for name, column in columns.items():
            if column.shape != (len(columns["videos"]),):
                raise TableError(f"column {name} has the shape {column.shape}; expected ({len(columns['videos'])},).")
            if not np.isfinite(column).all():
                row = int(np.flatnonzero(~np.isfinite(column))[0])
                raise TableError(f"row {row} has the {name} {column[row]}; expected a finite number.")
            object.__setattr__(self, name, column)

    def __len__(self) -> int:
        return len(self.videos)


@dataclass(frozen=True, eq=False)
class VideoClassificationFigures:
    """How well the labels of videos are found.

    Args:
        classes: C names.
        average_precision: (C,); NaN for a class without videos.
        video_hits: (V,) share of each video's labels that are among its ``k`` best predictions.
        k: how many predictions of a video count for the hits.
        num_predictions: rows that were scored.
        unknown_videos: rows of them for videos without ground truth; each counts as wrong.
    """

    classes: tuple[str, ...]
    average_precision: NDArray[np.float64]
    video_hits: NDArray[np.float64]
    k: int
    num_predictions: int
    unknown_videos: int

    @property
    def mean_average_precision(self) -> float:
        """Mean over the classes that have videos."""
        return float(np.nanmean(self.average_precision))

    @property
    def hit_at_k(self) -> float:
        """Share of the videos that have at least one of their labels among the best ``k``."""
        return float((self.video_hits > 0).mean())

    @property
    def average_hit_at_k(self) -> float:
        """Mean over the videos of the share of their labels among the best ``k``."""
        return float(self.video_hits.mean())

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The three figures, then what was ignored."""
        table = Table("figure", title=f"classification of {len(self.video_hits):,} videos", title_justify="left")
        table.add_column("value", justify="right")
        table.add_row("mean average precision", f"{self.mean_average_precision:.4f}")
        table.add_row(f"hit@{self.k}", f"{self.hit_at_k:.4f}")
        table.add_row(f"average hit@{self.k}", f"{self.average_hit_at_k:.4f}")
        yield table
        if self.unknown_videos:
            yield f"{self.unknown_videos:,} predictions are for videos without ground truth; they count as wrong"


def official_lines(figures: VideoClassificationFigures) -> list[str]:
    """The three figures that ActivityNet's tool reports."""
    return [
        f"Mean Average Precision: {figures.mean_average_precision}",
        f"Hit@{figures.k}: {figures.hit_at_k}",
        f"Avg Hit@{figures.k}: {figures.average_hit_at_k}",
    ]


def video_classification(
    truth: VideoLabels,
    predictions: VideoLabels,
    classes: Sequence[str],
    k: int = 3,
    order: ScoreOrder = first_listed_first,
) -> VideoClassificationFigures:
    """Score predicted labels of videos.

    Args:
        truth: labels of the videos; at least one.
        predictions: labels with scores.
        classes: C names.
        k: predictions of a video that count for the hits.
        order: of scores, down to which of two equal ones comes first.

    Raises:
        TableError: when there is no ground truth, predictions have no scores, or a label has no class.
    """
    if not len(truth) or predictions.scores is None:
        raise TableError("there is no ground truth, or the predictions have no scores; expected both.")
    for table in (truth, predictions):
        wrong = np.flatnonzero((table.labels < 0) | (table.labels >= len(classes)))
        if len(wrong):
            raise TableError(
                f"row {wrong[0]} has the label {table.labels[wrong[0]]}; expected 0 to {len(classes) - 1}."
            )
    pairs = np.unique(np.column_stack([truth.videos, truth.labels]), axis=0)
    given = np.column_stack([predictions.videos, predictions.labels])
    wanted = _contained(given, pairs)
    positives = np.bincount(pairs[:, 1], minlength=len(classes))
    figures = []
    for count, rows in zip(positives, _members(predictions.labels, len(classes)), strict=True):
        ranked = rows[order(predictions.scores[rows])]
        hits = wanted[ranked] & _first_of_each(predictions.videos[ranked])
        figures.append(float(interpolated(hits[None], int(count))[0]))

    named, numbers = np.unique(predictions.videos, return_inverse=True)
    best = [rows[order(predictions.scores[rows])[:k]] for rows in _members(numbers, len(named))]
    found = _contained(pairs, given[np.concatenate(best)] if best else given)
    videos, first = np.unique(pairs[:, 0], return_index=True)
    shares = np.add.reduceat(found.astype(np.float64), first) / np.diff(np.append(first, len(pairs)))
    unknown = int(np.count_nonzero(~np.isin(predictions.videos, videos)))
    return VideoClassificationFigures(tuple(classes), np.array(figures), shares, k, len(predictions), unknown)


def _contained(pairs: NDArray[np.int64], among: NDArray[np.int64]) -> NDArray[np.bool_]:
    """(N,) whether each (video, label) of the one is among those of the other."""
    _, numbers = np.unique(np.concatenate([pairs, among]), axis=0, return_inverse=True)
    return np.isin(numbers.reshape(-1)[: len(pairs)], numbers.reshape(-1)[len(pairs) :])


def _first_of_each(values: NDArray[np.int64]) -> NDArray[np.bool_]:
    out = np.zeros(len(values), np.bool_)
    out[np.unique(values, return_index=True)[1]] = True
    return out


def _members(groups: NDArray[np.int64], count: int) -> list[NDArray[np.int64]]:
    """The rows of each group, in the order in which they are listed."""
    ends = np.cumsum(np.bincount(groups, minlength=count))
    return np.split(np.argsort(groups, kind="stable"), ends[:-1]) if count else []
