"""Sliding windows over a long video: cut from one decoding pass, and fused into segments.

The frames of a video are read once, in order; only those between the start of the oldest open window and the present
are held, so memory is bounded by the clip and not by the video.
"""

from collections.abc import Callable, Generator, Iterable, Sequence
from itertools import pairwise

import numpy as np

from tubelet.annotations import Segment


def cut_windows(
    frames: Iterable[np.ndarray],
    windows: np.ndarray,
    prepare: Callable[[np.ndarray], np.ndarray] = lambda frame: frame,
) -> Generator[np.ndarray]:
    """Cut windows from a stream of frames.

    Args:
        frames: (H, W, 3) each, in order from frame 0.
        windows: (W, T) frame indices, ascending within a window and from one window to the next.
        prepare: makes a frame smaller before it is held; called once for each frame that some window needs.

    Yields:
        (T, H, W, 3) for each window, as soon as its last frame has come; windows beyond the end of the stream are left
        out.
    """
    needed = {int(index) for index in windows.flat}
    held: dict[int, np.ndarray] = {}
    upcoming = 0
    for index, frame in enumerate(frames):
        if index in needed:
            held[index] = prepare(frame)
        while upcoming < len(windows) and windows[upcoming, -1] <= index:
            yield np.stack([held[int(wanted)] for wanted in windows[upcoming]])
            upcoming += 1
            if upcoming < len(windows):
                held = {kept: value for kept, value in held.items() if kept >= windows[upcoming, 0]}
        if upcoming == len(windows):
            return


def fuse_windows(windows: np.ndarray, scores: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """What windows say of each stretch of time between two of their borders: the mean of those that cover it.

    Args:
        windows: (W, 2) seconds, ascending.
        scores: (W, K).

    Returns:
        Stretches (S, 2) in seconds, ascending, each covered by some window, and their scores (S, K).
    """
    starts, ends = windows.round(6).T
    stretches, fused = [], []
    for left, right in pairwise(np.unique([starts, ends])):
        over = slice(np.searchsorted(ends, right), np.searchsorted(starts, left, side="right"))  # those that cover it
        if over.start < over.stop:
            stretches.append((left, right))
            fused.append(scores[over].mean(axis=0))
    return np.array(stretches).reshape(-1, 2), np.array(fused).reshape(-1, scores.shape[1])


def find_segments(
    windows: np.ndarray, scores: np.ndarray, classes: Sequence[str], *, threshold: float = 0.3
) -> tuple[Segment, ...]:
    """Join the stretches of a timeline that have the same best class.

    Args:
        windows: (W, 2) seconds, ascending.
        scores: (W, K).
        classes: K names.
        threshold: a stretch whose best score is below it belongs to no segment.

    Returns:
        Segments in order of time; a segment's score is the mean of its class over its time.
    """
    if len(windows) == 0:
        return ()
    stretches, fused = fuse_windows(windows, scores)
    best = np.where(fused.max(axis=1) >= threshold, fused.argmax(axis=1), -1)
    apart = (np.diff(best) != 0) | (stretches[1:, 0] > stretches[:-1, 1])  # another class, or a gap in time
    segments = []
    for run in np.split(np.arange(len(best)), np.flatnonzero(apart) + 1):
        k = int(best[run[0]])
        if k >= 0:
            lengths = stretches[run, 1] - stretches[run, 0]
            score = float(np.average(fused[run, k], weights=lengths))
            segments.append(Segment(float(stretches[run[0], 0]), float(stretches[run[-1], 1]), classes[k], score))
    return tuple(segments)
