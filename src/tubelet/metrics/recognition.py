"""The figures of action recognition: top-1, top-5, mean class accuracy, and the confusion behind them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray


@dataclass(frozen=True)
class RecognitionFigures:
    """What a recogniser reaches on a data set.

    Args:
        top1: share of the videos whose best class is right.
        top5: share of the videos whose class is among the best five (all, where there are fewer).
        mean_class_accuracy: mean over the classes that occur of the share of their videos that are right.
        num_videos: how many videos were scored.
        confusion: (K, K) counts, a row for each true class, a column for each predicted one.
    """

    top1: float
    top5: float
    mean_class_accuracy: float
    num_videos: int
    confusion: NDArray[np.int64]


def recognition_figures(scores: NDArray[np.floating], labels: NDArray[np.integer]) -> RecognitionFigures:
    """Score class scores (N, K) against labels (N,); of equal scores the lower class index goes first.

    Raises:
        ValueError: when there are no videos, the shapes do not fit, a score is not finite or a label is out of range.
    """
    scores, labels = np.asarray(scores), np.asarray(labels)
    if scores.ndim != 2 or labels.shape != scores.shape[:1] or not len(labels):
        raise ValueError(f"got scores {scores.shape} and labels {labels.shape}; expected (N, K) and (N,) with N >= 1.")
    num_classes = scores.shape[1]
    if not np.isfinite(scores).all():
        raise ValueError("scores are not finite.")
    if labels.min() < 0 or labels.max() >= num_classes:
        raise ValueError(f"labels run from {labels.min()} to {labels.max()}; expected 0 to {num_classes - 1}.")
    ranked = np.argsort(-scores, axis=1, kind="stable")
    hits = ranked == labels[:, None]
    confusion = np.bincount(labels * num_classes + ranked[:, 0], minlength=num_classes**2)
    confusion = confusion.reshape(num_classes, num_classes)
    videos = confusion.sum(axis=1)
    occurring = videos > 0
    return RecognitionFigures(
        top1=float(hits[:, 0].mean()),
        top5=float(hits[:, :5].any(axis=1).mean()),
        mean_class_accuracy=float((confusion.diagonal()[occurring] / videos[occurring]).mean()),
        num_videos=len(labels),
        confusion=confusion.astype(np.int64),
    )
