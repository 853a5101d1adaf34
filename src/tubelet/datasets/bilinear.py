"""Bilinear scaling of bytes in fixed point, equal to OpenCV's ``INTER_LINEAR`` to the last bit.

The testing protocols of VideoMAE and its successors resize with OpenCV, whose weights have 11 bits and whose sums are
shifted between the two passes; float arithmetic differs by a grey level in an eighth of the pixels.
"""

import numpy as np
from numpy.typing import NDArray

ONE = 2048  # a weight of 1


def scale_bilinear(frame: NDArray[np.uint8], height: int, width: int) -> NDArray[np.uint8]:
    """Scale a frame ``(H, W, C)`` to ``(height, width, C)``: pixel centres, no antialiasing, rounded to bytes."""
    top, bottom, top_weight, bottom_weight = _taps(frame.shape[0], height)
    left, right, left_weight, right_weight = _taps(frame.shape[1], width, clamp_weights=True)
    pixels = frame.astype(np.int32)
    rows = pixels[:, left] * left_weight[:, None] + pixels[:, right] * right_weight[:, None] >> 4  # (H, width, C)
    upper = rows[top] * top_weight[:, None, None] >> 16
    lower = rows[bottom] * bottom_weight[:, None, None] >> 16
    return np.clip(upper + lower + 2 >> 2, 0, 255).astype(np.uint8)


def _taps(old: int, new: int, clamp_weights: bool = False) -> tuple[NDArray[np.int64 | np.int32], ...]:
    """For each new pixel the two old ones it lies between and their weights; OpenCV clamps weights along rows only."""
    position = ((np.arange(new) + 0.5) * (old / new) - 0.5).astype(np.float32)
    first = np.floor(position).astype(np.int64)
    weight = position - first
    if clamp_weights:
        weight[(first < 0) | (first >= old - 1)] = 0
    second_weight = np.rint(weight * ONE).astype(np.int32)
    first_weight = np.rint((1 - weight) * ONE).astype(np.int32)
    return np.clip(first, 0, old - 1), np.clip(first + 1, 0, old - 1), first_weight, second_weight
