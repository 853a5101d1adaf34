"""AVA's frame-mAP@0.5, in the flavours in which it is published.

Gu et al., AVA, CVPR 2018. The key frames of a video are single seconds; a box with three labels is three rows. The best
instance or none (one choice), all-point average precision, mean over the classes that have instances.

Three tools compute it and their figures differ: `OFFICIAL` (activitynet/ActivityNet) keeps 50 rows a frame, `SLOWFAST`
(also AlphAction, STMixer, TubeR) goes through the rows as they are listed, and `MMACTION2` computes in float32.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tubelet.metrics.average_precision import interpolated
from tubelet.metrics.box_matching import box_overlaps, match_best_only, pairs_of_equal_keys
from tubelet.metrics.detection_figures import DetectionFigures
from tubelet.metrics.ranked_hits import rows_by_class, scores_of, split_by_class
from tubelet.metrics.score_order import in_groups, reversed_rising
from tubelet.metrics.tables import Boxes, TableError

PERSON_MOVEMENT = range(1, 15)
OBJECT_MANIPULATION = range(15, 64)
PERSON_INTERACTION = range(64, 81)


Precision = type[np.float32] | type[np.float64]


@dataclass(frozen=True)
class AvaRules:
    """Where the tools differ.

    Args:
        rows_a_frame: how many of the best rows of a frame count, over all its classes; None for all.
        sorted_in_frame: whether the better row chooses first; else the one listed first.
        only_known_frames: whether predictions on frames without ground truth are ignored; else they are wrong.
        uncounted_classes_make_known: whether ground truth of a class that does not count makes its frame known.
        keep_empty: whether boxes without area are wrong; else they are ignored. Boxes of negative size then raise.
        precision: of the boxes and scores.
        only_detected_classes: whether the mean leaves out classes without predictions.
    """

    rows_a_frame: int | None = None
    sorted_in_frame: bool = True
    only_known_frames: bool = True
    uncounted_classes_make_known: bool = True
    keep_empty: bool = False
    precision: Precision = np.float64
    only_detected_classes: bool = False


OFFICIAL = AvaRules(rows_a_frame=50)
SLOWFAST = AvaRules(sorted_in_frame=False, only_known_frames=False)
ALPHACTION_CSV = AvaRules(only_known_frames=False)
MMACTION2 = AvaRules(
    uncounted_classes_make_known=False, keep_empty=True, precision=np.float32, only_detected_classes=True
)


def ava_frame_map(
    predictions: Boxes,
    truth: Boxes,
    classes: Sequence[str],
    rules: AvaRules = OFFICIAL,
    excluded_frames: NDArray[np.int64] | Sequence[int] = (),
    videos_of_frames: NDArray[np.int64] | None = None,
) -> DetectionFigures:
    """Frame-mAP@0.5 of boxes in [0, 1].

    Args:
        predictions: label -1 for a class that does not count; so too in ``truth``.
        truth: the boxes that annotators drew.
        classes: C names, in the order of the labels.
        rules: of one of the tools.
        excluded_frames: frames that are left out on both sides (the official script has no such list).
        videos_of_frames: (F,) the video of each frame, for confidence intervals; without it a frame is a video.

    Raises:
        TableError: under mmaction2's rules, when a box ends before it starts.
    """
    predictions, ignored = _counted_predictions(predictions, truth, rules, np.asarray(excluded_frames, np.int64))
    truth = truth.take((truth.labels >= 0) & ~np.isin(truth.frames, excluded_frames))
    num_classes = len(classes)
    pairs = pairs_of_equal_keys(
        predictions.frames * num_classes + predictions.labels, truth.frames * num_classes + truth.labels
    )
    boxes: NDArray[np.floating] = predictions.boxes.astype(rules.precision, copy=False)
    true_boxes: NDArray[np.floating] = truth.boxes.astype(rules.precision, copy=False)
    overlaps = box_overlaps(boxes[pairs.predictions], true_boxes[pairs.instances])
    thresholds = np.array([0.5])
    hits = match_best_only(pairs, overlaps, thresholds, len(predictions))
    videos, true_videos = (
        table.frames if videos_of_frames is None else videos_of_frames[table.frames] for table in (predictions, truth)
    )
    scores = _scores(predictions, rules)
    order = rows_by_class(predictions.labels, scores, num_classes, reversed_rising)
    ranked = split_by_class(
        predictions.labels[order], scores[order], videos[order], hits[:, order], truth.labels, true_videos, num_classes
    )
    counted = np.array([one.positives > 0 for one in ranked], np.bool_)
    if rules.only_detected_classes:
        counted &= np.array([len(one.scores) > 0 for one in ranked], np.bool_)
    return DetectionFigures(thresholds, tuple(classes), ranked, interpolated, counted, ignored)


def group_means(figures: DetectionFigures, class_ids: Sequence[int]) -> dict[str, float]:
    """The means over AVA's three groups of classes, as mmaction2 gives them; NaN for a group without a class.

    Args:
        figures: of the classes.
        class_ids: AVA's number of each class, in their order.
    """
    groups = {
        "person_movement": PERSON_MOVEMENT,
        "object_manipulation": OBJECT_MANIPULATION,
        "person_interaction": PERSON_INTERACTION,
    }
    means = {}
    for name, ids in groups.items():
        chosen = figures.average_precision[0, figures.counted & np.isin(class_ids, list(ids))]
        means[name] = float(chosen.mean()) if len(chosen) else float("nan")
    return means


def _counted_predictions(
    predictions: Boxes, truth: Boxes, rules: AvaRules, excluded: NDArray[np.int64]
) -> tuple[Boxes, Mapping[str, int]]:
    """The predictions that the tool looks at, in the order in which they choose, and how many it ignores and why."""
    ignored = {}

    def leave_out(bad: NDArray[np.bool_], why: str) -> None:
        nonlocal predictions
        if bad.any():
            ignored[why] = int(bad.sum())
            predictions = predictions.take(~bad)

    leave_out(np.isin(predictions.frames, excluded), "predictions on excluded frames")
    leave_out(predictions.labels < 0, "predictions of classes that do not count")
    if rules.only_known_frames:
        known = truth.frames if rules.uncounted_classes_make_known else truth.frames[truth.labels >= 0]
        leave_out(~np.isin(predictions.frames, known), "predictions on frames without ground truth")
    _, first, number = np.unique(predictions.frames, return_index=True, return_inverse=True)
    appearance = first[number]
    scores = _scores(predictions, rules) if rules.sorted_in_frame else np.zeros(len(predictions))
    order = in_groups(appearance, scores)
    predictions = predictions.take(order)
    if rules.rows_a_frame is not None:
        starts = np.flatnonzero(np.diff(appearance[order], prepend=-1))
        place = np.arange(len(order)) - np.repeat(starts, np.diff(starts, append=len(order)))
        leave_out(place >= rules.rows_a_frame, f"predictions after the best {rules.rows_a_frame} of their frame")
    sizes = predictions.boxes[:, 2:] - predictions.boxes[:, :2]
    if not rules.keep_empty:
        leave_out(np.any(sizes <= 0, axis=1), "predictions of boxes without area")
    elif (sizes < 0).any():
        box = predictions.boxes[int(np.flatnonzero((sizes < 0).any(axis=1))[0])]
        raise TableError(f"the box {box.tolist()} ends before it starts; mmaction2's rules refuse it.")
    return predictions, ignored


def _scores(predictions: Boxes, rules: AvaRules) -> NDArray[np.float64]:
    return scores_of(predictions).astype(rules.precision).astype(np.float64)
