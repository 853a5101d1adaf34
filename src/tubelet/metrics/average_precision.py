"""The ways from ranked hits to average precision that the field's evaluators take.

All take the predictions of one class, best first, as ``hits`` (..., K): whether each found an instance, a row for each
threshold, and ``positives``, how many instances there are. ``weights`` (K,) or (..., K) count a prediction more than
once or not at all, as a bootstrap over videos asks for. Without predictions the average precision is 0, without
instances NaN.

Facts: PASCAL VOC 2010 (interpolated), VOC 2007 (11 points), THUMOS'14 kit (at the hits), ACT (trapezoid).
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Hits = NDArray[np.bool_]
Figures = NDArray[np.float64]


def precision_recall(hits: Hits, positives: float, weights: Figures | None = None) -> tuple[Figures, Figures]:
    """Precision and recall (..., K) after each prediction."""
    found = np.cumsum(hits if weights is None else hits * weights, axis=-1, dtype=np.float64)
    listed = np.arange(1.0, hits.shape[-1] + 1) if weights is None else np.cumsum(weights, axis=-1)
    with np.errstate(divide="ignore", invalid="ignore"):
        precision = np.where(listed > 0, found / listed, 0.0)
        return precision, found / np.float64(positives)


def interpolated(hits: Hits, positives: float, weights: Figures | None = None) -> Figures:
    """Area under the precision envelope (VOC 2010): recall steps times the best precision from there on."""
    return _mean_over_hits(hits, positives, weights, envelope=True)


def at_hits(hits: Hits, positives: float, weights: Figures | None = None) -> Figures:
    """Mean over the instances of the precision where each was found, not interpolated; 0 for those never found."""
    return _mean_over_hits(hits, positives, weights, envelope=False)


def eleven_points(hits: Hits, positives: float, weights: Figures | None = None) -> Figures:
    """Mean of the best precision at recalls of at least 0, 0.1, ... 1 (VOC 2007)."""
    precision, recall = precision_recall(hits, positives, weights)
    best = [np.max(precision, axis=-1, initial=0.0, where=recall >= point) for point in np.arange(0.0, 1.1, 0.1)]
    return np.mean(best, axis=0) if positives > 0 else np.full(hits.shape[:-1], np.nan)


def trapezoid(hits: Hits, positives: float, weights: Figures | None = None) -> Figures:
    """Area under the straight lines between the points, from (recall 0, precision 1) on (ACT).

    The official code keeps the points in float32; so does this one, so that equal files give equal figures.
    """
    precision, recall = precision_recall(hits, positives, weights)
    if weights is not None:  # what comes before the first that counts stands at the start
        precision = np.where(np.cumsum(weights, axis=-1) > 0, precision, 1.0)
    start = np.zeros((*hits.shape[:-1], 1), np.float32)
    precision = np.concatenate([start + 1, precision.astype(np.float32)], axis=-1)
    recall = np.concatenate([start, recall.astype(np.float32)], axis=-1)
    area = np.sum(np.diff(recall, axis=-1) * (precision[..., 1:] + precision[..., :-1]) * np.float32(0.5), axis=-1)
    return area.astype(np.float64) if positives > 0 else np.full(hits.shape[:-1], np.nan)


def _mean_over_hits(hits: Hits, positives: float, weights: Figures | None, envelope: bool) -> Figures:
    """Precision is looked at where something was found: hits are few, and it only falls between them."""
    if positives <= 0:
        return np.full(hits.shape[:-1], np.nan)
    listed = None if weights is None else np.broadcast_to(np.cumsum(weights, axis=-1), hits.shape)
    areas = np.zeros(hits.shape[:-1])
    for row in np.ndindex(areas.shape):
        places = np.flatnonzero(hits[row])
        if listed is None or weights is None:
            counts, precision = np.ones(len(places)), np.arange(1.0, len(places) + 1) / (places + 1)
        else:
            counts, before = np.broadcast_to(weights, hits.shape)[row][places], listed[row][places]
            precision = np.divide(np.cumsum(counts), before, out=np.zeros(len(places)), where=before > 0)
        if envelope:
            precision = np.maximum.accumulate(precision[::-1])[::-1]
        areas[row] = precision @ counts / positives
    return areas
