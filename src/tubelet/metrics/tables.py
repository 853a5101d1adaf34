"""What the evaluators of detection take: predictions or ground truth as columns of equal length.

A row is one segment, box or tube. Videos, frames and classes are integers that the caller numbers; ground truth has no
scores. Times are in the unit that the benchmark counts in (seconds, or frames of a tube), boxes are xyxy in the unit
that the benchmark measures in (fractions or pixels): each evaluator says which.
"""

from __future__ import annotations

from dataclasses import dataclass, fields
from functools import cached_property
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from tubelet.errors import TubeletError


class TableError(TubeletError):
    """Columns that do not fit each other, or a value that no prediction or instance can have."""


@dataclass(frozen=True, eq=False)
class Segments:
    """N segments in time.

    Args:
        videos: (N,) number of the video.
        starts: (N,) seconds.
        ends: (N,) seconds.
        labels: (N,) class number.
        scores: (N,), None for ground truth.

    Raises:
        TableError: when the columns differ in length or a time or score is not finite. Segments that end before they
            start are allowed here: evaluators treat them differently.
    """

    videos: NDArray[np.int64]
    starts: NDArray[np.float64]
    ends: NDArray[np.float64]
    labels: NDArray[np.int64]
    scores: NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        _as_columns(self, integers=("videos", "labels"))

    def __len__(self) -> int:
        return len(self.videos)

    def take(self, rows: NDArray[np.integer] | NDArray[np.bool_]) -> Self:
        """The rows of an index or a mask, in its order."""
        return type(self)(**_rows(self, rows))


@dataclass(frozen=True, eq=False)
class Boxes:
    """N boxes on frames.

    Args:
        frames: (N,) number of the frame, one for each (video, moment).
        boxes: (N, 4) xyxy.
        labels: (N,) class number.
        scores: (N,), None for ground truth.

    Raises:
        TableError: when the columns differ in length or a coordinate or score is not finite. Boxes without area are
            allowed here: evaluators treat them differently.
    """

    frames: NDArray[np.int64]
    boxes: NDArray[np.float64]
    labels: NDArray[np.int64]
    scores: NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        _as_columns(self, integers=("frames", "labels"))

    def __len__(self) -> int:
        return len(self.frames)

    def take(self, rows: NDArray[np.integer] | NDArray[np.bool_]) -> Self:
        """The rows of an index or a mask, in its order."""
        return type(self)(**_rows(self, rows))


@dataclass(frozen=True, eq=False)
class Tubes:
    """N tubes; their boxes stand one tube after the other in two long columns.

    Args:
        videos: (N,) number of the video.
        labels: (N,) class number.
        lengths: (N,) boxes of each tube, at least 1.
        frames: (R,) frame number of each box, ascending within a tube; R is the sum of the lengths.
        boxes: (R, 4) xyxy of each box.
        scores: (N,), None for ground truth.

    Raises:
        TableError: when the columns do not fit, a number is not finite or frames do not ascend within a tube.
    """

    videos: NDArray[np.int64]
    labels: NDArray[np.int64]
    lengths: NDArray[np.int64]
    frames: NDArray[np.int64]
    boxes: NDArray[np.float64]
    scores: NDArray[np.float64] | None = None

    def __post_init__(self) -> None:
        _as_columns(self, integers=("videos", "labels", "lengths", "frames"), rows=("frames", "boxes"))
        _refuse(self.lengths < 1, self.lengths, "length", "at least one box")
        if int(self.lengths.sum()) != len(self.frames):
            raise TableError(f"the tubes' lengths add up to {self.lengths.sum()}; there are {len(self.frames)} boxes.")
        falls = np.append(np.diff(self.frames) <= 0, False)[: len(self.frames)]
        falls[self.offsets[1:] - 1] = False  # the next box is another tube's
        _refuse(falls, self.frames, "frame", "frames that ascend in a tube")

    def __len__(self) -> int:
        return len(self.videos)

    @cached_property
    def offsets(self) -> NDArray[np.int64]:
        """(N + 1,) where each tube's boxes begin, and R."""
        return np.concatenate([[0], np.cumsum(self.lengths)])

    def take(self, rows: NDArray[np.integer] | NDArray[np.bool_]) -> Self:
        """The tubes of an index or a mask, in its order, with their boxes."""
        chosen = np.arange(len(self))[rows]
        lengths, first = self.lengths[chosen], self.offsets[:-1][chosen]
        within = np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths)
        places = np.repeat(first, lengths) + within
        scores = None if self.scores is None else self.scores[chosen]
        kind = type(self)
        boxes = self.boxes.take(places, axis=0)
        return kind(self.videos[chosen], self.labels[chosen], lengths, self.frames[places], boxes, scores)


def _as_columns(table: object, integers: tuple[str, ...], rows: tuple[str, ...] = ()) -> None:
    """Turn the fields into arrays of one length (two for a tube's boxes), numbers that are finite."""
    count: dict[bool, int] = {}
    for name in (field.name for field in fields(table)):  # type: ignore[arg-type]
        value = getattr(table, name)
        if value is None:
            continue
        # in one piece, which makes rows several times as quick to pick
        column = np.asarray(value, np.int64 if name in integers else np.float64, order="C")
        if name == "boxes" and column.size == 0:
            column = column.reshape(0, 4)
        expected = count.setdefault(name in rows, len(column))
        shape = (expected, 4) if name == "boxes" else (expected,)
        if column.shape != shape:
            raise TableError(f"column {name} has the shape {column.shape}; expected {shape}.")
        finite: NDArray[np.bool_] = np.isfinite(column)
        if not finite.all():
            whole_rows = finite.reshape(len(column), -1).all(axis=1)
            _refuse(np.logical_not(whole_rows), column, name, "a finite number")
        object.__setattr__(table, name, column)


def _refuse(bad: NDArray[np.bool_], values: NDArray[np.generic], what: str, expected: str) -> None:
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise TableError(f"row {row} has the {what} {values[row]}; expected {expected}.")


def _rows(table: Segments | Boxes, rows: NDArray[np.integer] | NDArray[np.bool_]) -> dict[str, Any]:
    columns = {field.name: getattr(table, field.name) for field in fields(table)}
    return {name: None if column is None else column[rows] for name, column in columns.items()}
