"""From decoded frames to a network's input, as VideoMAE's fine-tuning and testing do it.

Tong et al., VideoMAE, NeurIPS 2022. A transform takes the frames of one video, uint8 ``(F, H, W, 3)``, and the clips to
make of them as positions in those frames, ``(clips, T)``: frames that clips share are decoded and resized once. It
gives float32 ``(V, C, T, S, S)``. All draws come from the generator that it is given.

Resizing never antialiases, because the recipes resize without: OpenCV's bilinear on bytes for testing, bilinear on
floats with pixel centres (``align_corners=False``) for training.
"""

import math
from dataclasses import dataclass, field
from typing import NamedTuple, Protocol

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor
from torchvision.transforms import v2
from torchvision.transforms.v2 import functional as vision

from tubelet.datasets.bilinear import scale_bilinear
from tubelet.datasets.rand_augment import RandAugment
from tubelet.errors import TubeletError
from tubelet.video.crops import truncated_crops

IMAGENET_MEAN = (0.485, 0.456, 0.406)
IMAGENET_STD = (0.229, 0.224, 0.225)
TRIES = 10  # draws of a box before falling back


class ClipTransform(Protocol):
    """What a recognition data set calls on the frames of a video."""

    def __call__(self, frames: NDArray[np.uint8], clips: NDArray[np.int64], generator: np.random.Generator) -> Tensor:
        """Float32 ``(V, C, T, S, S)`` from uint8 ``(F, H, W, 3)`` and positions ``(clips, T)``."""


class Box(NamedTuple):
    """A rectangle of pixels."""

    top: int
    left: int
    height: int
    width: int


def normalise(clip: Tensor, mean: tuple[float, ...] = IMAGENET_MEAN, std: tuple[float, ...] = IMAGENET_STD) -> Tensor:
    """``(value / 255 - mean) / std`` per channel of a float clip ``(T, C, H, W)`` with values 0 to 255, in place."""
    return vision.normalize(clip, [255.0 * m for m in mean], [255.0 * s for s in std], inplace=True)


def random_crop_box(
    height: int,
    width: int,
    generator: np.random.Generator,
    area: tuple[float, float] = (0.08, 1.0),
    aspect: tuple[float, float] = (3 / 4, 4 / 3),
) -> Box:
    """The box of a random resized crop (Szegedy et al., CVPR 2015): uniform area, log-uniform aspect ratio.

    Args:
        height: of the frame, pixels.
        width: of the frame, pixels.
        generator: source of the draws.
        area: bounds of the box's part of the frame.
        aspect: bounds of width over height.

    Returns:
        The first of ten draws that fits into the frame, else the largest centred box whose aspect is within bounds.
    """
    for _ in range(TRIES):
        pixels = height * width * generator.uniform(*area)
        ratio = math.exp(generator.uniform(math.log(aspect[0]), math.log(aspect[1])))
        box_width, box_height = round(math.sqrt(pixels * ratio)), round(math.sqrt(pixels / ratio))
        if 0 < box_width <= width and 0 < box_height <= height:
            top = int(generator.integers(height - box_height + 1))
            left = int(generator.integers(width - box_width + 1))
            return Box(top, left, box_height, box_width)
    box_width = min(width, max(1, round(height * aspect[1])))
    box_height = min(height, max(1, round(width / aspect[0])))
    return Box((height - box_height) // 2, (width - box_width) // 2, box_height, box_width)


def random_erasing_box(
    height: int,
    width: int,
    generator: np.random.Generator,
    area: tuple[float, float] = (1 / 50, 1 / 3),
    aspect: tuple[float, float] = (0.3, 1 / 0.3),
) -> Box | None:
    """The box of random erasing (Zhong et al., AAAI 2020), or None when none of ten draws fits into the frame."""
    for _ in range(TRIES):
        pixels = height * width * generator.uniform(*area)
        ratio = math.exp(generator.uniform(math.log(aspect[0]), math.log(aspect[1])))
        box_height, box_width = round(math.sqrt(pixels * ratio)), round(math.sqrt(pixels / ratio))
        if 0 < box_height < height and 0 < box_width < width:
            top = int(generator.integers(height - box_height + 1))
            left = int(generator.integers(width - box_width + 1))
            return Box(top, left, box_height, box_width)
    return None


def erase(clip: Tensor, box: Box, generator: np.random.Generator) -> Tensor:
    """Fill the box of a normalised clip ``(..., H, W)``, in place, with N(0, 1) noise of its own in every frame."""
    region = clip[..., box.top : box.top + box.height, box.left : box.left + box.width]
    region.copy_(torch.from_numpy(generator.standard_normal(region.shape, dtype=np.float32)))
    return clip


def resize_short_side(frames: NDArray[np.uint8], short_side: int) -> NDArray[np.uint8]:
    """Frames ``(F, H, W, 3)`` scaled so that the short side is ``short_side``, as OpenCV's ``INTER_LINEAR`` does it.

    Bilinear without antialiasing, rounded to bytes; the long side is truncated to an integer; frames whose short side
    fits already come back as they are.
    """
    height, width = frames.shape[1:3]
    if min(height, width) == short_side:
        return frames
    if height < width:
        size = [short_side, int(short_side * width / height)]
    else:
        size = [int(short_side * height / width), short_side]
    resized = np.empty((len(frames), *size, 3), np.uint8)
    for frame, target in zip(frames, resized, strict=True):  # frame by frame: sums of a whole video are large
        target[:] = scale_bilinear(frame, *size)
    return resized


def squashed_clip(frames: NDArray[np.uint8], size: int = 224) -> Tensor:
    """The input that VideoMAE v2's released THUMOS14 and FineAction features were made from.

    Frames ``(T, H, W, 3)`` scaled to a square whatever their aspect ratio and to 0..1, WITHOUT the mean and standard
    deviation that the network was trained with.

    Returns:
        float32 ``(3, T, size, size)``.
    """
    clip = torch.from_numpy(np.ascontiguousarray(frames)).permute(0, 3, 1, 2).float()  # (T, H, W, C) -> (T, C, H, W)
    clip = vision.resize(clip, [size, size], interpolation=v2.InterpolationMode.BILINEAR, antialias=False)
    return clip.div_(255.0).transpose(0, 1).contiguous()


@dataclass(frozen=True)
class TrainTransform:
    """VideoMAE's augmentation for fine-tuning; one draw for all frames of a clip, in the order of the arguments.

    Args:
        crop: side of the output, pixels.
        rand_augment: on the frames at their full size; None for none.
        area: bounds of the random resized crop's part of the frame.
        aspect: bounds of its width over height.
        flip_probability: of a horizontal flip; 0 where left and right make a class.
        erasing_probability: of random erasing.
        mean: per RGB channel, of pixels in [0, 1].
        std: per RGB channel, of pixels in [0, 1].
    """

    crop: int = 224
    rand_augment: RandAugment | None = field(default_factory=RandAugment)
    area: tuple[float, float] = (0.08, 1.0)
    aspect: tuple[float, float] = (3 / 4, 4 / 3)
    flip_probability: float = 0.5
    erasing_probability: float = 0.25
    mean: tuple[float, ...] = IMAGENET_MEAN
    std: tuple[float, ...] = IMAGENET_STD

    def __call__(self, frames: NDArray[np.uint8], clips: NDArray[np.int64], generator: np.random.Generator) -> Tensor:
        """Float32 ``(clips, 3, T, S, S)`` from uint8 ``(F, H, W, 3)`` and ``(clips, T)``; a clip has its own draws."""
        return torch.stack([self._augment(frames[clip], generator) for clip in clips])

    def _augment(self, frames: NDArray[np.uint8], generator: np.random.Generator) -> Tensor:
        if self.rand_augment is not None:
            frames = self.rand_augment(frames, generator)
        height, width = frames.shape[1:3]
        box = random_crop_box(height, width, generator, self.area, self.aspect)
        frames = frames[:, box.top : box.top + box.height, box.left : box.left + box.width]
        clip = (
            torch.from_numpy(np.ascontiguousarray(frames)).permute(0, 3, 1, 2).float()
        )  # (T, H, W, C) -> (T, C, H, W)
        # Scaling keeps weighted means, so normalising after it gives the paper's numbers and touches fewer pixels.
        size = [self.crop, self.crop]
        clip = vision.resize(clip, size, interpolation=v2.InterpolationMode.BILINEAR, antialias=False)
        clip = normalise(clip, self.mean, self.std)
        if generator.random() < self.flip_probability:
            clip = vision.horizontal_flip(clip)
        if generator.random() < self.erasing_probability:
            erased = random_erasing_box(self.crop, self.crop, generator)
            clip = clip if erased is None else erase(clip, erased, generator)
        return clip.transpose(0, 1).contiguous()  # (T, C, H, W) -> (C, T, H, W)


@dataclass(frozen=True)
class EvaluationTransform:
    """VideoMAE's views for validation (one centre crop) and testing (three crops along the long side).

    Args:
        crop: side of the crops and of the resized frames' short side, pixels.
        num_crops: 1 for the centre, 3 for both ends and the centre of the long side.
        mean: per RGB channel, of pixels in [0, 1].
        std: per RGB channel, of pixels in [0, 1].
        short_side: of the resized frames, where it is not the crop.
    """

    crop: int = 224
    num_crops: int = 1
    mean: tuple[float, ...] = IMAGENET_MEAN
    std: tuple[float, ...] = IMAGENET_STD
    short_side: int | None = None

    def __post_init__(self) -> None:
        if self.num_crops not in (1, 3):
            raise TubeletError(f"num_crops is {self.num_crops}; expected 1 (the centre) or 3 (along the long side).")
        if self.short_side is not None and self.short_side < self.crop:
            raise TubeletError(f"short_side is {self.short_side}; expected at least the crop of {self.crop} pixels.")

    def __call__(
        self,
        frames: NDArray[np.uint8],
        clips: NDArray[np.int64] | None = None,
        generator: np.random.Generator | None = None,
    ) -> Tensor:
        """Every crop of every clip, the crops of a clip side by side.

        Args:
            frames: uint8 ``(F, H, W, 3)`` RGB.
            clips: positions in ``frames``, ``(clips, T)``; None for one clip of all frames.
            generator: not used; nothing is drawn.

        Returns:
            float32 ``(clips * num_crops, 3, T, crop, crop)``.
        """
        clips = np.arange(len(frames))[None] if clips is None else clips
        frames = resize_short_side(frames, self.short_side or self.crop)
        height, width = frames.shape[1:3]
        offsets = truncated_crops(width, height, self.crop, self.num_crops)
        # (clips, crops, C, T, H, W), filled view by view: a test has fifteen, and one copy of them is enough
        views = torch.empty(len(clips), len(offsets), 3, clips.shape[1], self.crop, self.crop)
        for clip, crops in zip(clips, views, strict=True):
            for (x, y), view in zip(offsets.tolist(), crops, strict=True):
                pixels = frames[clip, y : y + self.crop, x : x + self.crop]
                normalise(view.transpose(0, 1).copy_(torch.from_numpy(pixels).permute(0, 3, 1, 2)), self.mean, self.std)
        return views.flatten(0, 1)
