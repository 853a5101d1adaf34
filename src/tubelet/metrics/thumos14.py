"""Temporal detection as the THUMOS'14 evaluation kit measures it (TH14evalDet.m, 2015-09-30).

It differs from ActivityNet's code: the instances choose, in the order of the file, the free detection that overlaps
them most (so that a better fitting one wins over a better scored one); an overlap must exceed the threshold; unmatched
detections that touch an ambiguous interval count neither way; average precision is not interpolated. Papers since about
2019 use ActivityNet's code on the same data: `tubelet.metrics.temporal_detection` with its THUMOS'14 thresholds.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from tubelet.metrics.average_precision import at_hits
from tubelet.metrics.detection_figures import DetectionFigures
from tubelet.metrics.matching import Floats, Side, match_in_turn, pairs
from tubelet.metrics.ranked_hits import split_by_class
from tubelet.metrics.tables import Segments, TableError
from tubelet.metrics.temporal_detection import groups_of

KIT_THRESHOLDS = np.linspace(0.1, 0.5, 5)


def thumos14_detection(
    truth: Segments,
    predictions: Segments,
    classes: Sequence[str],
    ambiguous: Segments | None = None,
    thresholds: Floats = KIT_THRESHOLDS,
) -> DetectionFigures:
    """Average precision of each class at each threshold.

    Args:
        truth: the instances in the order of the kit's files. Ends before starts are put in order, as in the kit.
        predictions: with scores. Equal scores stand in the order of their videos' numbers, then as listed: the kit goes
            through the videos by name, so number them in that order.
        classes: name of each class number. A class without detections has 0.
        ambiguous: intervals of each video in which unmatched detections do not count; their classes are not looked at.
        thresholds: (T,) overlaps that a match must exceed.

    Raises:
        TableError: when predictions have no scores or a class has no instance: the kit wants one of each.
    """
    missing = np.setdiff1d(np.arange(len(classes)), truth.labels)
    if len(missing):
        raise TableError(f"the class {classes[missing[0]]} has no instance; the kit measures classes that have some.")
    known = (predictions.labels >= 0) & (predictions.labels < len(classes))
    ignored = {} if known.all() else {"predictions of other classes": int(np.count_nonzero(~known))}
    predictions = _in_order(predictions.take(known))
    predictions = predictions.take(np.lexsort((predictions.videos, -_scores(predictions), predictions.labels)))
    thresholds = np.asarray(thresholds, np.float64)
    hits = _hits(_in_order(truth), predictions, thresholds)
    counted = hits | ~_touching(predictions, ambiguous)
    if not counted.all():
        ignored["unmatched predictions in ambiguous intervals, over all thresholds"] = int(np.count_nonzero(~counted))
    ranked = split_by_class(
        predictions.labels, _scores(predictions), predictions.videos, hits, truth.labels, truth.videos, len(classes)
    )
    bounds = np.searchsorted(predictions.labels, np.arange(1, len(classes)))
    parts = np.split(counted, bounds, axis=1)
    ranked = tuple(replace(one, counted=part) for one, part in zip(ranked, parts, strict=True))
    return DetectionFigures(thresholds, tuple(classes), ranked, at_hits, np.ones(len(classes), np.bool_), ignored)


def official_lines(figures: DetectionFigures, threshold: float) -> list[str]:
    """What TH14evalDet.m prints for one threshold."""
    row = int(np.argmin(abs(figures.thresholds - threshold)))
    lines = [
        f"AP:{value:1.3f} at overlap {threshold:1.1f} for {name}"
        for name, value in zip(figures.classes, figures.average_precision[row], strict=True)
    ]
    return [*lines, f"MAP: {figures.by_threshold[row]:f}"]


def hull_overlap(starts: Floats, ends: Floats, other_starts: Floats, other_ends: Floats) -> Floats:
    """Intersection over the interval that holds both; 0 for segments that do not meet."""
    shared = np.minimum(ends, other_ends) - np.maximum(starts, other_starts)
    hull = np.maximum(ends, other_ends) - np.minimum(starts, other_starts)
    return np.divide(shared, hull, out=np.zeros_like(shared), where=shared > 0)


def _hits(truth: Segments, predictions: Segments, thresholds: Floats) -> NDArray[np.bool_]:
    """(T, N) whether an instance chose each prediction; of equal overlaps it takes the best scored."""
    groups, instance_groups = groups_of(predictions, truth)
    turns = np.argsort(instance_groups, kind="stable")
    offered = np.lexsort((-np.arange(len(predictions)), groups))  # worst first: of equals the last listed is taken
    matches = match_in_turn(
        Side(instance_groups[turns], truth.starts[turns], truth.ends[turns]),
        Side(groups[offered], predictions.starts[offered], predictions.ends[offered]),
        thresholds,
        hull_overlap,
        strict=True,
    )
    hits = np.zeros((len(thresholds), len(predictions)), np.bool_)
    hits[matches.thresholds, offered[matches.offered]] = True
    return hits


def _touching(predictions: Segments, ambiguous: Segments | None) -> NDArray[np.bool_]:
    """(N,) whether a prediction shares time with an ambiguous interval of its video."""
    touching = np.zeros(len(predictions), np.bool_)
    if ambiguous is None:
        return touching
    intervals = _in_order(ambiguous)
    intervals = intervals.take(np.argsort(intervals.videos, kind="stable"))
    order = np.argsort(predictions.videos, kind="stable")
    one = Side(predictions.videos[order], predictions.starts[order], predictions.ends[order])
    other = Side(intervals.videos, intervals.starts, intervals.ends)
    for rows, others in pairs(one, other):
        shared = hull_overlap(one.starts[rows], one.ends[rows], other.starts[others], other.ends[others]) > 0
        touching[order[rows[shared]]] = True
    return touching


def _in_order(table: Segments) -> Segments:
    """Segments whose ends come after their starts."""
    return replace(table, starts=np.minimum(table.starts, table.ends), ends=np.maximum(table.starts, table.ends))


def _scores(predictions: Segments) -> Floats:
    if predictions.scores is None:
        raise TableError("the predictions have no scores; expected one for each.")
    return predictions.scores
