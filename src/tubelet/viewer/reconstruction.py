"""What a masked autoencoder makes of a clip, as a still picture or a moving one."""

from __future__ import annotations

import os
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from PIL import Image

FRAMES_SHOWN = 8  # in a still picture
SMALLEST_SIDE = 112  # pixels of a frame; smaller ones are enlarged
GAP = 4  # pixels between frames
WHITE = 255
MILLISECONDS = 120  # a frame of a moving picture


def save_reconstruction(path: str | os.PathLike[str], clips: Mapping[str, np.ndarray]) -> Path:
    """Write clips of equal size, one below the other (.png, some frames in a row) or side by side (.gif, all frames).

    Args:
        path: ends in .png or .gif.
        clips: name to uint8 (T, H, W, 3), in the order to show them in.

    Returns:
        The path.
    """
    path = Path(path)
    frames = np.stack(list(clips.values()))  # (rows, T, H, W, 3)
    factor = -(-SMALLEST_SIDE // min(frames.shape[2:4]))
    frames = frames.repeat(factor, axis=2).repeat(factor, axis=3)
    part = path.with_name(f".{path.name}.part")
    if path.suffix == ".gif":
        moving = [Image.fromarray(_beside(list(frames[:, i]))) for i in range(frames.shape[1])]
        moving[0].save(part, "GIF", save_all=True, append_images=moving[1:], duration=MILLISECONDS, loop=0)
    else:
        shown = np.linspace(0, frames.shape[1] - 1, min(FRAMES_SHOWN, frames.shape[1])).round().astype(int)
        rows = [_beside(list(row[shown])) for row in frames]
        Image.fromarray(_beside([row.swapaxes(0, 1) for row in rows]).swapaxes(0, 1)).save(part, "PNG")
    part.replace(path)
    return path


def _beside(pictures: list[np.ndarray]) -> np.ndarray:
    """Pictures (H, W, 3) in a row with white gaps."""
    gap = np.full((pictures[0].shape[0], GAP, 3), WHITE, np.uint8)
    return np.concatenate([part for picture in pictures for part in (gap, picture)][1:], axis=1)
