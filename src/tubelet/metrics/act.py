"""Frame- and video-mAP as ACT's code computes them for JHMDB and UCF101-24, also for MOC, TubeR and HIT.

Kalogeiton et al., Action Tubelet Detector, ICCV 2017, as in MOC-Detector. Boxes are pixels that hold their last one,
matched instances are deleted, average precision is the area under straight lines in float32, and the mean is over all
classes: one without predictions counts 0.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from tubelet.metrics.average_precision import trapezoid
from tubelet.metrics.box_matching import match_with_second_choice, pairs_within_groups, suppress
from tubelet.metrics.detection_figures import DetectionFigures, RankedHits
from tubelet.metrics.ranked_hits import Matching, ranked_boxes, ranked_tubes, scores_of
from tubelet.metrics.score_order import negated
from tubelet.metrics.tables import Boxes, Tubes
from tubelet.metrics.tube_linking import Tubelets, lower_overlapping
from tubelet.metrics.tube_overlap import ACT, TubeConvention, tube_overlaps

HIGH_OVERLAPS = np.arange(10, 20) * 0.05

_MATCHING = Matching(match_with_second_choice, negated)


def boxes_of_tubelets(tubelets: Tubelets, first_frames: NDArray[np.int64], suppress_above: float = 0.6) -> Boxes:
    """The K boxes of every tubelet, each with its score, those that overlap a better one of their class lowered.

    Args:
        tubelets: as a detector gives them.
        first_frames: (V,) the number, counted on through all videos, that frame 0 of each video has in the result.
        suppress_above: overlap from which on a better box of the same frame and class lowers a score.
    """
    num_frames = tubelets.boxes.shape[1]
    frames = (first_frames[tubelets.videos] + tubelets.starts)[:, None] + np.arange(num_frames)
    labels, scores = np.repeat(tubelets.labels, num_frames), np.repeat(tubelets.scores, num_frames)
    boxes = tubelets.boxes.reshape(-1, 4).astype(np.float64)
    frames = frames.ravel()
    num_starts, num_classes = (int(numbers.max(initial=0)) + 1 for numbers in (tubelets.starts, labels))
    # by frame, and there by start frame and class: the order of the official list
    keys = (frames * num_starts + np.repeat(tubelets.starts, num_frames)) * num_classes + labels
    order = np.argsort(keys, kind="stable")
    frames, labels, scores, boxes = frames[order], labels[order], scores[order], boxes.take(order, axis=0)
    groups = frames * num_classes + labels
    return Boxes(frames, boxes, labels, lower_overlapping(groups, boxes[:, None], scores, suppress_above))


def act_frame_map(
    predictions: Boxes,
    truth: Boxes,
    classes: Sequence[str],
    threshold: float = 0.5,
    videos_of_frames: NDArray[np.int64] | None = None,
) -> DetectionFigures:
    """Frame-mAP of boxes in pixels.

    Args:
        predictions: such as `boxes_of_tubelets` gives.
        truth: the boxes of the annotated tubes.
        classes: C names, in the order of the labels.
        threshold: overlap of a hit.
        videos_of_frames: (F,) the video of each frame, for confidence intervals; without it a frame is a video.
    """
    ranked = ranked_boxes(predictions, truth, len(classes), threshold, True, _MATCHING, videos_of_frames)
    return _figures(np.array([threshold]), classes, ranked, {})


def act_video_map(
    predictions: Tubes,
    truth: Tubes,
    classes: Sequence[str],
    thresholds: Sequence[float] | NDArray[np.float64] = (0.2, 0.5, 0.75),
    suppress_above: float = 0.3,
) -> DetectionFigures:
    """Video-mAP of tubes in pixels.

    Args:
        predictions: such as `link_tubelets` gives.
        truth: the annotated tubes.
        classes: C names, in the order of the labels.
        thresholds: overlaps of a hit; `HIGH_OVERLAPS` for the mean over 0.5:0.95.
        suppress_above: overlap from which on a better tube of the same video and class suppresses one.
    """
    overlaps = np.asarray(thresholds, np.float64)
    kept = suppress_tubes(predictions, suppress_above, ACT)
    ranked = ranked_tubes(predictions, truth, len(classes), overlaps, ACT, _MATCHING, kept)
    suppressed = len(predictions) - len(kept)
    return _figures(overlaps, classes, ranked, {"tubes that a better one suppresses": suppressed} if suppressed else {})


def suppress_tubes(tubes: Tubes, above: float, convention: TubeConvention) -> NDArray[np.int64]:
    """Rows of the tubes that no better one of their video and class suppresses.

    By video and class, in falling order of score; of equal scores the one listed last goes first.
    """
    order = np.lexsort((scores_of(tubes), -tubes.labels, -tubes.videos))[::-1]
    groups = np.cumsum(
        (np.diff(tubes.videos[order], prepend=-1) != 0) | (np.diff(tubes.labels[order], prepend=-1) != 0)
    )
    pairs = pairs_within_groups(groups)
    by_row = type(pairs)(order[pairs.predictions], order[pairs.instances])
    close = np.flatnonzero(tube_overlaps(tubes, tubes, by_row, convention).space_and_time > above)
    return order[suppress(pairs.take(close), len(order)) < 0]


def _figures(
    thresholds: NDArray[np.float64], classes: Sequence[str], ranked: tuple[RankedHits, ...], ignored: dict[str, int]
) -> DetectionFigures:
    return DetectionFigures(thresholds, tuple(classes), ranked, _area, np.ones(len(classes), np.bool_), ignored)


def _area(hits: NDArray[np.bool_], positives: float, weights: NDArray[np.float64] | None = None) -> NDArray[np.float64]:
    """`trapezoid`, but 0 for a class without predictions even where it has no instance either."""
    return trapezoid(hits, positives, weights) if hits.shape[-1] else np.zeros(hits.shape[:-1])
