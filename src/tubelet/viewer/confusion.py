"""A picture of a confusion matrix: which classes are taken for which.

Rows are the truth, columns the prediction, each row normalised to one, so that the diagonal is the accuracy of each
class. Up to thirty classes get names and numbers; a matrix of hundreds shows its structure, and the worst confusions
are listed.
"""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import LinearSegmentedColormap
from matplotlib.figure import Figure

from tubelet.viewer.timeline import save_figure

NAMED = 30  # up to so many classes, every row and column has its name
_MAP = LinearSegmentedColormap.from_list("tubelet", ["#f4f6f9", "#b9d3f3", "#5a9cf0", "#1f5fb4", "#0f2f63"])


def worst_confusions(matrix: np.ndarray, count: int = 8) -> list[tuple[int, int, float]]:
    """The commonest mistakes of a (C, C) matrix of counts: (truth, prediction, share of the truth's videos)."""
    shares = _row_shares(matrix)
    np.fill_diagonal(shares, 0.0)
    order = np.argsort(-shares, axis=None, kind="stable")[:count]
    pairs = [divmod(int(flat), len(shares)) for flat in order]
    return [
        (truth, prediction, float(shares[truth, prediction]))
        for truth, prediction in pairs
        if shares[truth, prediction]
    ]


def confusion_figure(matrix: np.ndarray, classes: Sequence[str], *, title: str = "Confusion") -> Figure:
    """Draw a confusion matrix.

    Args:
        matrix: (C, C) counts, truth by prediction.
        classes: C names.
        title: stands above it, followed by the accuracy.

    Raises:
        ValueError: the matrix is not square or has another number of classes.
    """
    matrix = np.asarray(matrix)
    if matrix.shape != (len(classes), len(classes)):
        raise ValueError(f"a confusion matrix of shape {matrix.shape} does not fit {len(classes)} classes.")
    named = len(classes) <= NAMED
    side = 2.6 + 0.42 * len(classes) if named else 8.0
    figure = Figure(figsize=(side + (0 if named else 3.2), side), dpi=150, layout="constrained", facecolor="white")
    if named:
        ax, listing = figure.subplots(), None
    else:
        ax, listing = figure.subplots(1, 2, width_ratios=(8, 3.2))
    shares = _row_shares(matrix)
    ax.imshow(shares, cmap=_MAP, vmin=0.0, vmax=1.0, interpolation="nearest" if named else "antialiased")
    ax.set_xlabel("predicted", color="#5b6472")
    ax.set_ylabel("truth", color="#5b6472")
    ax.spines[:].set_visible(False)
    ax.tick_params(length=0, labelsize=8 if named else 7, colors="#12151a")
    if named:
        _name_cells(ax, shares, classes)
    if listing is not None:
        _list_worst(listing, matrix, classes)
    total = int(matrix.sum())
    accuracy = float(np.trace(matrix)) / total if total else 0.0
    figure.suptitle(f"{title}: {accuracy:.1%} of {total:,} right", fontsize=11, fontweight="bold", color="#12151a")
    return figure


def save_confusion(
    path: str | os.PathLike[str], matrix: np.ndarray, classes: Sequence[str], *, title: str = "Confusion"
) -> Path:
    """Write `confusion_figure` to a file; the suffix says which format (png, svg, pdf); returns the path."""
    return save_figure(path, confusion_figure(matrix, classes, title=title))


def _row_shares(matrix: np.ndarray) -> np.ndarray:
    counts = np.asarray(matrix, np.float64)
    return counts / np.maximum(counts.sum(axis=1, keepdims=True), 1.0)


def _name_cells(ax: Axes, shares: np.ndarray, classes: Sequence[str]) -> None:
    ax.set_xticks(range(len(classes)), classes, rotation=45, ha="right", rotation_mode="anchor")
    ax.set_yticks(range(len(classes)), classes)
    ax.set_xticks(np.arange(len(classes) - 1) + 0.5, minor=True)
    ax.set_yticks(np.arange(len(classes) - 1) + 0.5, minor=True)
    ax.grid(which="minor", color="white", linewidth=1.5)
    ax.tick_params(which="minor", length=0)
    for (row, column), share in np.ndenumerate(shares):
        if share >= 0.005:
            ink = "white" if share > 0.45 else "#12151a"
            ax.text(column, row, f"{share * 100:.0f}", ha="center", va="center", fontsize=7.5, color=ink)


def _list_worst(ax: Axes, matrix: np.ndarray, classes: Sequence[str]) -> None:
    ax.axis("off")
    ax.text(
        0, 1, "Most often confused", fontsize=9, fontweight="bold", va="top", transform=ax.transAxes, color="#12151a"
    )
    for row, (truth, prediction, share) in enumerate(worst_confusions(matrix, 16)):
        text = f"{share:4.0%}  {classes[truth]}\n           as {classes[prediction]}"
        ax.text(0, 0.95 - row * 0.058, text, fontsize=7.5, va="top", transform=ax.transAxes, color="#12151a")
