"""One row of class scores a video, from several views of it or several models.

What published systems do, by name: "mean" is mmaction2's ``average_clips="score"``, "probabilities" its "prob" and the
VideoMAE family's merging, "sum" is SlowFast's test of single labels (of what its head gives, which is softmaxed), "max"
its test of Charades. SlowFast's sum for several labels is not here: it starts at -1e10 in float32 and loses the scores.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from tubelet.errors import TubeletError

Fusion = Literal["sum", "mean", "max", "probabilities"]
Scores = NDArray[np.floating]


class FusionError(TubeletError):
    """Scores that cannot be joined."""


def softmax(scores: Scores) -> Scores:
    """Probabilities over the last axis."""
    powers = np.exp(scores - scores.max(axis=-1, keepdims=True))
    return powers / powers.sum(axis=-1, keepdims=True)


def fuse_views(scores: Scores, fusion: Fusion) -> Scores:
    """Join the views of each video.

    Args:
        scores: (N, V, K), a row for each of the V views (clips times crops).
        fusion: what is done with them.

    Returns:
        (N, K) in the scores' own precision.

    Raises:
        FusionError: when the shape is another or there are no views.
    """
    scores = np.asarray(scores)
    if scores.ndim != 3 or not scores.shape[1]:
        raise FusionError(f"scores of views have the shape {scores.shape}; expected (N, V, K) with V >= 1.")
    if fusion == "sum":
        return scores.sum(axis=1)
    if fusion == "max":
        return scores.max(axis=1)
    return (softmax(scores) if fusion == "probabilities" else scores).mean(axis=1)


def merge_listed_views(
    logits: Scores, videos: NDArray[np.integer], views: NDArray[np.integer]
) -> tuple[NDArray[np.integer], Scores]:
    """Join views that come in any order and, where workers padded their share, twice (the VideoMAE family's merging).

    Args:
        logits: (R, K) one row a view.
        videos: (R,) number of the video.
        views: (R, 2) chunk and crop; the first row of a repeated pair counts.

    Returns:
        The videos' numbers (N,), ascending, and the mean of their views' probabilities (N, K).

    Raises:
        FusionError: when the rows do not fit each other.
    """
    logits, videos, views = np.asarray(logits), np.asarray(videos), np.asarray(views)
    if logits.ndim != 2 or videos.shape != (len(logits),) or views.shape != (len(logits), 2):
        raise FusionError(
            f"got logits {logits.shape}, videos {videos.shape}, views {views.shape}; expected (R, K), (R,) and (R, 2)."
        )
    _, first = np.unique(np.column_stack([videos, views]), axis=0, return_index=True)
    numbers, starts, counts = np.unique(videos[first], return_index=True, return_counts=True)
    return numbers, np.add.reduceat(softmax(logits[first]), starts, axis=0) / counts[:, None]


def fuse_models(scores: Sequence[Scores], weights: Sequence[float]) -> NDArray[np.float64]:
    """The weighted sum of several models' scores (N, K); weights are taken as they are, not brought to a sum of one.

    Raises:
        FusionError: when there is not one weight a model or the models scored different videos or classes.
    """
    shapes = {np.shape(one) for one in scores}
    if len(scores) != len(weights) or len(shapes) != 1:
        raise FusionError(f"{len(scores)} arrays of the shapes {sorted(shapes)} and {len(weights)} weights do not fit.")
    return np.tensordot(np.asarray(weights, np.float64), np.stack(scores), axes=1)
