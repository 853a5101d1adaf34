"""From tubelets to tubes, as ACT links them, for all videos and classes at once.

Kalogeiton et al., Action Tubelet Detector, ICCV 2017, as in MOC-Detector. A tubelet is a box on each of K frames in a
row; a detector gives some for every start frame. Per start frame the tubelets of a class are thinned (`thin_tubelets`),
then every tube, the best first, takes the best-scored tubelet that overlaps its end enough; what nobody takes begins a
tube. Where tubelets overlap, boxes and scores of a tube are their mean.

The official thinning lowers the score of a suppressed tubelet by the sum of its K overlaps, not by their mean, so that
it can become negative; the published figures carry that.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray

from tubelet.metrics.box_matching import (
    Pairs,
    box_overlaps,
    pairs_of_equal_keys,
    pairs_within_groups,
    suppress,
)
from tubelet.metrics.greedy import take_in_turn
from tubelet.metrics.ranked_hits import scores_of
from tubelet.metrics.tables import Boxes, Tubes

_ROWS_AT_A_TIME = 1 << 14


@dataclass(frozen=True, eq=False)
class Tubelets:
    """N tubelets of K frames, boxes in pixels.

    Args:
        videos: (N,) number of the video.
        labels: (N,) class number.
        starts: (N,) first frame.
        boxes: (N, K, 4) xyxy.
        scores: (N,).
    """

    videos: NDArray[np.int64]
    labels: NDArray[np.int64]
    starts: NDArray[np.int64]
    boxes: NDArray[np.floating]
    scores: NDArray[np.floating]

    def __len__(self) -> int:
        return len(self.videos)

    def take(self, rows: NDArray[np.int64]) -> Tubelets:
        """The tubelets of an index, in its order."""
        return Tubelets(self.videos[rows], self.labels[rows], self.starts[rows], self.boxes[rows], self.scores[rows])


@dataclass(frozen=True)
class Linking:
    """How tubelets are linked.

    Args:
        suppress_above: mean overlap from which on a better tubelet of the same frames lowers a score.
        keep: how many tubelets of a class are kept for each start frame.
        least_overlap: of a tubelet with the tube that takes it.
        least_score: mean score of a tube that is kept.
        least_length: frames of a tube that is kept.
        last_pixel: whether boxes hold their last pixel when linked; when thinned they always do.
    """

    suppress_above: float = 0.6
    keep: int = 10
    least_overlap: float = 0.5
    least_score: float = 0.005
    least_length: int = 15
    last_pixel: bool = True


ACT_LINKING = Linking()
MMACTION2_LINKING = Linking(last_pixel=False)


@dataclass(frozen=True, eq=False)
class LinkedTubes:
    """Tubes with scores, and the score of each of their boxes.

    Args:
        tubes: by video and class.
        box_scores: (R,) mean score of the tubelets on that frame.
        dropped: how many more tubes were linked, too short or too weak to be kept.
    """

    tubes: Tubes
    box_scores: NDArray[np.float64]
    dropped: int


def link_tubelets(tubelets: Tubelets, linking: Linking = ACT_LINKING) -> LinkedTubes:
    """Link tubelets to tubes."""
    thinned = thin_tubelets(tubelets, linking)
    return _average(thinned, _tube_numbers(thinned, linking), linking)


def mmaction2_tubes(boxes: Boxes, videos_of_frames: NDArray[np.int64], own_scores: bool = False) -> LinkedTubes:
    """Link boxes on single frames as mmaction2 does for MultiSports.

    Args:
        boxes: in pixels; their frames are numbered on through all videos.
        videos_of_frames: (F,) the video of each frame, not falling.
        own_scores: mmaction2 gives every box the score of the last box of the whole set, a slip that its published
            figures carry; True links by the boxes' own scores.
    """
    videos = videos_of_frames[boxes.frames]
    first_frames = np.searchsorted(videos_of_frames, videos)
    scores = scores_of(boxes)
    if not own_scores:
        scores = np.broadcast_to(scores[-1:], scores.shape)
    tubelets = Tubelets(videos, boxes.labels, boxes.frames - first_frames, boxes.boxes[:, None], scores)
    return link_tubelets(tubelets, MMACTION2_LINKING)


def thin_tubelets(tubelets: Tubelets, linking: Linking) -> Tubelets:
    """The best tubelets of every start frame and class, the overlapping ones with lowered scores, by start frame."""
    by_class = _groups(tubelets)
    groups = tubelets.starts * (int(by_class.max(initial=0)) + 1) + by_class
    scores = lower_overlapping(groups, tubelets.boxes, tubelets.scores, linking.suppress_above)
    order = np.lexsort((scores, -groups))[::-1]
    place = np.arange(len(order)) - np.searchsorted(groups[order], groups[order])
    rows = order[place < linking.keep]
    return replace(tubelets.take(rows), scores=scores[rows])


def lower_overlapping(
    groups: NDArray[np.int64], boxes: NDArray[np.floating], scores: NDArray[np.floating], above: float
) -> NDArray[np.float64]:
    """(N,) scores after soft suppression, which keeps all but lowers those that overlap a better one of their group.

    Args:
        groups: (N,) which rows compete.
        boxes: (N, K, 4) in pixels, the last one included.
        scores: (N,).
        above: mean overlap over the K boxes from which on the score is multiplied by 1 - the sum of the overlaps.
    """
    lowered = scores.astype(np.float64)
    by_group = np.argsort(groups, kind="stable")
    # whole groups in portions, so that memory does not grow with the pairs
    starts = np.append(np.flatnonzero(np.diff(groups[by_group], prepend=-1)), len(groups))
    cuts = starts[np.searchsorted(starts, np.arange(0, len(groups), _ROWS_AT_A_TIME))]
    for begin, end in pairwise([*cuts, len(groups)]):
        rows = by_group[begin:end]
        pairs, own = pairs_within_groups(groups[rows]), boxes.take(rows, axis=0)
        first, second = (own.take(places, axis=0) for places in (pairs.predictions, pairs.instances))
        overlaps = box_overlaps(first, second, inclusive=True).sum(axis=1)
        close = np.flatnonzero(overlaps > above * boxes.shape[1])
        pairs, overlaps = pairs.take(close), overlaps.take(close)
        # the better first, of equals the one listed last
        order = np.argsort(scores[rows], kind="stable")[::-1]
        turns = np.empty_like(order)
        turns[order] = np.arange(len(order))
        turn, other = turns[pairs.predictions], turns[pairs.instances]
        better, worse = np.minimum(turn, other), np.maximum(turn, other)
        acting = suppress(Pairs(better, worse), len(rows))[worse] == better
        lowered[rows[order[worse[acting]]]] *= 1.0 - overlaps[acting]
    return lowered


def _groups(tubelets: Tubelets) -> NDArray[np.int64]:
    """(N,) a number for each video and class."""
    return tubelets.videos * (int(tubelets.labels.max(initial=0)) + 1) + tubelets.labels


def _tube_numbers(tubelets: Tubelets, linking: Linking) -> NDArray[np.int64]:
    """(N,) which tube each tubelet becomes a part of. Goes through the frames once, with the tubes of all videos."""
    groups = _groups(tubelets)
    num_frames = tubelets.boxes.shape[1]
    numbers = np.full(len(tubelets), -1)
    tubes = 0
    # of the live tubes: their number, their last tubelet, the sum of their scores and how many these are
    live, last = np.zeros(0, np.int64), np.zeros(0, np.int64)
    sums, counts = np.zeros(0), np.zeros(0, np.int64)
    frames, begins = np.unique(tubelets.starts, return_index=True)
    for frame, begin, end in zip(frames, begins, [*begins[1:], len(tubelets)], strict=True):
        alive = frame - tubelets.starts[last] <= num_frames
        order = np.flatnonzero(alive)[np.argsort(-(sums / np.maximum(counts, 1))[alive], kind="stable")]
        live, last, sums, counts = live[order], last[order], sums[order], counts[order]
        pairs = pairs_of_equal_keys(groups[last], groups[begin:end])
        pairs = Pairs(pairs.predictions, pairs.instances + begin)
        overlaps = _end_overlaps(tubelets, last[pairs.predictions], pairs.instances, linking)
        pairs = pairs.take(np.flatnonzero(overlaps >= linking.least_overlap))
        scores = tubelets.scores[pairs.instances]
        _, taken = take_in_turn(pairs.predictions, pairs.instances, scores, np.array([-np.inf]))
        pairs = Pairs(pairs.predictions[taken], pairs.instances[taken])
        numbers[pairs.instances] = live[pairs.predictions]
        last[pairs.predictions] = pairs.instances
        sums[pairs.predictions] += tubelets.scores[pairs.instances]
        counts[pairs.predictions] += 1
        new = begin + np.flatnonzero(numbers[begin:end] < 0)
        numbers[new] = tubes + np.arange(len(new))
        tubes += len(new)
        goes_on = frame - tubelets.starts[last] < num_frames
        live, last = np.append(live[goes_on], numbers[new]), np.append(last[goes_on], new)
        sums = np.append(sums[goes_on], tubelets.scores[new])
        counts = np.append(counts[goes_on], np.ones(len(new), np.int64))
    return numbers


def _end_overlaps(
    tubelets: Tubelets, last: NDArray[np.int64], rows: NDArray[np.int64], linking: Linking
) -> NDArray[np.float64]:
    """(P,) mean overlap of tubelets with the last one of a tube on common frames; else of the boxes that meet."""
    num_frames = tubelets.boxes.shape[1]
    offsets = (tubelets.starts[rows] - tubelets.starts[last])[:, None] + np.arange(num_frames)
    common = offsets < num_frames
    common[:, 0] = True
    cells = last[:, None] * num_frames + np.minimum(offsets, num_frames - 1)
    ends = tubelets.boxes.reshape(-1, 4).take(cells, axis=0)
    overlaps = box_overlaps(ends, tubelets.boxes.take(rows, axis=0), linking.last_pixel)
    return np.where(common, overlaps, 0.0).sum(axis=1) / common.sum(axis=1)


def _average(tubelets: Tubelets, numbers: NDArray[np.int64], linking: Linking) -> LinkedTubes:
    """The tubes that are good and long enough, their boxes averaged over the tubelets on each frame."""
    count = int(numbers.max(initial=-1)) + 1
    num_frames = tubelets.boxes.shape[1]
    scores = np.bincount(numbers, tubelets.scores, count) / np.bincount(numbers, minlength=count)
    starts, ends = np.full(count, np.iinfo(np.int64).max), np.zeros(count, np.int64)
    np.minimum.at(starts, numbers, tubelets.starts)
    np.maximum.at(ends, numbers, tubelets.starts + num_frames)
    good = np.flatnonzero((scores >= linking.least_score) & (ends - starts >= linking.least_length))
    member = np.zeros(count, np.int64)
    member[numbers] = np.arange(len(numbers))
    good = good[np.lexsort((good, tubelets.labels[member[good]], tubelets.videos[member[good]]))]
    lengths = (ends - starts)[good]
    place = np.full(count, -1)
    place[good] = np.cumsum(lengths) - lengths
    chosen = np.flatnonzero(place[numbers] >= 0)
    first = place[numbers[chosen]] + tubelets.starts[chosen] - starts[numbers[chosen]]
    boxes = (first[:, None] + np.arange(num_frames)).ravel()
    total = int(lengths.sum())
    on_frame = np.bincount(boxes, minlength=total)
    columns = [np.bincount(boxes, tubelets.boxes[chosen, :, side].ravel(), total) / on_frame for side in range(4)]
    box_scores = np.bincount(boxes, np.repeat(tubelets.scores[chosen], num_frames), total) / on_frame
    frames = np.arange(total) + np.repeat(starts[good] - place[good], lengths)
    videos, labels = tubelets.videos[member[good]], tubelets.labels[member[good]]
    tubes = Tubes(videos, labels, lengths, frames, np.stack(columns, axis=1), scores[good])
    return LinkedTubes(tubes, box_scores, count - len(good))
