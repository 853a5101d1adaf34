"""From boxes to tubes as YOWO links them: the best path through all frames of a video, again and again.

Koepueklue et al., You Only Watch Once, 2019; the linking is that of Saha et al., BMVC 2016, without trimming in time. A
tube has one box in every frame. The best path maximises, from frame to frame, the overlap of the two boxes plus the sum
of their scores plus half their product. Its boxes are then removed and the next one is sought, as long as every frame
has boxes, for at most three tubes of a class. A frame without boxes takes over those of the nearest one that has some.

Many videos and classes are linked together, a step for each frame.
"""

from __future__ import annotations

from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from tubelet.metrics.box_matching import box_overlaps
from tubelet.metrics.ranked_hits import scores_of
from tubelet.metrics.tables import Boxes, Tubes

Rows = NDArray[np.int64]

_LINKS_AT_A_TIME = 1 << 16


def link_every_frame(boxes: Boxes, first_frames: Rows, num_frames: Rows, most_tubes: int = 3) -> Tubes:
    """Link the boxes of each video and class.

    Args:
        boxes: in pixels; their frames are numbered on through all videos.
        first_frames: (V,) number of each video's first frame, rising; the frames of a tube count from 1.
        num_frames: (V,) frames of each video.
        most_tubes: of a class in a video.

    Returns:
        Tubes by video and class, the best path first; the score is the mean of the boxes' scores.
    """
    videos = np.searchsorted(first_frames, boxes.frames, side="right") - 1
    num_classes = int(boxes.labels.max(initial=0)) + 1
    groups, number = np.unique(videos * num_classes + boxes.labels, return_inverse=True)
    lengths = num_frames[groups // num_classes]
    places, first, counts = _frames_of_groups(number, boxes.frames - first_frames[videos], lengths)
    begins = np.cumsum(counts) - counts
    most = np.maximum.reduceat(counts, first) if len(groups) else counts
    # groups of like size together, so that filling up to the longest and the fullest costs little
    order = np.lexsort((lengths, most))
    links = np.cumsum((lengths * most**2)[order])
    cuts = np.append(np.searchsorted(links, np.arange(0, links[-1] if len(links) else 0, _LINKS_AT_A_TIME)), len(order))
    found, rows = [np.zeros(0, np.int64)], [np.zeros(0, np.int64)]
    for begin, end in pairwise(cuts):
        chosen = order[begin:end]
        if len(chosen):
            lattice = _lattice(first[chosen], lengths[chosen], begins, counts)
            for groups_found, cells in _paths(lattice, boxes, places, most_tubes):
                found.append(chosen[groups_found])
                rows.append(cells)
    return _as_tubes(np.concatenate(found), places[np.concatenate(rows)], groups, lengths, num_classes, boxes)


def _frames_of_groups(number: Rows, frames: Rows, lengths: Rows) -> tuple[Rows, Rows, Rows]:
    """Rows by group and frame; where each group's frames begin; how many boxes each frame of each group has."""
    first = np.cumsum(lengths) - lengths
    cells = first[number] + frames
    return np.argsort(cells, kind="stable"), first, np.bincount(cells, minlength=int(lengths.sum()))


def _lattice(first: Rows, lengths: Rows, begins: Rows, counts: Rows) -> Rows:
    """(T, N, G) position of every box of every frame, -1 where there is none.

    Empty frames take over those of the nearest. The groups stand last, so that steps run over long rows.
    """
    steps = np.arange(int(lengths.max()))[:, None]
    inside = steps < lengths
    cells = np.where(inside, first + steps, 0)
    filled = inside & (counts[cells] > 0)
    before = np.maximum.accumulate(np.where(filled, steps, -2 * len(steps)), axis=0)
    after = np.minimum.accumulate(np.where(filled, steps, 3 * len(steps))[::-1], axis=0)[::-1]
    cells = first + np.where(steps - before <= after - steps, before, after)
    place = np.arange(int(counts[cells].max()))[:, None]
    there = (place < counts[cells][:, None]) & inside[:, None]
    return np.where(there, begins[cells][:, None] + place, -1)


def _paths(lattice: Rows, boxes: Boxes, places: Rows, most_tubes: int) -> list[tuple[Rows, Rows]]:
    """For each round the groups that have a path, and the positions of its boxes, one path after the other."""
    free = lattice >= 0
    inside: NDArray[np.bool_] = np.any(free, axis=1)
    rows = places[lattice]
    scores, xyxy = scores_of(boxes)[rows], boxes.boxes.take(rows, axis=0)
    # (T - 1, N of a frame, N of the next, G)
    mine, following = scores[:-1, :, None], scores[1:, None]
    links = box_overlaps(xyxy[:-1, :, None], xyxy[1:, None]) + mine + following + 0.5 * mine * following
    groups, found = np.arange(lattice.shape[-1]), []
    for _ in range(most_tubes):
        full = np.all(np.any(free, axis=1) | ~inside, axis=0)
        if not full.any():
            break
        if not full.all():
            groups, free, inside, links = groups[full], free[..., full], inside[:, full], links[..., full]
        path = _best_path(free, inside, links)
        every, frames = np.nonzero(inside.T)
        taken = path[frames, every]
        free[frames, taken, every] = False
        found.append((groups, lattice[frames, taken, groups[every]]))
    return found


def _best_path(free: NDArray[np.bool_], inside: NDArray[np.bool_], links: NDArray[np.float64]) -> Rows:
    """(T, G) which box of each frame the path with the greatest sum of links takes."""
    barred = np.where(free, 0.0, -np.inf)
    best = barred[0]
    came_from = np.zeros(free.shape, np.int64)
    for step in range(1, len(free)):
        sums = best[:, None] + links[step - 1]
        came_from[step] = sums.argmax(axis=0)
        best = np.where(inside[step], sums.max(axis=0) + barred[step], best)
    every = np.arange(free.shape[-1])
    path = np.zeros(inside.shape, np.int64)
    at = best.argmax(axis=0)
    for step in reversed(range(len(free))):
        path[step] = at
        at = np.where(inside[step], came_from[step, at, every], at)
    return path


def _as_tubes(
    found: Rows,
    rows: Rows,
    groups: Rows,
    lengths: Rows,
    num_classes: int,
    boxes: Boxes,
) -> Tubes:
    """Paths as tubes, sorted by video and class."""
    rows = rows[np.argsort(np.repeat(found, lengths[found]), kind="stable")]
    found = np.sort(found)
    videos, labels = np.divmod(groups[found], num_classes)
    sizes = lengths[found]
    ends = np.cumsum(sizes)
    frames = np.arange(len(rows)) - np.repeat(ends - sizes, sizes) + 1
    scores = np.bincount(np.repeat(np.arange(len(found)), sizes), scores_of(boxes)[rows], len(found)) / sizes
    return Tubes(videos, labels, sizes, frames, boxes.boxes.take(rows, axis=0), scores)
