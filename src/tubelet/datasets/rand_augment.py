"""RandAugment on clips, with the operations, ranges and arithmetic of VideoMAE's fine-tuning.

Cubuk et al., RandAugment, CVPR Workshops 2020, in the form that timm writes as "rand-m7-n4-mstd0.5-inc1": each of n
drawn operations is applied with probability 0.5 at a magnitude drawn around m, in ranges where a greater magnitude
always means a stronger change ("inc1"). Every frame of a clip gets the same operations, magnitudes and signs.

The operations are Pillow's own, frame by frame: its rounding is part of the recipe, and its lookup tables run faster
than indexing a table with a NumPy array.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Self, cast

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageEnhance, ImageOps

from tubelet.errors import TubeletError

FILL = (128, 128, 128)  # what comes in from outside of a frame
MAX_MAGNITUDE = 10.0
PROBABILITY = 0.5

Operation = Callable[[Image.Image, float, int], Image.Image]


def _affine(image: Image.Image, matrix: tuple[float, float, float, float, float, float]) -> Image.Image:
    return image.transform(
        image.size, Image.Transform.AFFINE, matrix, resample=Image.Resampling.BICUBIC, fillcolor=FILL
    )


def _rotate(image: Image.Image, level: float, sign: int) -> Image.Image:
    return image.rotate(sign * 30.0 * level, resample=Image.Resampling.BICUBIC, fillcolor=FILL)


def _posterize(image: Image.Image, level: float, sign: int) -> Image.Image:
    return ImageOps.posterize(image, 4 - int(4 * level))


def _solarize(image: Image.Image, level: float, sign: int) -> Image.Image:
    return ImageOps.solarize(image, 256 - int(256 * level))


def _solarize_add(image: Image.Image, level: float, sign: int) -> Image.Image:
    table = [min(255, value + int(110 * level)) if value < 128 else value for value in range(256)]
    return image.point(table * 3)


def _enhance(kind: Callable[[Image.Image], ImageEnhance._Enhance]) -> Operation:
    return lambda image, level, sign: kind(image).enhance(1.0 + sign * 0.9 * level)


OPERATIONS: dict[str, Operation] = {
    "AutoContrast": lambda image, level, sign: ImageOps.autocontrast(image),
    "Equalize": lambda image, level, sign: ImageOps.equalize(image),
    "Invert": lambda image, level, sign: ImageOps.invert(image),
    "Rotate": _rotate,
    "PosterizeIncreasing": _posterize,
    "SolarizeIncreasing": _solarize,
    "SolarizeAdd": _solarize_add,
    "ColorIncreasing": _enhance(ImageEnhance.Color),
    "ContrastIncreasing": _enhance(ImageEnhance.Contrast),
    "BrightnessIncreasing": _enhance(ImageEnhance.Brightness),
    "SharpnessIncreasing": _enhance(ImageEnhance.Sharpness),
    "ShearX": lambda image, level, sign: _affine(image, (1, sign * 0.3 * level, 0, 0, 1, 0)),
    "ShearY": lambda image, level, sign: _affine(image, (1, 0, 0, sign * 0.3 * level, 1, 0)),
    "TranslateXRel": lambda image, level, sign: _affine(image, (1, 0, sign * 0.45 * level * image.width, 0, 1, 0)),
    "TranslateYRel": lambda image, level, sign: _affine(image, (1, 0, 0, 0, 1, sign * 0.45 * level * image.height)),
}


def apply_operation(name: str, frames: NDArray[np.uint8], magnitude: float, sign: int = 1) -> NDArray[np.uint8]:
    """One operation on every frame.

    Args:
        name: a key of `OPERATIONS`.
        frames: uint8 ``(T, H, W, 3)`` RGB.
        magnitude: 0 to 10.
        sign: 1 or -1, the direction of the operations that have one (rotation, shear, shift, the four enhancements).

    Returns:
        uint8 ``(T, H, W, 3)``, a new array.
    """
    return _from_images([OPERATIONS[name](image, magnitude / MAX_MAGNITUDE, sign) for image in _to_images(frames)])


@dataclass(frozen=True)
class RandAugment:
    """Draws ``num_ops`` operations with replacement for a clip and applies each with probability 0.5.

    Args:
        magnitude: mean of the normal distribution that an operation's magnitude comes from.
        magnitude_std: its standard deviation; the draw is cut to 0..10.
        num_ops: how many operations are drawn.
    """

    magnitude: float = 7.0
    magnitude_std: float = 0.5
    num_ops: int = 4

    @classmethod
    def from_name(cls, name: str) -> Self:
        """From timm's way of writing it, such as "rand-m7-n4-mstd0.5-inc1"; raises `TubeletError` on any other."""
        number = r"(\d+(?:\.\d+)?)"
        match = re.fullmatch(rf"rand-m{number}-n(\d+)(?:-mstd{number})?-inc1", name)
        if match is None or float(match[1]) > MAX_MAGNITUDE:
            raise TubeletError(f'RandAugment {name!r} is not known; expected the form "rand-m7-n4-mstd0.5-inc1".')
        return cls(magnitude=float(match[1]), num_ops=int(match[2]), magnitude_std=float(match[3] or 0.0))

    def __call__(self, frames: NDArray[np.uint8], generator: np.random.Generator) -> NDArray[np.uint8]:
        """Augment a clip, uint8 ``(T, H, W, 3)`` in and out; the clip itself comes back when nothing was drawn."""
        names = list(OPERATIONS)
        images: list[Image.Image] | None = None
        for drawn in generator.integers(len(names), size=self.num_ops):
            if generator.random() >= PROBABILITY:
                continue
            magnitude = float(np.clip(generator.normal(self.magnitude, self.magnitude_std), 0.0, MAX_MAGNITUDE))
            sign = 1 if generator.random() < 0.5 else -1
            operation = OPERATIONS[names[drawn]]
            images = _to_images(frames) if images is None else images
            images = [operation(image, magnitude / MAX_MAGNITUDE, sign) for image in images]
        return frames if images is None else _from_images(images)


def _to_images(frames: NDArray[np.uint8]) -> list[Image.Image]:
    return [Image.fromarray(frame) for frame in frames]


def _from_images(images: list[Image.Image]) -> NDArray[np.uint8]:
    return cast("NDArray[np.uint8]", np.stack([np.asarray(image) for image in images]))
