"""Where the crops of a frame lie: the multi-scale crop of training and the crop views of testing.

Pure functions of integer sizes. Offsets are (x, y) of the top left corner, in pixels of the resized frame. Papers that
all say "three crops" put them in different places and order (VideoMAE truncates the centre, SlowFast rounds it up,
Video Swin and TAM step by a truncated half or quarter and take the right crop second or last).
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from tubelet.video.errors import ClipError

Offsets = NDArray[np.int64]

MULTISCALE = (1.0, 0.875, 0.75, 0.66)


def multiscale_pairs(width: int, height: int, crop: int = 224) -> Offsets:
    """The crop sizes of the multi-scale crop (TSN; VideoMAE and MVD pre-training, TAM and TDN training).

    Sides are int(short side * s) for s in 1, .875, .75, .66, a side within 2 pixels of ``crop`` becomes ``crop``, and
    width and height lie at most one step apart. One pair is drawn uniformly.

    Returns:
        (10, 2) widths and heights.
    """
    sides = [int(min(width, height) * scale) for scale in MULTISCALE]
    sides = [crop if abs(side - crop) < 3 else side for side in sides]
    pairs = [(w, h) for i, h in enumerate(sides) for j, w in enumerate(sides) if abs(i - j) <= 1]
    return np.array(pairs, dtype=np.int64)


def multiscale_offsets(width: int, height: int, crop_width: int, crop_height: int) -> Offsets:
    """The 13 places that a multi-scale crop is drawn from: corners, centre, middles of the edges, quarter points.

    Returns:
        (13, 2) offsets.

    Raises:
        ClipError: the crop is larger than the frame.
    """
    _check_fits(width, height, crop_width, crop_height)
    x, y = (width - crop_width) // 4, (height - crop_height) // 4
    steps = [(0, 0), (4, 0), (0, 4), (4, 4), (2, 2), (0, 2), (4, 2), (2, 4), (2, 0), (1, 1), (3, 1), (1, 3), (3, 3)]
    return np.array(steps, dtype=np.int64) * (x, y)


def multiscale_crop_train(
    width: int, height: int, rng: np.random.Generator, crop: int = 224
) -> tuple[int, int, int, int]:
    """Draw one multi-scale crop: (x, y, width, height)."""
    pairs = multiscale_pairs(width, height, crop)
    crop_width, crop_height = (int(side) for side in pairs[rng.integers(len(pairs))])
    # A side that was moved up to ``crop`` may pass the frame by two pixels.
    crop_width, crop_height = min(crop_width, width), min(crop_height, height)
    offsets = multiscale_offsets(width, height, crop_width, crop_height)
    x, y = (int(offset) for offset in offsets[rng.integers(len(offsets))])
    return x, y, crop_width, crop_height


def truncated_crops(width: int, height: int, crop: int, num_crops: int = 3) -> Offsets:
    """Crops along the long side at int(k * (long - crop) / (num_crops - 1)) (VideoMAE; the short side equals the crop).

    Returns:
        (num_crops, 2) offsets; a single crop is centred, and the short side is centred where it is longer than the
        crop.
    """
    _check_fits(width, height, crop, crop)
    free = max(width, height) - crop
    along = [int(k * (free / (num_crops - 1))) for k in range(num_crops)] if num_crops > 1 else [free // 2]
    return _along(width, height, along, (min(width, height) - crop) // 2)


def stepped_crops(width: int, height: int, crop: int) -> Offsets:
    """Three crops at 0, 2 * step, step with step = (long - crop) // 2 (Video Swin, mmaction2: left, right, middle).

    Returns:
        (3, 2) offsets; the right crop may miss the last pixel.
    """
    _check_fits(width, height, crop, crop)
    step = (max(width, height) - crop) // 2
    return _along(width, height, [0, 2 * step, step], (min(width, height) - crop) // 2)


def ceil_crops(width: int, height: int, crop: int) -> Offsets:
    """Three crops at 0, ceil((long - crop) / 2), long - crop (SlowFast, MViT, TimeSformer, UniFormer, ViViT).

    Returns:
        (3, 2) offsets: left, centre, right, or top, centre, bottom.
    """
    _check_fits(width, height, crop, crop)
    free = max(width, height) - crop
    return _along(width, height, [0, math.ceil(free / 2), free], math.ceil((min(width, height) - crop) / 2))


def quarter_crops(width: int, height: int, crop: int) -> Offsets:
    """Three crops left, right, centre at multiples of a quarter of the free width, always along the width (TAM, TDN).

    Returns:
        (3, 2) offsets; the right crop may miss up to three pixels.
    """
    _check_fits(width, height, crop, crop)
    x, y = (width - crop) // 4, (height - crop) // 4
    return np.array([(0, 2 * y), (4 * x, 2 * y), (2 * x, 2 * y)], dtype=np.int64)


def _along(width: int, height: int, along: list[int], across: int) -> Offsets:
    wide = width >= height
    return np.array([(at, across) if wide else (across, at) for at in along], dtype=np.int64)


def _check_fits(width: int, height: int, crop_width: int, crop_height: int) -> None:
    if crop_width > width or crop_height > height:
        raise ClipError(f"a crop of {crop_width}x{crop_height} does not fit in a frame of {width}x{height}.")
