"""From segments to labels and scores of moments, as MultiTHUMOS and Charades measure frame by frame.

MultiTHUMOS' cells are every fourth frame. PointTAD (Tan et al., NeurIPS 2022) also turns its sparse segments into
scores of cells and mixes them with those of a dense head. Its evaluation has two scales of time: the dense labels
stand at frame // 4, while sparse scores, and the labels that the mixture is held against, divide the video's duration
by the number of cells, which is a little longer than four frames.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from tubelet.metrics.tables import Segments, TableError

CHARADES_MOMENTS = 25
_LEAST_SCORE, _SPREAD, _GAIN = 0.01, 3.0, 5.0  # of PointTAD's Gaussians; the spread in cells
_REACH = 117  # cells after which such a Gaussian is 0 in float64


def labels_at_frames(
    truth: Segments, frame_rate: float, num_frames: int, num_classes: int, interval: int = 4
) -> NDArray[np.bool_]:
    """Labels (num_frames // interval, C) of one video's cells, from the frame of the start to that of the end.

    Args:
        truth: the instances of the one video, seconds.
        frame_rate: frames over duration.
        num_frames: of the video.
        num_classes: C.
        interval: frames a cell.
    """
    starts, ends = ((times * frame_rate).astype(np.int64) // interval for times in (truth.starts, truth.ends))
    return _covered(starts, ends + 1, truth.labels, (num_frames // interval, num_classes))


def labels_in_cells(truth: Segments, duration: float, num_cells: int, num_classes: int) -> NDArray[np.bool_]:
    """Labels (num_cells, C) of one video whose duration (seconds) is divided into equal cells, both ends included."""
    starts, ends = (_cells(times, duration, num_cells) for times in (truth.starts, truth.ends))
    return _covered(starts, ends + 1, truth.labels, (num_cells, num_classes))


def labels_at_moments(
    truth: Segments, duration: float, num_classes: int, moments: int = CHARADES_MOMENTS
) -> NDArray[np.bool_]:
    """Labels (moments, C) of one video at equally spaced moments from 0 on: Charades localisation.

    A moment t has the labels of the instances with start <= t <= end.
    """
    times = np.arange(moments) * duration / moments
    first, last = np.searchsorted(times, truth.starts), np.searchsorted(times, truth.ends, side="right")
    return _covered(first, last, truth.labels, (moments, num_classes))


def scores_from_segments(
    predictions: Segments, duration: float, num_cells: int, num_classes: int
) -> NDArray[np.float64]:
    """Scores (num_cells, C) of one video's cells from its predicted segments, PointTAD's way.

    A cell takes the best score of the segments that cover it, their last cell not included, and spreads it over the
    video as a Gaussian three cells wide. The Gaussians stand one cell early, as they do in the official notebook.

    Raises:
        TableError: when the segments have no scores.
    """
    if predictions.scores is None:
        raise TableError("the segments have no scores; expected predictions.")
    best = np.zeros((num_cells, num_classes))
    starts, ends = (_cells(times, duration, num_cells) for times in (predictions.starts, predictions.ends))
    rows, cells = _spans(starts, ends, num_cells)
    np.maximum.at(best, (cells, predictions.labels[rows]), predictions.scores[rows])
    best[best <= _LEAST_SCORE] = 0.0
    away = np.arange(-_REACH, _REACH + 1)
    density = np.exp(-((away / _SPREAD) ** 2) / 2) / (_SPREAD * np.sqrt(2 * np.pi))
    early = slice(_REACH + 1, _REACH + 1 + num_cells)
    for k in np.flatnonzero(best.any(axis=0)):
        best[:, k] = np.convolve(best[:, k], _GAIN * density)[early]
    return best


def mix_scores(sparse: NDArray[np.floating], dense: NDArray[np.floating], sparse_weight: float) -> NDArray[np.floating]:
    """``sparse_weight`` (PointTAD's theta, 0.2 in the paper) times sparse scores, and dense ones by the rest of one."""
    return sparse_weight * sparse + (1 - sparse_weight) * dense


def _cells(times: NDArray[np.float64], duration: float, num_cells: int) -> NDArray[np.int64]:
    return (times / duration * num_cells).astype(np.int64)


def _covered(
    starts: NDArray[np.integer], ends: NDArray[np.integer], labels: NDArray[np.int64], shape: tuple[int, int]
) -> NDArray[np.bool_]:
    out = np.zeros(shape, np.bool_)
    rows, cells = _spans(starts, ends, shape[0])
    out[cells, labels[rows]] = True
    return out


def _spans(
    starts: NDArray[np.integer], ends: NDArray[np.integer], num_cells: int
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Each cell from a start to before an end: the span's row, the cell; outside of the video nothing."""
    starts = np.clip(starts, 0, num_cells)
    lengths = np.maximum(np.clip(ends, 0, num_cells) - starts, 0)
    rows = np.repeat(np.arange(len(starts)), lengths)
    return rows, np.arange(lengths.sum()) - np.repeat(np.cumsum(lengths) - lengths, lengths) + starts[rows]
