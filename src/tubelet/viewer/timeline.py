"""A picture of what happens when: ground truth, predicted segments, and the scores of sliding windows over time.

Figures are matplotlib's, made without pyplot, so that they can be drawn in any thread and leave no state behind.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tubelet.annotations import Segment, Video
from tubelet.viewer.drawing import mentioned_labels
from tubelet.viewer.palette import assign_colors, color_of

FAINT = 0.02
LETTERS = 125  # of the size of segments' names side by side over the whole width


class WindowScores(Protocol):
    """Scores of sliding windows: what `tubelet.inference.Timeline` offers, or anything that has the same three."""

    @property
    def windows(self) -> np.ndarray:
        """(W, 2) start and end of each window in seconds, ascending."""

    @property
    def scores(self) -> np.ndarray:
        """(W, K) scores in [0, 1]."""

    @property
    def classes(self) -> Sequence[str]:
        """K names."""


def leading_classes(scores: WindowScores, count: int) -> list[int]:
    """Indices of the classes worth a row: the highest peaks, in the order in which they peak.

    At most `count`; beyond the first three only those that ever reach `FAINT`.
    """
    if len(scores.windows) == 0:
        return []
    peaks = scores.scores.max(axis=0)
    best = [int(k) for k in np.argsort(-peaks, kind="stable")[:count]]
    return sorted(
        (k for place, k in enumerate(best) if place < 3 or peaks[k] >= FAINT),
        key=lambda k: int(scores.scores[:, k].argmax()),
    )


def timeline_figure(
    video: Video, *, truth: Video | None = None, scores: WindowScores | None = None, rows: int = 10
) -> Figure:
    """Draw a timeline.

    Args:
        video: predicted segments.
        truth: ground truth, a lane above them.
        scores: sliding windows, drawn as one strip of heat a class below them.
        rows: at most so many classes get a strip.
    """
    leading = leading_classes(scores, rows) if scores is not None else []
    colors = assign_colors(
        [*mentioned_labels(truth, video), *(scores.classes[k] for k in leading if scores is not None)]
    )
    lanes = [(name, lane.segments) for name, lane in (("truth", truth), ("predicted", video)) if lane is not None]
    heights = [0.42] * len(lanes) + [0.26] * len(leading)
    figure = Figure(figsize=(10, 0.75 + sum(heights)), dpi=150, layout="constrained", facecolor="white")
    ends = [s.end for _, lane in lanes for s in lane] + ([float(scores.windows[-1, 1])] if leading and scores else [])
    duration = video.duration or max(ends, default=1.0)
    axes = figure.subplots(len(heights), 1, sharex=True, squeeze=False, gridspec_kw={"height_ratios": heights})[:, 0]
    for ax, (name, segments) in zip(axes, lanes, strict=False):
        _draw_segments(ax, name, segments, colors, duration)
    if scores is not None:
        for ax, k in zip(axes[len(lanes) :], leading, strict=True):
            _draw_heat(ax, scores, k, color_of(scores.classes[k], colors))
    for ax in axes:
        ax.set_yticks([])
        ax.spines[:].set_visible(False)
        ax.tick_params(axis="x", length=0, labelbottom=False)
    axes[-1].tick_params(axis="x", length=3, labelbottom=True, labelsize=8, colors="#5b6472")
    axes[-1].set_xlabel("seconds", fontsize=8, color="#5b6472")
    axes[-1].set_xlim(0, duration)
    figure.suptitle(Path(video.path).name, x=0.01, ha="left", fontsize=10, fontweight="bold", color="#12151a")
    return figure


def save_timeline(
    path: str | os.PathLike[str],
    video: Video,
    *,
    truth: Video | None = None,
    scores: WindowScores | None = None,
    rows: int = 10,
) -> Path:
    """Write `timeline_figure` to a file; the suffix says which format (png, svg, pdf); returns the path."""
    return save_figure(path, timeline_figure(video, truth=truth, scores=scores, rows=rows))


def save_figure(path: str | os.PathLike[str], figure: Figure) -> Path:
    """Write a figure under a temporary name that is renamed when it is whole; returns the path."""
    path = Path(path)
    part = path.with_name(f".{path.name}.part")
    figure.savefig(part, format=path.suffix.lstrip(".") or "png")
    part.replace(path)
    return path


def _draw_segments(
    ax: Axes, name: str, segments: Sequence[Segment], colors: Mapping[str, int], duration: float
) -> None:
    ax.set_ylabel(name, rotation=0, ha="right", va="center", fontsize=8, color="#12151a", fontweight="bold")
    ax.set_facecolor("#f1f3f6")
    ax.set_ylim(0, 1)
    for segment in segments:
        length = segment.end - segment.start
        color = color_of(segment.label, colors)
        ax.broken_barh([(segment.start, length)], (0.06, 0.88), facecolor=color, edgecolor="white")
        letters = int(length / duration * LETTERS)
        text = segment.label if len(segment.label) <= letters else f"{segment.label[: letters - 1]}…"
        if letters >= 3:
            ax.text(segment.start + length / 2, 0.48, text, ha="center", va="center", fontsize=7, color="white")


def _draw_heat(ax: Axes, scores: WindowScores, k: int, color: str) -> None:
    ax.set_ylabel(scores.classes[k], rotation=0, ha="right", va="center", fontsize=8, color="#12151a")
    ax.set_facecolor("#f1f3f6")
    ax.set_ylim(0, 1)
    starts, ends = window_cells(scores.windows)
    for start, end, score in zip(starts, ends, scores.scores[:, k], strict=True):
        ax.axvspan(start, end, color=color, alpha=float(np.clip(score, 0.0, 1.0)), linewidth=0)


def window_cells(windows: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Where each window is drawn, so that overlapping windows tile the time: halfway to the centres of its neighbours.

    Args:
        windows: (W, 2) seconds, ascending.

    Returns:
        Starts (W,) and ends (W,); the first cell starts and the last ends with its window.
    """
    if len(windows) == 0:
        return np.zeros(0), np.zeros(0)
    centres = windows.mean(axis=1)
    between = (centres[1:] + centres[:-1]) / 2
    return np.concatenate([windows[:1, 0], between]), np.concatenate([between, windows[-1:, 1]])
