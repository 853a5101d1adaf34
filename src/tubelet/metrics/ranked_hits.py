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
    # pairs in the order of the table, which mostly goes by frames and so stays close in memory
    pairs = pairs_of_equal_keys(
        predictions.frames * num_classes + predictions.labels, truth.frames * num_classes + truth.labels
    )
    overlaps = pair_overlaps(predictions.boxes, truth.boxes, pairs, inclusive)
    near = np.flatnonzero(overlaps >= threshold)
    place = np.empty_like(order)
    place[order] = np.arange(len(order))
    turns = place[pairs.predictions[near]]
    by_turn = np.argsort(turns, kind="stable")
    near_pairs = Pairs(turns[by_turn], pairs.instances[near[by_turn]])
    hits = matching.match(near_pairs, overlaps[near[by_turn]], np.array([threshold]), len(order))
    videos, true_videos = (
        table.frames if videos_of_frames is None else videos_of_frames[table.frames] for table in (predictions, truth)
    )
    labels, scores = predictions.labels[order], scores_of(predictions)[order]
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
    by_class = np.argsort(labels.astype(np.uint16 if num_classes < 1 << 16 else np.int64), kind="stable")
    bounds = np.searchsorted(labels[by_class], np.arange(num_classes + 1))
    for first, last in pairwise(bounds):
        rows = by_class[first:last]
        by_class[first:last] = rows[order(scores[rows])]
    return by_class


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
    ranked = []
    for number in range(num_classes):
        rows = slice(bounds[number], bounds[number + 1])
        instances = np.bincount(instance_videos[instance_labels == number], minlength=num_videos)
        ranked.append(RankedHits(scores[rows], hits[:, rows], videos[rows], instances))
    return tuple(ranked)


def scores_of(predictions: Boxes | Tubes) -> NDArray[np.float64]:
    """The scores; raises `TableError` where a table of ground truth stands in for predictions."""
    if predictions.scores is None:
        raise TableError("the predictions have no scores.")
    return predictions.scores
