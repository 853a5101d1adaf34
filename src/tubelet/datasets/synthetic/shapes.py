"""Shapes and textures of the synthetic benchmark, in polar form.

Every shape is star-shaped about its centre: a table of its outline's radius over the angle. One table look-up then
gives the anti-aliased mask of any shape at any angle, and the outline's points give its exact bounding box.
"""

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

Float = NDArray[np.float32]

ANGLES = 960  # divisible by 3, 4, 5, 6, 8, so the corners of the shapes below are entries of the table
REACH = 1.2  # no outline goes further than this many radii

SHAPES = ("disc", "triangle", "square", "pentagon", "star", "cross", "flower")
COMPACT_SHAPES = ("disc", "triangle", "square", "pentagon")  # those still plain to see when they are small
TEXTURES = ("sector", "half", "stripes", "spot", "hand")


@dataclass(frozen=True)
class Figure:
    """What a drawn shape looks like; colours are RGB in [0, 1], the accent is the texture's second colour."""

    shape: str
    texture: str | None
    colour: tuple[float, float, float]
    accent: tuple[float, float, float]


def _ring(corners: int, radii: tuple[float, ...], turn: float = 0.0) -> NDArray[np.float64]:
    angles = 2 * np.pi * (np.arange(corners) / corners + turn)
    return np.stack([np.cos(angles), np.sin(angles)], 1) * np.resize(radii, corners)[:, None]


def _polygon(corners: NDArray[np.float64]) -> NDArray[np.float64]:
    """Radius of a star-shaped polygon over the table's angles: where the ray from the centre meets an edge."""
    theta = 2 * np.pi * np.arange(ANGLES) / ANGLES
    ray = np.stack([np.cos(theta), np.sin(theta)], 1)[:, None]  # (A, 1, 2)
    start, edge = corners[None], (np.roll(corners, -1, 0) - corners)[None]  # (1, K, 2)
    across = ray[..., 0] * edge[..., 1] - ray[..., 1] * edge[..., 0]
    with np.errstate(divide="ignore", invalid="ignore"):
        distance = (start[..., 0] * edge[..., 1] - start[..., 1] * edge[..., 0]) / across
        along = (start[..., 0] * ray[..., 1] - start[..., 1] * ray[..., 0]) / across
    hit = (along >= -1e-9) & (along <= 1 + 1e-9) & (distance > 0)
    return np.where(hit, distance, np.inf).min(1)


_CORNERS = {
    "triangle": _ring(3, (REACH,)),
    "square": _ring(4, (1.15,)),
    "pentagon": _ring(5, (1.06,)),
    "star": _ring(10, (REACH, 0.62)),
    "cross": _ring(12, (1.13, 1.13, 0.56), turn=-1 / 24),
}


@cache
def outline(shape: str) -> tuple[Float, Float]:
    """The outline's radius over the angle and the factor that turns radial into normal distance, both ``(961,)``.

    Entry ``k`` belongs to the angle ``2 pi k / 960``; the last entry repeats the first.
    """
    theta = 2 * np.pi * np.arange(ANGLES) / ANGLES
    if shape == "disc":
        radius = np.full(ANGLES, 0.95)
    elif shape == "flower":
        radius = 0.94 + 0.2 * np.cos(5 * theta)
    else:
        radius = _polygon(_CORNERS[shape])
    slope = (np.roll(radius, -1) - np.roll(radius, 1)) / (4 * np.pi / ANGLES)
    normal = radius / np.hypot(radius, slope)
    closed = [np.append(values, values[0]).astype(np.float32) for values in (radius, normal)]
    return closed[0], closed[1]


def texture_weight(texture: str, u: Float, v: Float, rho: Float, theta: Float, pixels: Float) -> Float:
    """Weight of the accent colour in [0, 1], edges one pixel soft.

    Args:
        texture: one of :data:`TEXTURES`; each but the stripes differs under every rotation, the stripes under every
            rotation but the half turn.
        u: coordinate along the shape's axis, in radii; ``v`` across it; ``rho`` and ``theta`` the same in polar form.
        v: see ``u``.
        rho: see ``u``.
        theta: see ``u``, in [-pi, pi].
        pixels: the shape's radius in pixels, broadcastable to ``u``.
    """
    signed: Float
    if texture == "sector":
        signed = (np.float32(0.9) - np.abs(theta)) * rho
    elif texture == "half":
        signed = u
    elif texture == "stripes":
        signed = (np.abs((1.5 * u + 0.25) % 1 - 0.5) - 0.25) / 1.5
    elif texture == "spot":
        signed = 0.36 - np.hypot(u - 0.4, v)
    else:
        signed = np.minimum(0.22 - np.abs(v), u + 0.2)
    return np.clip(signed * pixels + np.float32(0.5), 0, 1)
