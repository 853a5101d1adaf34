"""Boxes between keyframes: a labelling tool keeps those that a person drew, and moves the box evenly in between."""

import numpy as np
from numpy.typing import ArrayLike, NDArray


def between_keyframes(
    frames: ArrayLike, boxes: ArrayLike, *, last: int | None = None
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    """A box on every frame from the first keyframe to the last.

    Args:
        frames: (K,) ascending.
        boxes: (K, 4) xyxy.
        last: the last frame; the box stays where it is after the last keyframe. None ends with the keyframe.

    Returns:
        (N,) frames and (N, 4) boxes; keyframes as they were given.
    """
    frames, boxes = np.asarray(frames, np.int64), np.asarray(boxes, np.float64)
    end = frames[-1] if last is None else max(last, int(frames[-1]))
    every = np.arange(frames[0], end + 1)
    after = np.searchsorted(frames, every).clip(max=len(frames) - 1)
    before = np.where(frames[after] > every, after - 1, after)
    step = np.maximum(frames[after] - frames[before], 1)
    share = ((every - frames[before]) / step * (before != after))[:, None]
    return every, boxes[before] + (boxes[after] - boxes[before]) * share
