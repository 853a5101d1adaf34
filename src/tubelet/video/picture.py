"""From a decoded frame to displayed RGB pixels: colour, size and orientation in one pass each.

Colour conversion and scaling are swscale's, one reused context a reader: it takes matrix and range from the frame's
own tags (BT.601 limited where there are none, FFmpeg's convention). Orientation is a view of the array: the display
matrix's quarter turns and mirrors.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, cast

import av
import numpy as np
from av.video.reformatter import ColorRange, Colorspace, Interpolation, VideoReformatter
from numpy.typing import NDArray

Pixels = NDArray[np.uint8]

# Without full chroma, swscale halves the colour resolution of the scaled picture: visible at a short side of 224.
_SCALING = Interpolation.BILINEAR | Interpolation.FULL_CHR_H_INT


@dataclass(frozen=True)
class Orientation:
    """Coded to displayed pixels: swap the axes first, then mirror the displayed columns and rows."""

    transpose: bool = False
    mirror_columns: bool = False
    mirror_rows: bool = False

    def apply(self, pixels: Pixels) -> Pixels:
        """A view of (H, W, 3) pixels as displayed."""
        if self.transpose:
            pixels = pixels.transpose(1, 0, 2)
        if self.mirror_columns:
            pixels = pixels[:, ::-1]
        if self.mirror_rows:
            pixels = pixels[::-1]
        return pixels

    @property
    def rotation(self) -> int:
        """Degrees clockwise; a mirror image counts as its turn alone."""
        if self.transpose:
            return 90 if self.mirror_columns else 270
        return 180 if self.mirror_rows else 0


def frame_orientation(frame: av.VideoFrame) -> Orientation:
    """The orientation that a frame's display matrix asks for, to the nearest quarter turn.

    The matrix (16.16 fixed point, row major) takes coded to displayed coordinates: x' = a x + c y, y' = b x + d y.
    """
    matrix = cast(Mapping[str, Any], frame.side_data).get("DISPLAYMATRIX")
    if matrix is not None:
        a, b, _, c, d = np.frombuffer(matrix, dtype=np.int32)[:5].tolist()
        if abs(b) + abs(c) > abs(a) + abs(d):
            return Orientation(True, mirror_columns=c < 0, mirror_rows=b < 0)
        return Orientation(False, mirror_columns=a < 0, mirror_rows=d < 0)
    return Orientation()


def scaled_size(width: int, height: int, short_side: int | None) -> tuple[int, int]:
    """Width and height once the short side is ``short_side``; the long side is truncated (VideoMAE, UniFormer, ...)."""
    short = min(width, height)
    if short_side is None or short == short_side:
        return width, height
    return max(1, width * short_side // short), max(1, height * short_side // short)


class PictureConverter:
    """Turns decoded frames into displayed RGB at one size; a frame coded at another size is scaled to it.

    Args:
        first: a frame of the video; it fixes size and orientation.
        short_side: pixels of the displayed short side; None keeps the coded size.
    """

    def __init__(self, first: av.VideoFrame, short_side: int | None) -> None:
        self.orientation = frame_orientation(first)
        self._coded = scaled_size(first.width, first.height, short_side)
        width, height = self._coded
        self.width, self.height = (height, width) if self.orientation.transpose else (width, height)
        self._reformatter = VideoReformatter()

    def write(self, frame: av.VideoFrame, out: Pixels) -> None:
        """Write a frame's displayed pixels into ``out`` (height, width, 3)."""
        width, height = self._coded
        scaled = (frame.width, frame.height) != (width, height)
        rgb = self._reformatter.reformat(
            frame,
            width,
            height,
            "rgb24",
            dst_colorspace=Colorspace.ITU601,
            dst_color_range=ColorRange.JPEG,
            interpolation=_SCALING if scaled else Interpolation.BILINEAR,
            threads=1,
        )
        plane = rgb.planes[0]
        rows = np.frombuffer(memoryview(plane), dtype=np.uint8).reshape(-1, plane.line_size)[:height, : width * 3]
        out[...] = self.orientation.apply(rows.reshape(height, width, 3))
