"""Which predictions find which instances, for all frames (or videos) and classes at once.

Only a prediction and an instance with the same key (a frame and a class, as one number) can meet. `pairs_of_equal_keys`
lists those pairs by sorting and expanding; everything after works on the list, so that its length, not the product of
the two tables, is what matters.

Matching is greedy: predictions choose in the order in which they are listed. Evaluators differ in what a prediction
does whose best instance is taken: with one choice it is wrong (PASCAL, AVA), with a second choice it takes the best of
those left (ACT, ActivityNet), which is the same as deleting taken instances.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tubelet.metrics.greedy import take_in_turn

Rows = NDArray[np.int64]
Overlaps = NDArray[np.floating]

_PAIRS_AT_A_TIME = 1 << 14
_SPARSE = 4  # numbers for each key from which on a table of all numbers is slower than a search


@dataclass(frozen=True, eq=False)
class Pairs:
    """P pairs of a prediction and an instance, by prediction and then by instance, as they are listed.

    Args:
        predictions: (P,) row of the prediction, not falling.
        instances: (P,) row of the instance.
    """

    predictions: Rows
    instances: Rows

    def __len__(self) -> int:
        return len(self.predictions)

    def take(self, chosen: Rows) -> Pairs:
        """The pairs at rising positions; for a mask, `numpy.flatnonzero` first is twice as quick."""
        return Pairs(self.predictions.take(chosen), self.instances.take(chosen))


def pairs_of_equal_keys(predictions: Rows, instances: Rows) -> Pairs:
    """All pairs of equal keys between (N,) and (M,) keys."""
    order = np.argsort(instances, kind="stable")
    keys = instances[order]
    if not len(keys):
        return Pairs(np.zeros(0, np.int64), np.zeros(0, np.int64))
    begins = np.minimum(_begins(keys, predictions), len(keys) - 1)
    meeting = np.flatnonzero(keys[begins] == predictions)
    begins = begins[meeting]
    counts = _run_ends(keys)[begins] - begins
    ahead = begins - (np.cumsum(counts) - counts)  # a run of equal keys starts so far ahead of its pairs
    return Pairs(np.repeat(meeting, counts), order[np.arange(counts.sum()) + np.repeat(ahead, counts)])


def _begins(keys: Rows, wanted: Rows) -> Rows:
    """(N,) the first place in (M,) rising keys that is not below each wanted one, as `numpy.searchsorted` has it."""
    span = int(keys[-1] - keys[0]) + 1
    if span > _SPARSE * (len(keys) + len(wanted)):
        return np.searchsorted(keys, wanted)
    # most numbers occur: to look up how many keys are below each is several times as quick as to search
    below = np.cumsum(np.bincount(keys - (keys[0] - 1), minlength=span + 1))
    return below.take(wanted - keys[0], mode="clip")


def pairs_within_groups(groups: Rows) -> Pairs:
    """All pairs of different rows of a group, the one listed earlier as the prediction."""
    order = np.argsort(groups, kind="stable")
    rows = np.arange(len(groups))
    counts = _run_ends(groups[order]) - rows - 1
    ahead = rows + 1 - (np.cumsum(counts) - counts)  # the next row of a group stands so far ahead of its first pair
    return Pairs(order[np.repeat(rows, counts)], order[np.arange(counts.sum()) + np.repeat(ahead, counts)])


def _run_ends(keys: Rows) -> Rows:
    """(N,) where the run of equal keys that each stands in ends."""
    ends = np.append(np.flatnonzero(keys[1:] != keys[:-1]) + 1, len(keys))[: len(keys)]
    return np.repeat(ends, np.diff(ends, prepend=0))


def box_overlaps(first: NDArray[np.floating], second: NDArray[np.floating], inclusive: bool = False) -> Overlaps:
    """Intersection over union (...) of boxes xyxy (..., 4) one by one, in the precision of the boxes.

    ``inclusive`` boxes hold their last pixel too, so that each side is one longer. Two boxes without area give 0.
    """
    more = 1 if inclusive else 0
    width = np.minimum(first[..., 2], second[..., 2]) - np.maximum(first[..., 0], second[..., 0]) + more
    height = np.minimum(first[..., 3], second[..., 3]) - np.maximum(first[..., 1], second[..., 1]) + more
    shared = np.maximum(width, 0) * np.maximum(height, 0)
    union = _areas(first, more) + _areas(second, more) - shared
    return np.divide(shared, union, out=np.zeros_like(shared), where=union > 0)


def pair_overlaps(
    first: NDArray[np.floating], second: NDArray[np.floating], pairs: Pairs, inclusive: bool = False
) -> Overlaps:
    """(P,) `box_overlaps` of pairs of rows of (N, 4) and (M, 4); in portions, so that memory stays small."""
    overlaps = np.zeros(len(pairs), np.result_type(first, second))
    for begin in range(0, len(pairs), _PAIRS_AT_A_TIME):
        part = slice(begin, begin + _PAIRS_AT_A_TIME)
        overlaps[part] = box_overlaps(
            first.take(pairs.predictions[part], axis=0), second.take(pairs.instances[part], axis=0), inclusive
        )
    return overlaps


def _areas(boxes: NDArray[np.floating], more: int) -> NDArray[np.floating]:
    return (boxes[..., 2] - boxes[..., 0] + more) * (boxes[..., 3] - boxes[..., 1] + more)


def match_best_only(
    pairs: Pairs, overlaps: Overlaps, thresholds: NDArray[np.float64], num_predictions: int
) -> NDArray[np.bool_]:
    """Whether each prediction finds an instance, (T, N): it asks only the instance that it overlaps most.

    Of equal overlaps the first listed instance is asked. A NaN counts as the greatest and never reaches a threshold,
    as ``argmax`` has it.
    """
    hits = np.zeros((len(thresholds), num_predictions), np.bool_)
    near = np.flatnonzero(~(overlaps < np.min(thresholds, initial=np.inf)))
    if not len(near):
        return hits
    pairs, overlaps = pairs.take(near), overlaps.take(near)
    starts = np.flatnonzero(np.diff(pairs.predictions, prepend=-1))
    greatest = np.maximum.reduceat(overlaps, starts)
    lengths = np.diff(starts, append=len(pairs))
    is_best = (overlaps == np.repeat(greatest, lengths)) | np.isnan(overlaps)
    best = np.flatnonzero(is_best)
    best = best[np.diff(pairs.predictions[best], prepend=-1) > 0]
    asking, asked = pairs.predictions[best], pairs.instances[best]
    for row, threshold in zip(hits, thresholds, strict=True):
        reaching = greatest >= threshold
        first = np.full(asked.max() + 1, num_predictions)
        np.minimum.at(first, asked[reaching], asking[reaching])
        row[first[first < num_predictions]] = True
    return hits


def match_with_second_choice(
    pairs: Pairs, overlaps: Overlaps, thresholds: NDArray[np.float64], num_predictions: int
) -> NDArray[np.bool_]:
    """Whether each prediction finds an instance, (T, N): it takes the free instance that it overlaps most.

    Of equal overlaps the first listed instance is taken.
    """
    hits = np.zeros((len(thresholds), num_predictions), np.bool_)
    near = np.flatnonzero(overlaps >= np.min(thresholds, initial=np.inf))
    pairs, overlaps = pairs.take(near), overlaps.take(near)
    threshold, taken = take_in_turn(pairs.predictions, pairs.instances, overlaps, thresholds)
    hits[threshold, pairs.predictions[taken]] = True
    return hits


def suppress(pairs: Pairs, num_rows: int) -> Rows:
    """Greedy suppression: for each of N rows the row that suppresses it, or -1 for those that are kept.

    Rows are numbered by precedence, and ``pairs``, in any order, are those that exclude each other, the one that goes
    first as the prediction. A kept row suppresses what it excludes; a row that several would suppress belongs to the
    first of them. In rounds: what no undecided row precedes is kept.
    """
    kept = np.ones(num_rows, np.bool_)
    decided = np.zeros(num_rows, np.bool_)
    left = pairs
    while len(left):
        free = ~decided
        free[left.instances] = False
        decided |= free
        victims = left.instances[free[left.predictions]]
        kept[victims], decided[victims] = False, True
        left = left.take(np.flatnonzero(~(decided[left.predictions] | decided[left.instances])))
    by_kept = pairs.take(np.flatnonzero(kept[pairs.predictions]))
    suppressed_by = np.full(num_rows, num_rows)
    np.minimum.at(suppressed_by, by_kept.instances, by_kept.predictions)
    return np.where(suppressed_by < num_rows, suppressed_by, -1)
