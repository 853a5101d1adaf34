"""Tables of tubes and boxes from the layouts in which the cases store them."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
from numpy.typing import DTypeLike

from tubelet.metrics.box_matching import Pairs
from tubelet.metrics.tables import Boxes, Tubes
from tubelet.metrics.tube_overlap import TubeConvention, tube_overlaps

FRAMES = 4096  # more than a video has


def tubes(rows: Iterable[tuple[int, int, float | None, np.ndarray]], precision: DTypeLike = np.float64) -> Tubes:
    """A table from (video, label, score, (n, 5 or more) frame and box), the boxes rounded to a precision."""
    videos, labels, scores, arrays = zip(*rows, strict=True)
    boxes = np.concatenate(arrays, dtype=precision, casting="same_kind")
    return Tubes(
        np.array(videos, np.int64),
        np.array(labels, np.int64),
        np.fromiter(map(len, arrays), np.int64),
        boxes[:, 0],
        boxes[:, 1:5],
        None if None in scores else np.array(scores, np.float64),
    )


def true_tubes(truth: Mapping[str, Any], videos: Sequence[str]) -> Tubes:
    """The instances of an ACT or MultiSports ground truth."""
    return tubes(
        (number, int(label), None, np.asarray(tube))
        for number, video in enumerate(videos)
        for label, listed in truth["gttubes"][video].items()
        for tube in listed
    )


def detections(rows: np.ndarray) -> tuple[Boxes, np.ndarray]:
    """Boxes from rows of video, frame, label, score and box; and the video of each frame."""
    videos, frames = rows[:, 0].astype(np.int64), rows[:, 1].astype(np.int64)
    videos_of_frames = np.repeat(np.arange(videos.max(initial=0) + 1, dtype=np.int32), FRAMES)
    return Boxes(videos * FRAMES + frames, rows[:, 4:], rows[:, 2], rows[:, 3]), videos_of_frames


def boxes_of(table: Tubes) -> Boxes:
    """The boxes of ground-truth tubes on their frames, numbered as in `detections`."""
    labels = np.repeat(table.labels, table.lengths)
    return Boxes(np.repeat(table.videos, table.lengths) * FRAMES + table.frames, table.boxes, labels)


def overlap_table(
    first: Tubes, rows: np.ndarray, second: Tubes, others: np.ndarray, convention: TubeConvention
) -> np.ndarray:
    """(others, rows) overlaps of every tube of one choice with every tube of another."""
    pairs = Pairs(np.tile(rows, len(others)), np.repeat(others, len(rows)))
    return tube_overlaps(first, second, pairs, convention).space_and_time.reshape(len(others), len(rows))
