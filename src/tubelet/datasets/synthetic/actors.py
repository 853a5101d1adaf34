"""Actors: what they look like, what moves, and which class that is.

Every actor is a textured body with a small companion beside it, and *every* actor carries *all* the motions: a path to
the side and one up and down, an angle, a size, an opacity, the companion's angle and its distance. Each is a function
of a phase. The class says which phase runs (and which way); the others stand still at a phase drawn uniformly from the
very same range. So in a frame of a clip at a uniformly random time all phases are uniform and independent whatever the
class, and no single frame can tell it. (A frame known to be a clip's first is not one at a random time: an actor
that grows is at its smallest there.)
"""

from dataclasses import dataclass, field
from typing import Literal, NamedTuple, TypeAlias, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tubelet.datasets.synthetic.shapes import ANGLES, Figure, outline

Array: TypeAlias = NDArray[np.float64]
Channel = Literal["x", "y", "angle", "size", "opacity", "orbit", "distance"]

CHANNELS: tuple[Channel, ...] = get_args(Channel)
BOUNDED: tuple[Channel, ...] = ("x", "y", "size", "distance")  # phases in [0, 1]; the others go round

# Class -> the channel that runs and its direction; the image's y points down, so a growing angle turns clockwise.
MOTIONS: dict[str, tuple[Channel, int]] = {
    "move_left": ("x", -1),
    "move_right": ("x", 1),
    "move_up": ("y", -1),
    "move_down": ("y", 1),
    "spin_clockwise": ("angle", 1),
    "spin_anticlockwise": ("angle", -1),
    "grow": ("size", 1),
    "shrink": ("size", -1),
    "blink": ("opacity", 1),
    "orbit_clockwise": ("orbit", 1),
    "orbit_anticlockwise": ("orbit", -1),
    "meet": ("distance", -1),
    "part": ("distance", 1),
}
CLASSES: tuple[str, ...] = tuple(MOTIONS)


class Instance(NamedTuple):
    """One action of one actor: frames ``start`` to ``end`` (exclusive) are those that differ from the frame before."""

    label: str
    start: int
    end: int


class Track(NamedTuple):
    """A phase over time: straight between its knots, constant before the first and after the last."""

    frames: tuple[float, ...]
    phases: tuple[float, ...]

    def at(self, frames: Array) -> Array:
        """The phase at each frame."""
        if len(self.frames) == 1:
            return np.full(len(frames), self.phases[0])
        return np.interp(frames, self.frames, self.phases)


@dataclass(frozen=True)
class Range:
    """A channel's value at phase 0 and at phase 1: lengths in short sides, angles in turns."""

    start: float
    end: float

    def at(self, phase: Array) -> Array:
        """The value at each phase, straight between the ends and on beyond them."""
        return self.start + (self.end - self.start) * phase


@dataclass(frozen=True)
class Placement:
    """Where an actor's body and companion are, each field ``(T,)``: lengths in short sides, angles in radians."""

    x: Array
    y: Array
    radius: Array
    angle: Array
    opacity: Array
    companion_x: Array
    companion_y: Array
    companion_radius: Array


@dataclass(frozen=True)
class Actor:
    """A body, its companion, the range of every motion and the phase of every motion over time.

    Attributes:
        body: the body's figure; ``companion`` the companion's.
        companion: see ``body``; it never turns itself.
        radius: of the body at full size, in short sides; the companion's is ``companion_radius`` times that.
        companion_radius: see ``radius``.
        companion_angle: radians.
        ranges: ``x``, ``y`` in short sides; ``angle`` and ``orbit`` in turns; ``size`` as a factor (geometric in the
            phase); ``opacity`` in cycles between ``faintest`` and 1; ``distance`` between the centres in body radii.
        faintest: the least opacity.
        tracks: the phase of every channel over the frames.
        instances: what the actor does, in order of time.
    """

    body: Figure
    companion: Figure
    radius: float
    companion_radius: float
    companion_angle: float
    ranges: dict[Channel, Range]
    faintest: float
    tracks: dict[Channel, Track]
    instances: tuple[Instance, ...] = field(default=())

    def placement(self, frames: ArrayLike) -> Placement:
        """Where everything is at each frame, before any shake of the camera."""
        at = np.asarray(frames, np.float64)
        value = {channel: self.ranges[channel].at(self.tracks[channel].at(at)) for channel in CHANNELS}
        low, high = self.ranges["size"].start, self.ranges["size"].end
        radius = self.radius * low * (high / low) ** self.tracks["size"].at(at)
        opacity = self.faintest + (1 - self.faintest) * (0.5 - 0.5 * np.cos(2 * np.pi * value["opacity"]))
        orbit = 2 * np.pi * value["orbit"]
        return Placement(
            x=value["x"],
            y=value["y"],
            radius=radius,
            angle=2 * np.pi * value["angle"],
            opacity=opacity,
            companion_x=value["x"] + radius * value["distance"] * np.cos(orbit),
            companion_y=value["y"] + radius * value["distance"] * np.sin(orbit),
            companion_radius=radius * self.companion_radius,
        )

    def boxes(self, frames: ArrayLike) -> Array:
        """Tight boxes around body and companion together, ``(T, 4)`` xyxy in short sides, not clipped to the frame."""
        at = self.placement(frames)
        body = _extent(self.body.shape, at.x, at.y, at.radius, at.angle)
        angle = np.full_like(at.x, self.companion_angle)
        companion = _extent(self.companion.shape, at.companion_x, at.companion_y, at.companion_radius, angle)
        return np.concatenate([np.minimum(body, companion)[:, :2], np.maximum(body, companion)[:, 2:]], 1)


def _extent(shape: str, x: Array, y: Array, radius: Array, angle: Array) -> Array:
    turned = angle[:, None] + 2 * np.pi * np.arange(ANGLES) / ANGLES  # (T, A)
    reach = radius[:, None] * outline(shape)[0][:-1]
    across, down = x[:, None] + reach * np.cos(turned), y[:, None] + reach * np.sin(turned)
    return np.stack([across.min(1), down.min(1), across.max(1), down.max(1)], 1)
