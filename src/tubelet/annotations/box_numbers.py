"""Boxes as the official files hold them: which are refused, and how pixels come back to the last bit."""

from collections.abc import Callable

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tubelet.annotations.actions import AnnotationError
from tubelet.annotations.units import to_pixels

OUTSIDE = 0.1
"""How much of the frame's size a detected box may leave it by: detectors look a little past the edge."""


def check_boxes(boxes: ArrayLike, width: float, height: float, where: Callable[[int], str]) -> NDArray[np.float64]:
    """Boxes that lie in their frame.

    Args:
        boxes: (N, 4) xyxy.
        width: of the frame, in the boxes' unit.
        height: likewise.
        where: file and place of a row, for the error.

    Returns:
        (N, 4) float64.

    Raises:
        AnnotationError: when a number is not finite, a box ends before it begins, or it leaves the frame by more than
            a thousandth of its size.
    """
    boxes = np.asarray(boxes, np.float64).reshape(-1, 4)
    least, most = np.array([width, height]) * -0.001, np.array([width, height]) * 1.001
    finite = np.isfinite(boxes).all(axis=1)
    forward = (boxes[:, :2] <= boxes[:, 2:]).all(axis=1)
    inside = (boxes[:, :2] >= least).all(axis=1) & (boxes[:, 2:] <= most).all(axis=1)
    for good, expected in (
        (finite, "finite numbers"),
        (forward, "left <= right and top <= bottom"),
        (inside, f"a box inside the frame of {width:g} x {height:g}"),
    ):
        if not good.all():
            row = int(np.flatnonzero(~good)[0])
            raise AnnotationError(f"{where(row)} has the box {boxes[row].tolist()}; expected {expected}.")
    return boxes


def file_pixels(fractions: ArrayLike, width: float, height: float) -> NDArray[np.float64]:
    """Boxes in pixels, (..., 4): the float32 or whole number that a detector wrote, where it is within rounding."""
    pixels = to_pixels(fractions, width, height)
    single = pixels.astype(np.float32).astype(np.float64)
    near = np.abs(single - pixels) <= 8 * np.spacing(np.abs(pixels))
    return np.where(near, single, pixels)
