"""Pictures of what goes wrong in detection: kinds of error, what is missed, and what each kind costs.

The three follow DETAD (Alwassel et al., ECCV 2018): false positives by kind among ever more predictions, false
negatives by a characteristic of the instances, and the mean average precision that mending each kind would give.
"""

import os
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from tubelet.viewer.average_precision import plain
from tubelet.viewer.palette import OTHER, PALETTE
from tubelet.viewer.timeline import save_figure

RIGHT = "#12946a"
_KINDS = [color for color, _ in PALETTE if color != RIGHT]
_INK, _FAINT = "#12151a", "#5b6472"


def error_figure(
    kinds: Sequence[str],
    shares: np.ndarray,
    groups: Sequence[str],
    cost: Mapping[str, float],
    missed: Mapping[str, tuple[Sequence[str], np.ndarray]],
    *,
    title: str = "Errors",
) -> Figure:
    """Draw all three side by side, and false negatives below, a plot for each characteristic.

    Args:
        kinds: E kinds that a prediction may be of; the first is right ones and drawn in green.
        shares: (G, E) shares of the predictions in each group, rows that add up to one (or to nothing).
        groups: G names of the groups, such as "top 1 x", "top 2 x" the number of instances.
        cost: kind of error to the mean average precision that it costs, in [0, 1]; negative values are drawn as such.
        missed: characteristic ("length", ...) to the names of its ranges and the share missed in each (R,).
        title: stands above it.

    Raises:
        ValueError: the shares do not fit the groups and kinds.
    """
    shares = np.asarray(shares, np.float64)
    if shares.shape != (len(groups), len(kinds)):
        raise ValueError(f"shares of shape {shares.shape} do not fit {len(groups)} groups and {len(kinds)} kinds.")
    figure = Figure(figsize=(11, 4.2 + (2.7 if missed else 0)), dpi=150, layout="constrained", facecolor="white")
    upper, *lower = figure.subfigures(2 if missed else 1, 1, height_ratios=(4, 2.6) if missed else None, squeeze=False)[
        :, 0
    ]
    colors = dict(zip(kinds, [RIGHT, *_KINDS, *[OTHER[0]] * len(kinds)], strict=False))
    stacked, costs = upper.subplots(1, 2, width_ratios=(3, 2))
    _stacks(stacked, kinds, shares, groups, colors)
    _costs(costs, cost, colors)
    for below in lower:
        axes = below.subplots(1, len(missed), sharey=True, squeeze=False)[0]
        for place, (ax, (name, (ranges, values))) in enumerate(zip(axes, missed.items(), strict=True)):
            _misses(ax, name, ranges, np.asarray(values, np.float64), first=place == 0)
    figure.suptitle(title, fontsize=11, fontweight="bold", color=_INK)
    return figure


def save_errors(
    path: str | os.PathLike[str],
    kinds: Sequence[str],
    shares: np.ndarray,
    groups: Sequence[str],
    cost: Mapping[str, float],
    missed: Mapping[str, tuple[Sequence[str], np.ndarray]],
    *,
    title: str = "Errors",
) -> Path:
    """Write `error_figure` to a file; the suffix says which format (png, svg, pdf); returns the path."""
    return save_figure(path, error_figure(kinds, shares, groups, cost, missed, title=title))


def _stacks(
    ax: Axes, kinds: Sequence[str], shares: np.ndarray, groups: Sequence[str], colors: Mapping[str, str]
) -> None:
    bottom = np.zeros(len(groups))
    for kind, column in zip(kinds, shares.T, strict=True):
        ax.bar(groups, column, 0.72, bottom, color=colors[kind], edgecolor="white", linewidth=0.6, label=kind)
        for place, (low, share) in enumerate(zip(bottom, column, strict=True)):
            if share >= 0.05 and len(groups) <= 12:
                ax.text(
                    place, low + share / 2, f"{100 * share:.0f}", ha="center", va="center", fontsize=7, color="white"
                )
        bottom += column
    _shares_axis(ax)
    ax.tick_params(axis="x", labelrotation=0 if len(groups) <= 10 else 90)
    handles, labels = ax.get_legend_handles_labels()  # in the order in which they stand, the topmost first
    ax.legend(
        handles[::-1],
        labels[::-1],
        loc="center left",
        bbox_to_anchor=(1.0, 0.5),
        frameon=False,
        fontsize=8,
        labelcolor=_INK,
    )
    _heading(ax, "Predictions by kind")


def _costs(ax: Axes, cost: Mapping[str, float], colors: Mapping[str, str]) -> None:
    names = sorted(cost, key=lambda name: -cost[name])
    values = 100 * np.array([cost[name] for name in names])
    ax.barh(np.arange(len(names)), values, 0.66, color=[colors.get(name, OTHER[0]) for name in names])
    span = float(np.abs(values).max(initial=0.1))
    for row, value in enumerate(values):
        ax.text(max(value, 0.0) + 0.02 * span, row, f"{value:+.1f}", va="center", fontsize=8, color=_INK)
    ax.set_yticks(range(len(names)), names)
    ax.set_ylim(len(names) - 0.4, -0.6)
    ax.set_xlim(min(values.min(initial=0.0), 0.0), max(values.max(initial=0.0), 0.0) + 0.2 * span)
    ax.set_xlabel("points of mAP that mending it would give", color=_FAINT, fontsize=8)
    plain(ax, "x")
    _heading(ax, "Cost")


def _misses(ax: Axes, name: str, ranges: Sequence[str], values: np.ndarray, *, first: bool) -> None:
    ax.bar(ranges, values, 0.66, color=PALETTE[11][0])
    for place, value in enumerate(values):
        if np.isfinite(value):
            ax.text(place, value + 0.015, f"{100 * value:.0f}", ha="center", fontsize=7, color=_INK)
    _shares_axis(ax)
    ax.set_ylim(0, 1.08)
    _heading(ax, f"Missed, by {name}" if first else f"by {name}")


def _shares_axis(ax: Axes) -> None:
    ax.set_ylim(0, 1)
    ax.set_yticks(np.arange(0, 1.01, 0.25), [f"{tick}%" for tick in range(0, 101, 25)])
    plain(ax, "y")


def _heading(ax: Axes, text: str) -> None:
    ax.set_title(text, fontsize=9, fontweight="bold", color=_INK, loc="left")
