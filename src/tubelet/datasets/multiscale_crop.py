"""The one augmentation of masked pretraining: a crop of one of ten sizes at one of thirteen places.

Wang et al., TSN, ECCV 2016; Tong et al., VideoMAE, NeurIPS 2022. The same box in all frames, scaled by Pillow's
bilinear filter, which antialiases; no flip and no colours.
"""

from collections.abc import Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image
from torch import Tensor

from tubelet.datasets.transforms import IMAGENET_MEAN, IMAGENET_STD, normalise
from tubelet.video.crops import multiscale_crop_train


def multiscale_crop(
    frames: NDArray[np.uint8],
    crop: int,
    generator: np.random.Generator,
    mean: Sequence[float] = IMAGENET_MEAN,
    std: Sequence[float] = IMAGENET_STD,
) -> Tensor:
    """Draw a box, cut it out of every frame and scale it: uint8 ``(T, H, W, 3)`` -> float32 ``(3, T, crop, crop)``.

    Args:
        frames: of one clip.
        crop: side of the output, pixels.
        generator: source of the draws.
        mean: per RGB channel, of pixels in [0, 1].
        std: per RGB channel, of pixels in [0, 1].
    """
    height, width = frames.shape[1:3]
    x, y, box_width, box_height = multiscale_crop_train(width, height, generator, crop)
    scaled = np.empty((len(frames), crop, crop, 3), np.uint8)
    for frame, target in zip(frames, scaled, strict=True):
        box = np.ascontiguousarray(frame[y : y + box_height, x : x + box_width])
        target[:] = np.asarray(Image.fromarray(box).resize((crop, crop), Image.Resampling.BILINEAR))
    clip = torch.from_numpy(scaled).permute(0, 3, 1, 2).float()  # (T, H, W, C) -> (T, C, H, W)
    return normalise(clip, tuple(mean), tuple(std)).transpose(0, 1).contiguous()
