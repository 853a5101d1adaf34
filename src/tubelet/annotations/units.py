"""Frames and seconds, pixels and fractions: the one place where an official file's units become ours.

Official files count frames and pixels; `tubelet.annotations` keeps seconds and fractions of the frame. A reader
converts one way, its writer the other, and rounding gives the very numbers of the file again: whole frames for any
frame rate, pixels to far more digits than a file or a float32 holds.
"""

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray


def frame_to_seconds(frame: ArrayLike, frame_rate: float, *, first: Literal[0, 1] = 0) -> NDArray[np.float64]:
    """The time at which frames are shown.

    Args:
        frame: (...) numbers of frames.
        frame_rate: frames a second.
        first: the number of the video's first frame, which is shown at 0 s.

    Returns:
        (...) seconds, float64; an array without axes for a single frame.
    """
    return np.asarray((np.asarray(frame, np.float64) - first) / frame_rate)


def seconds_to_frame(seconds: ArrayLike, frame_rate: float, *, first: Literal[0, 1] = 0) -> NDArray[np.int64]:
    """The frame that is shown nearest to a time: the inverse of `frame_to_seconds` for frames below 2**50.

    Args:
        seconds: (...) from the first frame.
        frame_rate: frames a second.
        first: the number of the video's first frame.

    Returns:
        (...) int64; an array without axes for a single time.
    """
    return np.asarray(np.rint(np.asarray(seconds, np.float64) * frame_rate).astype(np.int64) + first)


def to_fractions(xyxy: ArrayLike, width: float, height: float) -> NDArray[np.float64]:
    """Boxes in pixels, (..., 4) as left, top, right, bottom, as float64 fractions of the frame's width and height.

    Pixels may be of any type: unsigned integers are widened first.
    """
    return np.asarray(xyxy, np.float64) / np.array([width, height, width, height], np.float64)


def to_pixels(xyxy: ArrayLike, width: float, height: float) -> NDArray[np.float64]:
    """Boxes in fractions, (..., 4), as float64 pixels: the inverse of `to_fractions` but for the last bit.

    Rounding to what the file holds makes it exact: ``np.rint`` for whole pixels, ``round(3)`` for three decimals,
    ``astype(np.float32)`` for float32.
    """
    return np.asarray(xyxy, np.float64) * np.array([width, height, width, height], np.float64)
