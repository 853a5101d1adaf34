"""Greedy matching with second choice: each in turn takes what it likes most of what is still free.

It has the same outcome as asking all at once: everyone asks for its first choice, of those who ask for the same one the
earliest in turn keeps it, the others go on to their next choice (Gale and Shapley, 1962, with one order of precedence
for all). Asked so, a few rounds over arrays settle all groups and thresholds together.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]


def take_in_turn(
    choosers: Rows,
    offered: Rows,
    liking: NDArray[np.floating],
    thresholds: NDArray[np.float64],
    strict: bool = False,
    last_first: bool = False,
) -> tuple[Rows, Rows]:
    """Which of P pairs come about at each threshold.

    Args:
        choosers: (P,) not falling, which is their turn.
        offered: (P,) what the pair's chooser would take.
        liking: (P,) the more the better, not NaN.
        thresholds: (T,) least liking of a pair that comes about.
        strict: whether the liking must exceed the threshold instead of reaching it.
        last_first: whether of equal likings the last listed pair goes first, else the first.

    Returns:
        (K,) rows of the thresholds, and (K,) positions of the pairs: by threshold, and then by what is taken.
    """
    if not len(choosers):
        return np.zeros(0, np.int64), np.zeros(0, np.int64)
    first = np.concatenate([[0], np.flatnonzero(choosers[1:] != choosers[:-1]) + 1])
    lengths = np.diff(first, append=len(choosers))
    # each chooser's list by falling liking: most have a list of one
    several = np.flatnonzero(np.repeat(lengths > 1, lengths))
    listed = several[::-1] if last_first else several
    order = np.arange(len(choosers))
    order[several] = listed[np.lexsort((-liking[listed], choosers[listed]))]
    liking = liking[order]
    wanted = offered[order] - offered.min()
    num_choosers, num_offered = len(first), int(wanted.max()) + 1

    # a seat for each threshold and chooser: where in the lists it is, and where its own list ends
    seats = len(thresholds) * num_choosers
    asking, ends = np.tile(first, len(thresholds)), np.tile(first + lengths, len(thresholds))
    least = np.repeat(thresholds, num_choosers)
    shifts = np.repeat(np.arange(len(thresholds)) * num_offered, num_choosers)
    holders = np.full(len(thresholds) * num_offered, seats)
    enough = np.greater if strict else np.greater_equal
    active = np.flatnonzero(enough(liking[asking], least))
    while len(active):
        place = shifts[active] + wanted[asking[active]]
        before = holders[place]
        np.minimum.at(holders, place, active)
        won = holders[place] == active
        active = np.concatenate([active[~won], before[won & (before < seats)]])
        asking[active] += 1
        active = active[asking[active] < ends[active]]
        active = active[enough(liking[asking[active]], least[active])]
    taken = np.flatnonzero(holders < seats)
    return taken // num_offered, order[asking[holders[taken]]]
