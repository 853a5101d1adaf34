"""Pictures of average precision: a bar for each class, best first, and the precision-recall curves behind it.

Up to sixty classes get a named bar. Of more, the profile is drawn and the best and the worst are named beside it.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tubelet.viewer.palette import PALETTE
from tubelet.viewer.timeline import save_figure

NAMED = 60  # up to so many classes, every bar has its name
LISTED = 10  # of more, so many best and worst are named
_INK, _FAINT, _LINES = "#12151a", "#5b6472", "#e3e7ed"
_BAR = PALETTE[0][0]


def average_precision_figure(
    average_precision: np.ndarray, classes: Sequence[str], *, title: str = "Average precision"
) -> Figure:
    """Draw a bar for each class, best first, and the mean.

    Args:
        average_precision: (C,) in [0, 1]; NaN for a class without instances, which is left out and counted.
        classes: C names.
        title: stands above it, followed by the mean.

    Raises:
        ValueError: another number of classes, or none with a figure.
    """
    values = np.asarray(average_precision, np.float64)
    if values.shape != (len(classes),) or not np.isfinite(values).any():
        raise ValueError(
            f"average precision of shape {values.shape} does not fit {len(classes)} classes, or is all NaN."
        )
    order = np.argsort(-values, kind="stable")[: np.count_nonzero(np.isfinite(values))]
    values, names = values[order], [classes[k] for k in order]
    mean = float(values.mean())
    left_out = len(classes) - len(names)
    heading = f"{title}: mean {100 * mean:.1f}% of {len(names)} classes"
    heading += f" ({left_out} without instances left out)" if left_out else ""
    if len(names) <= NAMED:
        figure = Figure(figsize=(7, 1.1 + 0.2 * len(names)), dpi=150, layout="constrained", facecolor="white")
        _named_bars(figure.subplots(), values, names, mean)
    else:
        figure = Figure(figsize=(11, 4.6), dpi=150, layout="constrained", facecolor="white")
        profile, best, worst = figure.subplots(1, 3, width_ratios=(5, 2, 2))
        _profile(profile, values, mean)
        _listing(best, "Best", values[:LISTED], names[:LISTED])
        _listing(worst, "Worst", values[-LISTED:], names[-LISTED:])
    figure.suptitle(heading, fontsize=11, fontweight="bold", color=_INK)
    return figure


def precision_recall_figure(
    curves: Mapping[str, tuple[np.ndarray, np.ndarray]], *, title: str = "Precision and recall"
) -> Figure:
    """Draw precision over recall.

    Args:
        curves: name of a class to precision (K,) and recall (K,), best prediction first. Up to the palette's twelve are
            told apart; of more, all are drawn faintly, with the mean precision at each recall on top.
        title: stands above it.

    Raises:
        ValueError: no curves.
    """
    if not curves:
        raise ValueError("there are no curves to draw.")
    figure = Figure(figsize=(7.2, 4.8), dpi=150, layout="constrained", facecolor="white")
    ax = figure.subplots()
    few = len(curves) <= len(PALETTE)
    for (name, (precision, recall)), (color, _) in zip(curves.items(), PALETTE * len(curves), strict=False):
        x, y = np.append(0.0, recall), np.append(precision[:1] if len(precision) else 0.0, precision)
        ax.plot(x, y, color=color if few else "#b9c4d2", linewidth=1.6 if few else 0.5, label=name if few else None)
    if few:
        ax.legend(loc="center left", bbox_to_anchor=(1.0, 0.5), frameon=False, fontsize=8, labelcolor=_INK)
    else:
        points = np.linspace(0, 1, 101)
        levels = np.mean([_best_from(precision, recall, points) for precision, recall in curves.values()], axis=0)
        ax.plot(points, levels, color=_BAR, linewidth=2.2, label=f"mean of {len(curves)} classes")
        ax.legend(loc="upper right", frameon=True, facecolor="white", edgecolor="white", fontsize=8, labelcolor=_INK)
    ax.set_xlim(0, 1)
    ax.set_ylim(0, 1.02)
    ax.set_xlabel("recall", color=_FAINT)
    ax.set_ylabel("precision", color=_FAINT)
    plain(ax, "both")
    figure.suptitle(title, fontsize=11, fontweight="bold", color=_INK)
    return figure


def save_average_precision(
    path: str | os.PathLike[str],
    average_precision: np.ndarray,
    classes: Sequence[str],
    *,
    title: str = "Average precision",
) -> Path:
    """Write `average_precision_figure` to a file; the suffix says which format (png, svg, pdf); returns the path."""
    return save_figure(path, average_precision_figure(average_precision, classes, title=title))


def save_precision_recall(
    path: str | os.PathLike[str],
    curves: Mapping[str, tuple[np.ndarray, np.ndarray]],
    *,
    title: str = "Precision and recall",
) -> Path:
    """Write `precision_recall_figure` to a file; the suffix says which format (png, svg, pdf); returns the path."""
    return save_figure(path, precision_recall_figure(curves, title=title))


def plain(ax: Axes, grid: str) -> None:
    """The look of a plot here: no frame, no ticks, faint lines along "x", "y" or "both"."""
    ax.spines[:].set_visible(False)
    ax.tick_params(which="both", length=0, labelsize=8, colors=_INK)
    ax.grid(axis=grid, color=_LINES, linewidth=0.8)  # type: ignore[arg-type]
    ax.set_axisbelow(True)


def _best_from(precision: np.ndarray, recall: np.ndarray, points: np.ndarray) -> np.ndarray:
    """The best precision at each recall or beyond it; 0 where none reaches it."""
    envelope = np.append(np.maximum.accumulate(precision[::-1])[::-1], 0.0)
    return envelope[np.searchsorted(recall, points)]


def _named_bars(ax: Axes, values: np.ndarray, names: Sequence[str], mean: float) -> None:
    ax.barh(np.arange(len(names)), values, height=0.72, color=_BAR)
    for row, value in enumerate(values):
        ground = {"facecolor": "white", "edgecolor": "none", "pad": 0.6}  # the line of the mean may pass behind
        ax.text(value + 0.008, row, f"{100 * value:.1f}", va="center", fontsize=7, color=_INK, bbox=ground)
    ax.axvline(mean, color=PALETTE[1][0], linewidth=1.2, zorder=0.9)
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(len(names) - 0.4, -0.6)
    _percent_axis(ax)


def _profile(ax: Axes, values: np.ndarray, mean: float) -> None:
    ax.bar(np.arange(1, len(values) + 1), values, width=1.0, color=_BAR, linewidth=0)
    ax.axhline(mean, color=PALETTE[1][0], linewidth=1.2)
    ax.annotate(
        f"mean {100 * mean:.1f}%",
        (len(values), mean),
        (0, 3),
        textcoords="offset points",
        ha="right",
        fontsize=8,
        color=PALETTE[1][0],
    )
    ax.set_xlim(0.5, len(values) + 0.5)
    ax.set_ylim(0, 1.02)
    ax.set_yticks(np.arange(0, 1.01, 0.2), [f"{tick}%" for tick in range(0, 101, 20)])
    ax.set_xlabel("classes, best first", color=_FAINT, fontsize=8)
    plain(ax, "y")


def _listing(ax: Axes, heading: str, values: np.ndarray, names: Sequence[str]) -> None:
    ax.set_title(heading, fontsize=9, fontweight="bold", color=_INK, loc="left")
    _named_bars(ax, values, [name if len(name) <= 24 else f"{name[:23]}…" for name in names], -1.0)
    ax.set_xticks([])
    ax.grid(False)


def _percent_axis(ax: Axes) -> None:
    ax.set_xlim(0, 1.08)
    ax.set_xticks(np.arange(0, 1.01, 0.2), [f"{tick}%" for tick in range(0, 101, 20)])
    plain(ax, "x")
