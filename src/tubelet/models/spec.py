"""What a model expects and what it gives, so that readers, transforms and detectors need not know which model it is."""

from __future__ import annotations

from dataclasses import dataclass

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)


@dataclass(frozen=True)
class FeatureLevel:
    """One level of ``features(clip)``: its channels and its strides against the clip (time, height, width)."""

    channels: int
    stride: tuple[int, int, int]


@dataclass(frozen=True)
class ModelSpec:
    """The clip that a model was made for.

    Args:
        num_frames: frames of a clip.
        frame_stride: frames of the video from one frame of the clip to the next.
        crop: side of the square crop, pixels.
        mean: per RGB channel, of pixels in [0, 1].
        std: per RGB channel, of pixels in [0, 1].
        num_classes: width of the logits.
        levels: what ``features`` gives, the finest first.
    """

    num_frames: int
    frame_stride: int
    crop: int
    num_classes: int
    levels: tuple[FeatureLevel, ...]
    mean: tuple[float, float, float] = IMAGENET_MEAN
    std: tuple[float, float, float] = IMAGENET_STD
