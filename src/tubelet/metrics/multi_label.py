"""Average precision of classes that a video, a clip or a frame may have several of.

Three ways differ in what equal scores and empty classes do. Classification (mmaction2, scikit-learn, SlowFast,
Charades) takes each distinct score as one threshold and leaves out classes without positives. Frames (the APMeter of
MultiTHUMOS, Charades localisation) are ranked one by one, in float32, and a class without positives counts 0.
THUMOS'14 ranks one by one in float64. The cells and the sparse-to-dense fusion of MultiTHUMOS are in
`tubelet.metrics.dense_labels`.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table

from tubelet.errors import TubeletError
from tubelet.metrics.average_precision import at_hits

Scores = NDArray[np.floating]
Labels = NDArray[np.integer] | NDArray[np.bool_]

_COLUMNS_AT_A_TIME, _ROWS_AT_A_TIME = 16, 1 << 9  # a line of the cache, and how many of them stay in it


class MultiLabelError(TubeletError):
    """Scores and labels that do not fit each other."""


@dataclass(frozen=True, eq=False)
class MultiLabelFigures:
    """Average precision of every class.

    Args:
        average_precision: (C,).
        positives: (C,) rows that have the class.
        counted: (C,) the classes that the mean is taken over.
        num_rows: videos, clips or frames that were scored.
    """

    average_precision: NDArray[np.float64]
    positives: NDArray[np.int64]
    counted: NDArray[np.bool_]
    num_rows: int

    @property
    def mean(self) -> float:
        """Mean average precision over the classes that count; NaN where none does."""
        return float(self.average_precision[self.counted].mean()) if self.counted.any() else float("nan")

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The mean, and how many classes stand behind it."""
        table = Table("figure", title=f"{self.num_rows:,} rows, {len(self.counted)} classes", title_justify="left")
        table.add_column("value", justify="right")
        table.add_row("mean average precision", f"{self.mean:.4f}")
        table.add_row("classes in the mean", f"{self.counted.sum()}")
        table.add_row("classes without positives", f"{(self.positives == 0).sum()}")
        yield table


def official_lines(figures: MultiLabelFigures) -> list[str]:
    """The mean in per cent, as papers and tools report it."""
    return [f"mAP: {100 * figures.mean:.2f}"]


def multi_label_figures(scores: Scores, labels: Labels) -> MultiLabelFigures:
    """Score (N, C) scores against labels (N, C) of 0 and 1, equal scores being one threshold.

    A class without positives has the average precision NaN and is left out of the mean.

    Raises:
        MultiLabelError: when the shapes do not fit, a score is not finite or a label is neither 0 nor 1.
    """
    scores, labels = _checked(scores, labels)
    positives = np.count_nonzero(labels, axis=0)
    columns = [_of_thresholds(one, truth) for one, truth in zip(_columns(scores), _columns(labels), strict=True)]
    return MultiLabelFigures(np.array(columns), positives, positives > 0, len(scores))


def average_precision_of_rows(scores: Scores, labels: Labels) -> NDArray[np.float64]:
    """(N,) average precision of each row over its classes; NaN for a row without labels.

    Its mean is what mmaction2 reports for Multi-Moments in Time (mmit_mean_average_precision).
    """
    scores, labels = _checked(scores, labels)
    return np.array([_of_thresholds(one, truth) for one, truth in zip(scores, labels, strict=True)])


def ranked_figures(scores: Scores, labels: Labels) -> MultiLabelFigures:
    """Score (N, C) scores against labels (N, C), every row a rank of its own, of equal scores the first listed first.

    Average precision is the mean of the precision at the positives (not interpolated). A class without positives has 0
    and stays in the mean. This is the recognition of THUMOS'14 (TH14evalRecog: background videos are rows without
    labels) and the localisation of Charades.
    """
    scores, labels = _checked(scores, labels)
    positives = np.count_nonzero(labels, axis=0)
    columns = [
        float(at_hits(_ranked_labels(one, truth)[None], max(int(count), 1))[0])
        for one, truth, count in zip(_columns(scores), _columns(labels), positives, strict=True)
    ]
    return MultiLabelFigures(np.array(columns), positives, np.ones(len(positives), np.bool_), len(scores))


def frame_figures(scores: Scores, labels: Labels) -> MultiLabelFigures:
    """`ranked_figures` as the APMeter of MultiTHUMOS computes them: scores, precision and means in float32.

    Only the positives' ranks are needed, so the precision of the other frames, nearly all of them, is never formed.
    """
    scores, labels = _checked(np.asarray(scores, np.float32), labels)
    positives = np.zeros(scores.shape[1], np.int64)
    columns = np.zeros(scores.shape[1], np.float32)
    for k, (one, truth) in enumerate(zip(_columns(scores), _columns(labels), strict=True)):
        positives[k] = np.count_nonzero(truth)
        if positives[k]:
            ranks = np.flatnonzero(_ranked_labels(one, truth)) + 1
            precision = np.arange(1, len(ranks) + 1, dtype=np.float32) / ranks.astype(np.float32)
            columns[k] = precision.sum() / np.float32(len(ranks))
    return MultiLabelFigures(columns.astype(np.float64), positives, np.ones(len(positives), np.bool_), len(scores))


def _columns(table: NDArray[Any]) -> Iterator[NDArray[Any]]:
    """The columns of a table, each in one piece: as they lie, every number of one is on another line of the cache."""
    for first in range(0, table.shape[1], _COLUMNS_AT_A_TIME):
        some = table[:, first : first + _COLUMNS_AT_A_TIME]
        columns = np.empty(some.shape[::-1], table.dtype)
        for row in range(0, len(table), _ROWS_AT_A_TIME):
            columns[:, row : row + _ROWS_AT_A_TIME] = some[row : row + _ROWS_AT_A_TIME].T
        yield from columns


def _ranked_labels(scores: Scores, labels: NDArray[np.bool_]) -> NDArray[np.bool_]:
    """The labels in the order of falling scores, first listed first among equals."""
    if scores.dtype != np.float32 or len(scores) >= 2**31:
        return labels[np.argsort(-scores, kind="stable")]
    # Sorting one integer of score, row and label is several times as fast as a stable sort that carries an index: the
    # bits of a float32 order like integers once all but the sign of negative numbers are turned round.
    bits = (-scores + np.float32(0)).view(np.int32)  # + 0: the two zeros are equal
    keys = (bits ^ (bits >> 31 & np.int32(2**31 - 1))).astype(np.int64)
    keys <<= 32
    keys |= np.arange(0, 2 * len(scores), 2)
    keys |= labels
    keys.sort()
    return keys & 1 == 1


def _of_thresholds(scores: Scores, labels: NDArray[np.bool_]) -> float:
    """Sum over the distinct scores of the recall step times the precision."""
    order = np.argsort(-scores)  # equal scores end up in one group whatever their order
    ranked, hits = scores[order], labels[order]
    last = np.flatnonzero(np.append(ranked[1:] != ranked[:-1], True))
    found = np.cumsum(hits, dtype=np.float64)[last]
    if not hits.any():
        return float("nan")
    return float((np.diff(found, prepend=0.0) * found / (last + 1)).sum() / found[-1])


def _checked(scores: Scores, labels: Labels) -> tuple[Scores, NDArray[np.bool_]]:
    scores, given = np.asarray(scores), np.asarray(labels)
    if scores.ndim != 2 or scores.shape != given.shape or not scores.size:
        raise MultiLabelError(f"got scores {scores.shape} and labels {given.shape}; expected (N, C), N and C >= 1.")
    if not np.isfinite(scores).all():
        row, column = np.argwhere(~np.isfinite(scores))[0]
        raise MultiLabelError(f"row {row}, class {column} has the score {scores[row, column]}; expected a number.")
    present = given.astype(np.bool_)
    if given.dtype != np.bool_ and not np.array_equal(present, given):
        row, column = np.argwhere(present != given)[0]
        raise MultiLabelError(f"row {row}, class {column} has the label {given[row, column]}; expected 0 or 1.")
    return scores, present
