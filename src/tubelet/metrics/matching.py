"""Greedy matching of segments in time, with second choice: each in its turn takes the best that is still free.

ActivityNet and its copies let the predictions choose, best score first, among the ground truths of their video and
class; the THUMOS'14 kit lets the ground truths choose among the detections. Both are the same procedure with the sides
exchanged.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tubelet.metrics.greedy import take_in_turn

Floats = NDArray[np.float64]
Integers = NDArray[np.int64]
Overlap = Callable[[Floats, Floats, Floats, Floats], Floats]

PAIRS_AT_ONCE = 1 << 16  # bounds the memory; whole groups are taken together all the same


@dataclass(frozen=True, eq=False)
class Side:
    """One side of a matching.

    Args:
        groups: (N,) rising; only members of the same group (a video, or a class in a video) meet.
        starts: (N,) seconds.
        ends: (N,) seconds.
    """

    groups: Integers
    starts: Floats
    ends: Floats

    def __len__(self) -> int:
        return len(self.groups)


def temporal_iou(
    starts: Floats, ends: Floats, other_starts: Floats, other_ends: Floats, added: float = 0.0, least: float = 0.0
) -> Floats:
    """Intersection over union of segments, pair by pair; two segments without length have NaN.

    Args:
        starts: (P,) seconds.
        ends: (P,) seconds.
        other_starts: (P,) seconds.
        other_ends: (P,) seconds.
        added: what is added to the union.
        least: what the union is at least, where it is positive.
    """
    shared = np.maximum(np.minimum(ends, other_ends) - np.maximum(starts, other_starts), 0.0)
    union = (ends - starts) + (other_ends - other_starts) - shared + added
    if least > 0:
        union = np.maximum(union, least)
    with np.errstate(divide="ignore", invalid="ignore"):
        return shared / union


def pairs(one: Side, other: Side) -> Iterator[tuple[Integers, Integers]]:
    """All pairs (row of one, row of other) of the same group, a bounded number of whole groups at a time.

    Rows of ``one`` rise, and for each of them the rows of ``other``.
    """
    if not len(one):
        return
    bounds = np.concatenate([[0], np.flatnonzero(one.groups[1:] != one.groups[:-1]) + 1, [len(one)]])
    groups, sizes = one.groups[bounds[:-1]], np.diff(bounds)
    first = np.searchsorted(other.groups, groups, "left")
    counts = np.searchsorted(other.groups, groups, "right") - first
    total = np.concatenate([[0], np.cumsum(sizes * counts)])
    start = 0
    while start < len(groups):
        stop = max(start + 1, int(np.searchsorted(total, total[start] + PAIRS_AT_ONCE, "right")) - 1)
        count, begin = (np.repeat(column[start:stop], sizes[start:stop]) for column in (counts, first))
        rows = np.repeat(np.arange(bounds[start], bounds[stop]), count)
        within = np.arange(len(rows)) - np.repeat(np.cumsum(count) - count, count)
        yield rows, np.repeat(begin, count) + within
        start = stop


@dataclass(frozen=True, eq=False)
class Matches:
    """Who took what: (P,) rows of the thresholds, of the choosers and of what was offered."""

    thresholds: Integers
    choosers: Integers
    offered: Integers


def match_in_turn(choosers: Side, offered: Side, thresholds: Floats, overlap: Overlap, strict: bool = False) -> Matches:
    """Which of the offered segments each chooser takes: of those still free the one that it overlaps most.

    Args:
        choosers: N segments, in their turn within each group.
        offered: M segments; of several with the same overlap the last listed goes first.
        thresholds: (T,) least overlap of a match, each matched on its own.
        overlap: of pairs of segments, choosers first. NaN is above every threshold, as in the official code, where it
            is not below any.
        strict: an overlap must exceed the threshold instead of reaching it.
    """
    found = [np.zeros((3, 0), np.int64)]
    lowest = float(np.min(thresholds, initial=np.inf))
    for rows, others in pairs(choosers, offered):
        value = overlap(choosers.starts[rows], choosers.ends[rows], offered.starts[others], offered.ends[others])
        value[np.isnan(value)] = np.inf
        near = np.flatnonzero(value > lowest if strict else value >= lowest)
        rows, others = rows[near], others[near]
        threshold, taken = take_in_turn(rows, others, value[near], thresholds, strict, last_first=True)
        found.append(np.stack([threshold, rows[taken], others[taken]]))
    return Matches(*np.concatenate(found, axis=1))
