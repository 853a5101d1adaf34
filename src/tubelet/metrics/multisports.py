"""MultiSports: frame-mAP@0.5, video-mAP, and the official account of what is missing to a perfect score.

Li et al., MultiSports, ICCV 2021; evaluate_multisports.py. Boxes in pixels that do not hold their last one, the best
instance or none (one choice), all-point average precision, mean over the classes that have instances. Six classes
never count: `EXCLUDED_CLASSES`.

The official overlap of tubes does not count the last frame in. Tubes of one frame therefore cannot be found, and block
the tubes that are compared with them (NaN): that is the default here, for its figures are the published ones;
``convention=LAST_FRAME_COUNTED`` counts the last frame in.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table

from tubelet.metrics.average_precision import interpolated
from tubelet.metrics.box_matching import match_best_only
from tubelet.metrics.detection_figures import DetectionFigures, RankedHits
from tubelet.metrics.ranked_hits import Matching, ranked_boxes, ranked_tubes
from tubelet.metrics.score_order import negated
from tubelet.metrics.tables import Boxes, TableError, Tubes
from tubelet.metrics.tube_errors import ERRORS, MISSED, error_kinds
from tubelet.metrics.tube_overlap import MULTISPORTS, TubeConvention

EXCLUDED_CLASSES = (
    "aerobic kick jump",
    "aerobic off axis jump",
    "aerobic butterfly jump",
    "aerobic balance turn",
    "basketball save",
    "basketball jump ball",
)
LAST_FRAME_COUNTED = TubeConvention(last_pixel=False, last_frame=True)
LOW_OVERLAPS = np.arange(1, 10) * 0.05
CHALLENGE_OVERLAPS = np.arange(1, 10) * 0.1
HIGH_OVERLAPS = np.arange(10, 20) * 0.05

_MATCHING = Matching(match_best_only, negated)


def multisports_frame_map(
    predictions: Boxes,
    truth: Boxes,
    classes: Sequence[str],
    videos_of_frames: NDArray[np.int64] | None = None,
) -> DetectionFigures:
    """Frame-mAP@0.5 of boxes in pixels.

    Args:
        predictions: of all classes; those of classes that do not count are reported as ignored.
        truth: of all classes.
        classes: C names, in the order of the labels.
        videos_of_frames: (F,) the video of each frame, for confidence intervals; without it a frame is a video.
    """
    ranked = ranked_boxes(predictions, truth, len(classes), 0.5, False, _MATCHING, videos_of_frames)
    return _figures(np.array([0.5]), classes, ranked)


def multisports_video_map(
    predictions: Tubes,
    truth: Tubes,
    classes: Sequence[str],
    thresholds: Sequence[float] | NDArray[np.float64] = (0.2, 0.5),
    convention: TubeConvention = MULTISPORTS,
) -> DetectionFigures:
    """Video-mAP of tubes in pixels.

    Args:
        predictions: of all classes; those of classes that do not count are reported as ignored.
        truth: of all classes.
        classes: C names, in the order of the labels.
        thresholds: 0.2 and 0.5, or one of `LOW_OVERLAPS`, `CHALLENGE_OVERLAPS` (which ranks) and `HIGH_OVERLAPS`.
        convention: `LAST_FRAME_COUNTED` for an overlap by which tubes of one frame can be found.
    """
    overlaps = np.asarray(thresholds, np.float64)
    ranked = ranked_tubes(predictions, truth, len(classes), overlaps, convention, _MATCHING)
    return _figures(overlaps, classes, ranked)


def _figures(
    thresholds: NDArray[np.float64], classes: Sequence[str], ranked: tuple[RankedHits, ...]
) -> DetectionFigures:
    counts = ~np.isin(classes, EXCLUDED_CLASSES)
    known = np.array([one.positives > 0 for one in ranked], np.bool_)
    sizes = np.array([len(one.scores) for one in ranked], np.int64)
    ignored = {
        "predictions of classes that never count": int(sizes[~counts].sum()),
        "predictions of classes without instances": int(sizes[counts & ~known].sum()),
    }
    ignored = {what: count for what, count in ignored.items() if count}
    return DetectionFigures(thresholds, tuple(classes), ranked, interpolated, counts & known, ignored)


@dataclass(frozen=True)
class ErrorShares:
    """How the area above and below the precision-recall curves is made up.

    Args:
        average_precision: mean area below the curves, of straight lines; a fraction.
        errors: mean area that each kind of error takes; "missed" is the recall that is never reached.
    """

    average_precision: float
    errors: Mapping[str, float]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """A row for each share."""
        table = Table(title="what the whole is made up of", title_justify="left")
        table.add_column("share")
        table.add_column("%", justify="right")
        for name, share in {"average precision": self.average_precision, **self.errors}.items():
            table.add_row(name, f"{100 * share:.2f}")
        yield table


def multisports_error_shares(
    predictions: Tubes,
    truth: Tubes,
    classes: Sequence[str],
    threshold: float = 0.2,
    convention: TubeConvention = MULTISPORTS,
    only_with_instances: bool = False,
) -> ErrorShares:
    """The official error analysis: precision and all errors' shares of the predictions integrated over recall.

    Args:
        predictions: as for `multisports_video_map`.
        truth: likewise.
        classes: C names, in the order of the labels.
        threshold: overlap of a hit.
        convention: as for `multisports_video_map`.
        only_with_instances: the mean over the classes with instances. The official mean is over all that count, where
            a class without instances is missed entirely and must not have predictions.

    Raises:
        TableError: where the official script fails: an overlap of tubes of one frame, or predictions of a class
            without instances.
    """
    ranked = ranked_tubes(predictions, truth, len(classes), np.array([threshold]), convention, _MATCHING)
    kinds = error_kinds(predictions, truth, ranked, _MATCHING, threshold, convention)
    rows = []
    for name, one, kind in zip(classes, ranked, kinds, strict=True):
        if name in EXCLUDED_CLASSES or (only_with_instances and not one.positives):
            continue
        if len(kind) and not one.positives:
            raise TableError(f"the class {name!r} has {len(kind)} predictions and no instance; expected some.")
        rows.append(_shares(kind, one.positives))
    mean = np.mean(rows, axis=0) if rows else np.full(len(ERRORS) + 2, np.nan)
    names = (*ERRORS, MISSED)
    return ErrorShares(float(mean[0]), {name: float(share) for name, share in zip(names, mean[1:], strict=True)})


def _shares(kinds: NDArray[np.int64], positives: int) -> NDArray[np.float64]:
    """(E + 2,) average precision, the areas of the errors and of what is missed, of one class."""
    if not len(kinds):
        return np.array([0.0] * (len(ERRORS) + 1) + [1.0])
    listed = np.arange(1, len(kinds) + 1)
    shares = np.cumsum(kinds == np.arange(-1, len(ERRORS))[:, None], axis=1) / listed
    start = np.zeros((len(shares), 1))
    start[0] = 1.0
    recall = np.concatenate([[0.0], np.cumsum(kinds == -1) / positives])
    areas = np.trapezoid(np.concatenate([start, shares], axis=1), recall, axis=1)
    return np.append(areas, 1.0 - recall[-1])
