"""From tables of predictions and instances to the `RankedHits` of every class."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from tubelet.metrics.box_matching import Overlaps, Pairs, pair_overlaps, pairs_of_equal_keys
from tubelet.metrics.detection_figures import RankedHits
from tubelet.metrics.score_order import ScoreOrder
from tubelet.metrics.tables import Boxes, TableError, Tubes
from tubelet.metrics.tube_overlap import TubeConvention, tube_overlaps

Matcher = Callable[[Pairs, Overlaps, NDArray[np.float64], int], NDArray[np.bool_]]


@dataclass(frozen=True)
class Matching:
    """How an evaluator goes through the predictions of a class.

    Args:
        match: with one choice or with a second, of `tubelet.metrics.box_matching`.
        order: which prediction chooses first.
    """

    match: Matcher
    order: ScoreOrder


def ranked_boxes(
    predictions: Boxes,
    truth: Boxes,
    num_classes: int,
    threshold: float,
    inclusive: bool,
    matching: Matching,
    videos_of_frames: NDArray[np.int64] | None = None,
) -> tuple[RankedHits, ...]:
    """The hits of boxes that meet instances of their class on their frame.

    Args:
        predictions: with scores.
        truth: the instances.
        num_classes: C.
        threshold: least overlap of a hit.
        inclusive: whether boxes hold their last pixel.
        matching: the evaluator's.
        videos_of_frames: (F,) the video of each frame; without it a frame is a video.
    """
    order = rows_by_class(predictions.labels, scores_of(predictions), num_classes, matching.order)
    labels, scores = predictions.labels[order], scores_of(predictions)[order]
    hits = np.zeros((1, len(order)), np.bool_)
    by_class, true_bounds = _by_class(truth.labels, num_classes)
    bounds = np.searchsorted(labels, np.arange(num_classes + 1))
    # class by class, so that what is worked on stays close in memory
    for (first, last), (true_first, true_last) in zip(pairwise(bounds), pairwise(true_bounds), strict=True):
        rows, instances = order[first:last], by_class[true_first:true_last]
        pairs = pairs_of_equal_keys(predictions.frames[rows], truth.frames[instances])
        by_row = Pairs(rows[pairs.predictions], instances[pairs.instances])
        overlaps = pair_overlaps(predictions.boxes, truth.boxes, by_row, inclusive)
        hits[:, first:last] = matching.match(pairs, overlaps, np.array([threshold]), len(rows))
    videos, true_videos = (
        table.frames if videos_of_frames is None else videos_of_frames[table.frames] for table in (predictions, truth)
    )
    return split_by_class(labels, scores, videos[order], hits, truth.labels, true_videos, num_classes)


def ranked_tubes(
    predictions: Tubes,
    truth: Tubes,
    num_classes: int,
    thresholds: NDArray[np.float64],
    convention: TubeConvention,
    matching: Matching,
    rows: NDArray[np.int64] | slice = slice(None),
) -> tuple[RankedHits, ...]:
    """The hits of tubes that meet instances of their class in their video; ``rows`` are the tubes that count."""
    considered = np.arange(len(predictions))[rows]
    order = considered[
        rows_by_class(predictions.labels[rows], scores_of(predictions)[rows], num_classes, matching.order)
    ]
    pairs = pairs_of_equal_keys(
        (predictions.videos * num_classes + predictions.labels)[order], truth.videos * num_classes + truth.labels
    )
    by_row = Pairs(order[pairs.predictions], pairs.instances)
    overlaps = tube_overlaps(predictions, truth, by_row, convention).space_and_time
    hits = matching.match(pairs, overlaps, thresholds, len(order))
    labels, scores, videos = predictions.labels[order], scores_of(predictions)[order], predictions.videos[order]
    return split_by_class(labels, scores, videos, hits, truth.labels, truth.videos, num_classes)


def rows_by_class(
    labels: NDArray[np.int64], scores: NDArray[np.float64], num_classes: int, order: ScoreOrder
) -> NDArray[np.int64]:
    """(N,) rows by class, those of each class in an order of their scores."""
    by_class, bounds = _by_class(labels, num_classes)
    for first, last in pairwise(bounds):
        rows = by_class[first:last]
        by_class[first:last] = rows[order(scores[rows])]
    return by_class


def _by_class(labels: NDArray[np.int64], num_classes: int) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """(N,) rows by class, in the order of the table within one, and (C + 1,) where those of each class begin."""
    numbers = labels.astype(np.uint16 if num_classes < 1 << 16 else np.int64)
    rows = np.argsort(numbers, kind="stable")
    return rows, np.searchsorted(numbers[rows], np.arange(num_classes + 1))


def split_by_class(
    labels: NDArray[np.int64],
    scores: NDArray[np.float64],
    videos: NDArray[np.int64],
    hits: NDArray[np.bool_],
    instance_labels: NDArray[np.int64],
    instance_videos: NDArray[np.int64],
    num_classes: int,
) -> tuple[RankedHits, ...]:
    """A `RankedHits` for each class, of predictions that stand by class and in falling order.

    Args:
        labels: (N,) class of each prediction, not falling.
        scores: (N,).
        videos: (N,) number of the video.
        hits: (T, N).
        instance_labels: (M,).
        instance_videos: (M,).
        num_classes: C.
    """
    num_videos = int(max(videos.max(initial=-1), instance_videos.max(initial=-1))) + 1
    if num_videos > len(videos) + len(instance_videos):  # numbers with gaps would cost memory
        _, numbers = np.unique(np.concatenate([videos, instance_videos]), return_inverse=True)
        videos, instance_videos = numbers[: len(videos)], numbers[len(videos) :]
        num_videos = int(numbers.max(initial=-1)) + 1
    bounds = np.searchsorted(labels, np.arange(num_classes + 1))
    by_class, true_bounds = _by_class(instance_labels, num_classes)
    ranked = []
    for rows, true_rows in zip(pairwise(bounds), pairwise(true_bounds), strict=True):
        mine = slice(*rows)
        instances = np.bincount(instance_videos[by_class[slice(*true_rows)]], minlength=num_videos)
        ranked.append(RankedHits(scores[mine], hits[:, mine], videos[mine], instances))
    return tuple(ranked)


def scores_of(predictions: Boxes | Tubes) -> NDArray[np.float64]:
    """The scores; raises `TableError` where a table of ground truth stands in for predictions."""
    if predictions.scores is None:
        raise TableError("the predictions have no scores.")
    return predictions.scores
