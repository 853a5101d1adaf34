"""How much tubes overlap in space and time: mean box overlap on the frames that both have, times overlap in time.

Three conventions are in use. `ACT` (Kalogeiton et al., ICCV 2017) counts the last pixel and the last frame in; `YOWO`
(Koepueklue et al., 2019) too, but not for tubes that share a single frame; `MULTISPORTS` (Li et al., ICCV 2021) counts
neither in, so that tubes which share one frame do not overlap and two equal tubes of one frame give 0/0, NaN.
"""

from __future__ import annotations

from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from tubelet.metrics.box_matching import Pairs, box_overlaps
from tubelet.metrics.tables import Tubes

_ROWS_AT_A_TIME = 1 << 14


@dataclass(frozen=True)
class TubeConvention:
    """What counts in.

    Args:
        last_pixel: whether a box holds the pixels of its far sides.
        last_frame: whether a tube lasts from its first frame to the end of its last.
        least_frames: common frames without which the overlap is 0.
    """

    last_pixel: bool
    last_frame: bool
    least_frames: int = 1


ACT = TubeConvention(last_pixel=True, last_frame=True)
YOWO = TubeConvention(last_pixel=True, last_frame=True, least_frames=2)
MULTISPORTS = TubeConvention(last_pixel=False, last_frame=False)


@dataclass(frozen=True, eq=False)
class TubeOverlaps:
    """(P,) overlaps of pairs of tubes.

    Args:
        space: mean box overlap over the common frames; 0 without one.
        time: common extent by joint extent; NaN where both have none.
    """

    space: NDArray[np.float64]
    time: NDArray[np.float64]

    @property
    def space_and_time(self) -> NDArray[np.float64]:
        """The overlap by which tubes are matched."""
        return self.space * self.time


def tube_overlaps(first: Tubes, second: Tubes, pairs: Pairs, convention: TubeConvention) -> TubeOverlaps:
    """The overlaps of pairs of a tube of ``first`` and one of ``second``, whose boxes are in pixels.

    Tubes may have gaps: space is measured on the frames that both have, time from the first to the last.
    """
    starts, ends = _extents(first, pairs.predictions)
    other_starts, other_ends = _extents(second, pairs.instances)
    more = int(convention.last_frame)
    shared = np.minimum(ends, other_ends) - np.maximum(starts, other_starts)
    joint = np.maximum(ends, other_ends) - np.minimum(starts, other_starts) + more
    with np.errstate(invalid="ignore"):
        time = np.maximum(shared + more, 0) / joint.astype(np.float64)
    return TubeOverlaps(_space(first, second, pairs, np.flatnonzero(shared >= 0), convention), time)


def _extents(tubes: Tubes, rows: NDArray[np.int64]) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    offsets = tubes.offsets
    return tubes.frames[offsets[:-1][rows]], tubes.frames[offsets[1:][rows] - 1]


def _space(
    first: Tubes, second: Tubes, pairs: Pairs, meeting: NDArray[np.int64], convention: TubeConvention
) -> NDArray[np.float64]:
    """(P,) mean box overlap of those that meet in time; in portions, so that memory does not grow with the pairs."""
    space = np.zeros(len(pairs))
    rows = np.cumsum(first.lengths[pairs.predictions[meeting]])
    cuts = np.searchsorted(rows, np.arange(0, rows[-1] if len(rows) else 0, _ROWS_AT_A_TIME))
    for begin, end in pairwise([*cuts, len(meeting)]):
        chosen = meeting[begin:end]
        sums, counts = _box_overlap_sums(first, second, pairs.take(chosen), convention)
        enough = counts >= convention.least_frames
        space[chosen[enough]] = sums[enough] / counts[enough]
    return space


def _box_overlap_sums(
    first: Tubes, second: Tubes, pairs: Pairs, convention: TubeConvention
) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    """The sum of the box overlaps over the common frames of each pair, and how many those are."""
    offsets, others = first.offsets, second.offsets
    heads, tails = offsets[pairs.predictions], offsets[pairs.predictions + 1]
    begins, ends = others[pairs.instances], others[pairs.instances + 1]
    gaps = _has_gaps(first, heads, tails) | _has_gaps(second, begins, ends)
    # the rows that the common extent can have: just those, if the tube has no gaps
    until = np.minimum(tails, heads + second.frames[ends - 1] - first.frames[heads] + 1)
    heads = np.maximum(heads, tails - (first.frames[tails - 1] - second.frames[begins] + 1))
    lengths = until - heads
    number = np.repeat(np.arange(len(pairs)), lengths)
    mine = np.arange(len(number)) + np.repeat(heads - (np.cumsum(lengths) - lengths), lengths)
    # the frame's place in the other tube, if neither has gaps
    place = mine + (begins - second.frames[begins] + first.frames[heads] - heads)[number]
    unsure = np.flatnonzero(gaps[number])
    if len(unsure):
        stride = int(max(first.frames.max(), second.frames.max())) + 1
        keys = np.repeat(np.arange(len(second)), second.lengths) * stride + second.frames
        wanted = pairs.instances[number[unsure]] * stride + first.frames[mine[unsure]]
        place[unsure] = np.minimum(np.searchsorted(keys, wanted), len(keys) - 1)
        found = np.ones(len(number), np.bool_)
        found[unsure] = keys[place[unsure]] == wanted
        number, mine, place = number[found], mine[found], place[found]
    overlaps = box_overlaps(first.boxes.take(mine, axis=0), second.boxes.take(place, axis=0), convention.last_pixel)
    sums: NDArray[np.float64] = np.bincount(number, overlaps, len(pairs)).astype(np.float64)
    return sums, np.bincount(number, minlength=len(pairs))


def _has_gaps(tubes: Tubes, begins: NDArray[np.int64], ends: NDArray[np.int64]) -> NDArray[np.bool_]:
    """(P,) whether frames are missing between the first and the last of tubes."""
    return tubes.frames[ends - 1] - tubes.frames[begins] >= ends - begins
