"""What a model expects and what it gives, so that readers, transforms and detectors need not know which model it is."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from torch import Tensor, nn

from tubelet.errors import TubeletError

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


class ModelError(TubeletError):
    """A model that does not exist or cannot be built, or a clip that it cannot take."""


class RecognitionModel(nn.Module):
    """What every recognition network offers beside ``forward(clip) -> logits``; nothing else may be relied on.

    Args:
        config: every architectural choice, a frozen dataclass.
        classes: names in the order of the logits, where they are known.
    """

    config: Any
    classes: tuple[str, ...] | None = None

    @property
    def spec(self) -> ModelSpec:
        """The clip that the model expects, and the levels of its features."""
        raise NotImplementedError

    def features(self, clip: Tensor) -> list[Tensor]:
        """Maps of the clip, the finest first: (N, 3, T, H, W) -> (N, C, T', H', W') a level."""
        raise NotImplementedError

    def initialise(self, part: nn.Module | None = None) -> None:
        """Give the network, or one part of it, its initial random values."""
        raise NotImplementedError
