"""A picture of what a data set holds: instances of each class, how long they last, and how many a video has.

Classes are ordered by their instances, so that the long tail shows; up to thirty are named. Lengths are on a scale of
powers where they span more than one.
"""

import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.axis import Axis
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, MaxNLocator, NullFormatter

from tubelet.viewer.average_precision import plain
from tubelet.viewer.palette import PALETTE
from tubelet.viewer.timeline import save_figure

NAMED = 30  # up to so many classes, every bar has its name
_INK, _FAINT = "#12151a", "#5b6472"


def data_statistics_figure(
    instances: Mapping[str, int], durations: np.ndarray, per_video: np.ndarray, *, title: str = "Data"
) -> Figure:
    """Draw the three.

    Args:
        instances: class to its number of instances, zero included.
        durations: (N,) seconds of each instance.
        per_video: (V,) instances of each video.
        title: stands above it, followed by the totals.

    Raises:
        ValueError: no classes, or a duration that is negative or no number.
    """
    durations, per_video = np.asarray(durations, np.float64), np.asarray(per_video, np.int64)
    if not instances:
        raise ValueError("there are no classes to draw.")
    if not (np.isfinite(durations).all() and (durations >= 0).all()):
        raise ValueError("a duration is negative or no number; expected seconds.")
    occurring = {name: count for name, count in instances.items() if count}
    classes = f"{len(instances)} classes"
    if 0 < len(occurring) < len(instances) / 2:  # as of EPIC-KITCHENS' pairs of a verb and a noun
        classes, instances = f"{len(occurring)} of {len(instances)} classes", occurring
    named = len(instances) <= NAMED
    height = max(5.0, 1.2 + 0.2 * len(instances)) if named else 5.0
    figure = Figure(figsize=(11, height), dpi=150, layout="constrained", facecolor="white")
    axes = figure.subplot_mosaic([["classes", "durations"], ["classes", "videos"]], width_ratios=(3, 2))
    _draw_classes(axes["classes"], instances, named=named)
    _draw_durations(axes["durations"], durations)
    _draw_videos(axes["videos"], per_video)
    total = f"{sum(instances.values()):,} instances of {classes} in {len(per_video):,} videos"
    figure.suptitle(f"{title}: {total}", fontsize=11, fontweight="bold", color=_INK)
    return figure


def save_data_statistics(
    path: str | os.PathLike[str],
    instances: Mapping[str, int],
    durations: np.ndarray,
    per_video: np.ndarray,
    *,
    title: str = "Data",
) -> Path:
    """Write `data_statistics_figure` to a file; the suffix says which format (png, svg, pdf); returns the path."""
    return save_figure(path, data_statistics_figure(instances, durations, per_video, title=title))


def _draw_classes(ax: Axes, instances: Mapping[str, int], *, named: bool) -> None:
    names = sorted(instances, key=lambda name: -instances[name])
    counts = np.array([instances[name] for name in names])
    color = PALETTE[0][0]
    if named:
        ax.barh(np.arange(len(names)), counts, 0.72, color=color)
        for row, count in enumerate(counts):
            ax.annotate(
                f"{count:,}", (count, row), (3, 0), textcoords="offset points", va="center", fontsize=7, color=_INK
            )
        ax.set_yticks(range(len(names)), names)
        ax.set_ylim(len(names) - 0.4, -0.6)
        ax.set_xlim(0, 1.12 * max(counts.max(), 1))
        plain(ax, "x")
    else:
        edges = np.arange(0.5, len(names) + 1)  # one outline: bars narrower than a pixel would vanish
        ax.stairs(counts, edges, fill=True, color=color)
        ax.set_xlim(0.5, len(names) + 0.5)
        if counts.max() > 30 * max(np.median(counts), 1):
            ax.set_yscale("symlog", linthresh=1)
        elif counts.max() < 3 * max(counts.min(), 1):  # no tail beside which the list could stand
            ax.set_ylim(0, 1.9 * counts.max())
        plain(ax, "y")
        ax.set_xlabel("classes, commonest first", fontsize=8, color=_FAINT)
        ends = [("commonest", names[:5], counts[:5]), ("rarest", names[-5:], counts[-5:])]
        text = "\n\n".join(
            "\n".join([what, *(f"{count:>7,}  {name[:34]}" for name, count in zip(some, numbers, strict=True))])
            for what, some, numbers in ends
        )
        ground = {"facecolor": "white", "edgecolor": "none", "alpha": 0.9}
        listing = ax.text(0.98, 0.97, text, transform=ax.transAxes, ha="right", va="top", fontsize=7.5, color=_INK)
        listing.set(multialignment="left", bbox=ground)
    _count_axis(ax.xaxis if named else ax.yaxis)
    _heading(ax, "Instances of each class")


def _draw_durations(ax: Axes, durations: np.ndarray) -> None:
    positive = durations[durations > 0]
    if len(positive) and positive.max() > 10 * positive.min():
        edges = np.geomspace(positive.min(), positive.max(), 41)
        ax.set_xscale("log")
        ax.xaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
        ax.xaxis.set_minor_formatter(NullFormatter())
    else:
        edges = np.linspace(0, max(durations.max(initial=1.0), 1e-3), 41)
    ax.hist(
        np.clip(durations, edges[0], edges[-1]), edges.tolist(), color=PALETTE[2][0], edgecolor="white", linewidth=0.4
    )
    if not len(durations):
        ax.text(0.5, 0.5, "nothing with a duration", transform=ax.transAxes, ha="center", fontsize=8, color=_FAINT)
    else:
        median = float(np.median(durations))
        ax.axvline(median, color=_INK, linewidth=1)
        ax.annotate(
            f" median {median:.3g} s",
            (median, 0.97),
            xycoords=("data", "axes fraction"),
            va="top",
            fontsize=8,
            color=_INK,
        )
    plain(ax, "y")
    ax.set_ylim(0, ax.get_ylim()[1] * 1.12 if len(durations) else 1)
    ax.set_xlabel("seconds", fontsize=8, color=_FAINT)
    _count_axis(ax.yaxis)
    _heading(ax, "How long instances last")


def _draw_videos(ax: Axes, per_video: np.ndarray) -> None:
    most = int(per_video.max(initial=1))
    width = max(1, -(-most // 40))
    edges = np.arange(0, most + width + 1, width) - 0.5
    ax.hist(per_video, edges.tolist(), color=PALETTE[3][0], edgecolor="white", linewidth=0.4)
    plain(ax, "y")
    ax.xaxis.set_major_locator(MaxNLocator(integer=True))
    ax.set_xlabel("instances", fontsize=8, color=_FAINT)
    _count_axis(ax.yaxis)
    mean = float(per_video.mean()) if len(per_video) else 0.0
    _heading(ax, f"Instances a video: {mean:.1f} on average")


def _count_axis(axis: Axis) -> None:
    if axis.get_scale() == "linear":
        axis.set_major_locator(MaxNLocator("auto", integer=True))
    axis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:,.0f}"))


def _heading(ax: Axes, text: str) -> None:
    ax.set_title(text, fontsize=9, fontweight="bold", color=_INK, loc="left")
