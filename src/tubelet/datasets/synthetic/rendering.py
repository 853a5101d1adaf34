"""Pixels of the synthetic benchmark: a drifting noise field and anti-aliased shapes, vectorised over the frames.

The canvas is planar, float32 ``(3, T, H, W)`` in [0, 255]: a mask then broadcasts over the colours in long inner loops,
which makes a 16 x 64 x 64 clip a matter of milliseconds. A shape is computed on a small patch around it alone.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from tubelet.datasets.synthetic.shapes import ANGLES, REACH, Figure, Float, outline, texture_weight

Array = NDArray[np.float64]

NODES_PER_SIDE = 8  # of the background's grid


@dataclass(frozen=True)
class Background:
    """A periodic grid of colours ``(3, G, G)`` in [0, 1], eight nodes a short side, that drifts by ``velocity``.

    ``velocity`` is in short sides a second, ``noise`` the half width of uniform pixel noise in [0, 1].
    """

    grid: Float
    velocity: tuple[float, float]
    noise: float
    noise_seed: int


def draw_background(background: Background, seconds: Array, shift: Array, height: int, width: int) -> Float:
    """The canvas ``(3, T, H, W)`` with the background, ``shift`` ``(T, 2)`` is the camera's, in sides."""
    side = min(height, width)
    nodes = background.grid.shape[1]
    offset = np.outer(seconds, background.velocity) + shift  # (T, 2)
    rows = _spline_weights((np.arange(height) + 0.5) / side - offset[:, 1:], nodes)  # (T, H, G)
    columns = _spline_weights((np.arange(width) + 0.5) / side - offset[:, :1], nodes)
    field = np.matmul(rows[None], 255 * background.grid[:, None])  # (3, T, H, G)
    canvas: Float = np.matmul(field, columns.transpose(0, 2, 1)[None])  # (3, T, H, W)
    return canvas


def _spline_weights(position: Array, nodes: int) -> Float:
    """Cubic B-spline weights of the periodic grid's nodes at positions in sides: ``(T, L) -> (T, L, nodes)``."""
    node = (position * NODES_PER_SIDE % nodes).astype(np.float32)
    gap = np.abs(node[..., None] - np.arange(nodes, dtype=np.float32))
    gap = np.minimum(gap, nodes - gap)
    near, far = np.maximum(1 - gap, 0), np.maximum(2 - gap, 0)
    weights: Float = (far * far * far - 4 * near * near * near) * np.float32(1 / 6)
    return weights


def draw_figure(
    canvas: Float, figure: Figure, x: Array, y: Array, radius: Array, angle: Array, opacity: Array | None = None
) -> None:
    """Blend a figure over the canvas.

    Args:
        canvas: ``(3, T, H, W)`` in [0, 255], changed in place.
        figure: what to draw.
        x: centres in pixels, ``(T,)``, or ``(1,)`` for a figure that stands still; so the other arrays.
        y: see ``x``.
        radius: pixels.
        angle: radians, clockwise.
        opacity: in [0, 1]; 1 when not given.
    """
    masks, colours, left, top = _patch(figure, x, y, radius, angle)
    if opacity is not None:
        masks = masks * opacity.astype(np.float32)[:, None, None]
    colours *= masks
    masks = 1 - masks
    height, width = canvas.shape[2:]
    size = masks.shape[1]
    for t, (x0, y0) in enumerate(zip(left.tolist(), top.tolist(), strict=True)):
        x1, y1 = min(x0 + size, width), min(y0 + size, height)
        across, down = slice(max(-x0, 0), x1 - x0), slice(max(-y0, 0), y1 - y0)
        if x1 <= 0 or y1 <= 0 or x0 >= width or y0 >= height:
            continue
        frames = slice(None) if len(masks) == 1 else slice(t, t + 1)
        region = canvas[:, frames, max(y0, 0) : y1, max(x0, 0) : x1]
        region *= masks[t, down, across]
        region += colours[:, t : t + 1, down, across]


def _patch(
    figure: Figure, x: Array, y: Array, radius: Array, angle: Array
) -> tuple[Float, Float, NDArray[np.int64], NDArray[np.int64]]:
    """Mask ``(T, P, P)`` and colours ``(3, T, P, P)`` of a figure, and the patches' left and top pixels ``(T,)``."""
    half = int(np.ceil(REACH * radius.max())) + 1
    left, top = np.floor(x).astype(np.int64) - half, np.floor(y).astype(np.int64) - half
    cells = np.arange(2 * half + 1) + 0.5
    across = ((left - x)[:, None] + cells) / radius[:, None]  # (T, P), in radii
    down = ((top - y)[:, None] + cells) / radius[:, None]
    cos, sin = np.cos(angle)[:, None], np.sin(angle)[:, None]
    u = (across * cos).astype(np.float32)[:, None, :] + (down * sin).astype(np.float32)[:, :, None]  # (T, P, P)
    v = (down * cos).astype(np.float32)[:, :, None] - (across * sin).astype(np.float32)[:, None, :]
    rho, theta = np.sqrt(u * u + v * v), np.arctan2(v, u)
    pixels = radius.astype(np.float32)[:, None, None]

    edge, normal = outline(figure.shape)
    entry = ((theta + np.float32(2 * np.pi)) * np.float32(ANGLES / (2 * np.pi)) + np.float32(0.5)).astype(np.int32)
    entry %= ANGLES
    inward = (edge[entry] - rho) * normal[entry]  # distance to the outline, in radii
    mask = np.clip(inward * pixels + np.float32(0.5), 0, 1)
    shade = 255 * np.clip(np.float32(0.5) + np.float32(3.5) * inward, 0, 1)  # a darker rim
    base, accent = (np.array(colour, np.float32)[:, None, None, None] for colour in (figure.colour, figure.accent))
    if figure.texture is None:
        return mask, base * shade, left, top
    weight = texture_weight(figure.texture, u, v, rho, theta, pixels)
    return mask, base * (shade - shade * weight) + accent * (shade * weight), left, top


def add_noise(canvas: Float, background: Background, frames: NDArray[np.int64]) -> None:
    """Add pixel noise in place; a frame's noise depends on the scene and the frame's number alone."""
    if background.noise == 0:
        return
    pixels = canvas[:, 0].size
    rng = np.random.Generator(np.random.Philox(background.noise_seed))
    tile = rng.integers(0, 256, 2 * pixels, np.uint8).astype(np.float32)
    tile = (tile - np.float32(127.5)) * np.float32(2 * background.noise)
    for t, frame in enumerate(frames):
        start = int(frame) * 7919 * 127 % pixels  # far from the last frame's, so that the noise does not seem to move
        canvas[:, t] += tile[start : start + pixels].reshape(canvas[:, t].shape)


def to_bytes(canvas: Float) -> NDArray[np.uint8]:
    """Round a canvas to uint8, in place where it can."""
    np.clip(canvas, 0, 255, out=canvas)
    canvas += np.float32(0.5)
    return canvas.astype(np.uint8)
