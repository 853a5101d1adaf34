"""Frame- and video-mAP as YOWO's code computes them for JHMDB and UCF101-24.

Koepueklue et al., You Only Watch Once, 2019. The frame-mAP is that of R. Padilla's PASCAL VOC kit: pixels that hold
their last one, the best instance or none (one choice). The video-mAP links with `link_every_frame` and deletes matched
instances; its recall is divided by a little more than the instances, so that a perfect class has 0.99999 and not 1:
``exact=True`` leaves that out.

YOWO's own ground truth for frames is not JHMDB-GT's: its boxes differ by fractions of a pixel.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tubelet.metrics.act import suppress_tubes
from tubelet.metrics.average_precision import eleven_points, interpolated, precision_recall
from tubelet.metrics.box_matching import match_best_only, match_with_second_choice
from tubelet.metrics.detection_figures import AveragePrecision, DetectionFigures, RankedHits
from tubelet.metrics.ranked_hits import Matching, ranked_boxes, ranked_tubes
from tubelet.metrics.score_order import first_listed_first, negated
from tubelet.metrics.tables import Boxes, Tubes
from tubelet.metrics.tube_overlap import YOWO

_MORE_INSTANCES = 1e-5


def yowo_frame_map(
    predictions: Boxes,
    truth: Boxes,
    classes: Sequence[str],
    threshold: float = 0.5,
    eleven_point: bool = False,
    videos_of_frames: NDArray[np.int64] | None = None,
) -> DetectionFigures:
    """Frame-mAP of boxes in pixels.

    Args:
        predictions: boxes with scores; YOWO's scripts leave out those under 0.1.
        truth: the boxes of the annotated tubes.
        classes: C names, in the order of the labels.
        threshold: overlap of a hit.
        eleven_point: whether to average the precision at eleven recalls, as VOC did until 2009.
        videos_of_frames: (F,) the video of each frame, for confidence intervals; without it a frame is a video.
    """
    matching = Matching(match_best_only, first_listed_first)
    ranked = ranked_boxes(predictions, truth, len(classes), threshold, True, matching, videos_of_frames)
    return _figures(np.array([threshold]), classes, ranked, eleven_points if eleven_point else interpolated)


def yowo_video_map(
    predictions: Tubes,
    truth: Tubes,
    classes: Sequence[str],
    thresholds: Sequence[float] | NDArray[np.float64] = (0.2, 0.5, 0.75),
    suppress_above: float = 0.3,
    exact: bool = False,
) -> DetectionFigures:
    """Video-mAP of tubes in pixels.

    Args:
        predictions: such as `tubelet.metrics.viterbi_linking.link_every_frame` gives.
        truth: the annotated tubes.
        classes: C names, in the order of the labels.
        thresholds: overlaps of a hit.
        suppress_above: overlap from which on a better tube of the same video and class suppresses one.
        exact: whether a perfect class has 1; the official code adds 1e-5 to its instances.
    """
    overlaps = np.asarray(thresholds, np.float64)
    kept = suppress_tubes(predictions, suppress_above, YOWO)
    matching = Matching(match_with_second_choice, negated)
    ranked = ranked_tubes(predictions, truth, len(classes), overlaps, YOWO, matching, kept)
    figures = _figures(overlaps, classes, ranked, interpolated if exact else _slightly_less)
    suppressed = len(predictions) - len(kept)
    more = {"tubes that a better one suppresses": suppressed} if suppressed else {}
    return replace(figures, ignored={**figures.ignored, **more})


def _figures(
    thresholds: NDArray[np.float64], classes: Sequence[str], ranked: tuple[RankedHits, ...], rule: AveragePrecision
) -> DetectionFigures:
    counted = np.array([one.positives > 0 for one in ranked], np.bool_)
    left_out = sum(len(one.scores) for one in ranked if not one.positives)
    ignored = {"predictions of classes without instances": left_out} if left_out else {}
    return DetectionFigures(thresholds, tuple(classes), ranked, rule, counted, ignored)


def _slightly_less(
    hits: NDArray[np.bool_], positives: float, weights: NDArray[np.float64] | None = None
) -> NDArray[np.float64]:
    """Interpolated average precision from points in float32, the recall divided by 1e-5 too much."""
    if positives <= 0:
        return np.full(hits.shape[:-1], np.nan)
    precision, recall = (
        points.astype(np.float32) for points in precision_recall(hits, positives + _MORE_INSTANCES, weights)
    )
    envelope = np.maximum.accumulate(precision[..., ::-1], axis=-1)[..., ::-1].astype(np.float64)
    steps = np.diff(recall.astype(np.float64), axis=-1, prepend=0.0)
    return np.asarray((envelope * steps).sum(axis=-1))
