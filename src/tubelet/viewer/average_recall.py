"""A picture of proposals: average recall against how many are taken a video."""

import os
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from tubelet.viewer.average_precision import plain
from tubelet.viewer.palette import PALETTE
from tubelet.viewer.timeline import save_figure

_INK, _FAINT = "#12151a", "#5b6472"


def average_recall_figure(
    per_video: np.ndarray, recall: np.ndarray, thresholds: np.ndarray, *, title: str = "Average recall"
) -> Figure:
    """Draw the recall at every threshold faintly, and their mean with the area under it.

    Args:
        per_video: (J,) mean number of proposals a video.
        recall: (T, J) share of the instances found.
        thresholds: (T,) least overlap that finds an instance.
        title: stands above it.
    """
    figure = Figure(figsize=(7.2, 4.4), dpi=150, layout="constrained", facecolor="white")
    ax = figure.subplots()
    for number, (row, threshold) in enumerate(zip(recall, thresholds, strict=True)):
        ax.plot(per_video, row, color="#b9c4d2", linewidth=0.9)
        if number == 0 or (number == len(thresholds) - 1 and recall[0, -1] - row[-1] > 0.03):
            near = (per_video[-1], row[-1])
            ax.annotate(f" {threshold:.2f}", near, fontsize=7, color=_FAINT, va="center")
    average = recall.mean(axis=0)
    ax.fill_between(per_video, average, color=PALETTE[0][0], alpha=0.12, linewidth=0)
    ax.plot(per_video, average, color=PALETTE[0][0], linewidth=2.2, label="mean over overlaps")
    ax.set_xlim(0, per_video[-1] * 1.05)
    ax.set_ylim(0, 1.02)
    ax.set_xlabel("proposals a video", color=_FAINT)
    ax.set_ylabel("recall", color=_FAINT)
    ax.legend(loc="lower right", frameon=True, facecolor="white", edgecolor="white", fontsize=8, labelcolor=_INK)
    plain(ax, "both")
    figure.suptitle(title, fontsize=11, fontweight="bold", color=_INK)
    return figure


def save_average_recall(
    path: str | os.PathLike[str],
    per_video: np.ndarray,
    recall: np.ndarray,
    thresholds: np.ndarray,
    *,
    title: str = "Average recall",
) -> Path:
    """Write `average_recall_figure` to a file; the suffix says which format (png, svg, pdf); returns the path."""
    return save_figure(path, average_recall_figure(per_video, recall, thresholds, title=title))
