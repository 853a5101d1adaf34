"""A scene: one description that gives the pixels and all three kinds of labels.

Lengths are in short sides of the frame, so a scene renders at any size; time is in frames at the scene's rate. The
pixels of a frame depend on the scene and the frame's number alone, whichever frames are rendered beside it.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tubelet.annotations import Box, Label, Segment, Tube, Video
from tubelet.datasets.synthetic.actors import Actor, Array
from tubelet.datasets.synthetic.rendering import Background, add_noise, draw_background, draw_figure, to_bytes
from tubelet.datasets.synthetic.shapes import Figure

CHUNK = 16  # frames on the canvas at a time, which bounds the memory of long videos


@dataclass(frozen=True)
class Prop:
    """A shape without a companion: clutter that stands still, or a distractor that drifts, jitters and turns.

    Attributes:
        figure: what it looks like.
        radius: short sides.
        position: at time 0, short sides.
        velocity: short sides a second; it bounces off the frame's borders.
        jitter: amplitude of a wobble around that, short sides.
        jitter_rate: cycles a second.
        angle: at time 0, radians.
        turn_rate: radians a second.
    """

    figure: Figure
    radius: float
    position: tuple[float, float]
    velocity: tuple[float, float] = (0.0, 0.0)
    jitter: float = 0.0
    jitter_rate: float = 0.0
    angle: float = 0.0
    turn_rate: float = 0.0

    @property
    def still(self) -> bool:
        """Whether it never moves."""
        return self.velocity == (0.0, 0.0) and self.jitter == 0 and self.turn_rate == 0


@dataclass(frozen=True)
class Scene:
    """Everything that there is to see in a clip or a video.

    Attributes:
        name: names the scene in its annotations.
        num_frames: length.
        frame_rate: frames a second.
        height: pixels of the frames that `render` gives.
        width: see ``height``.
        background: the drifting field behind everything.
        props: clutter and distractors, behind the actors.
        actors: the later ones in front.
        shake: amplitude of the camera's shake, short sides.
        subset: "train", "val" or "test".
    """

    name: str
    num_frames: int
    frame_rate: float
    height: int
    width: int
    background: Background
    props: tuple[Prop, ...]
    actors: tuple[Actor, ...]
    shake: float = 0.0
    subset: str | None = None

    def render(self, frame_indices: ArrayLike | None = None) -> NDArray[np.uint8]:
        """Frames as the video reader gives them, uint8 ``(T, H, W, 3)``; all frames when no indices are given."""
        return np.ascontiguousarray(self.render_planes(frame_indices).transpose(1, 2, 3, 0))

    def render_planes(self, frame_indices: ArrayLike | None = None) -> NDArray[np.uint8]:
        """The same frames with the colours first, uint8 ``(3, T, H, W)``, which is the order that they are drawn in."""
        frames = np.arange(self.num_frames) if frame_indices is None else np.asarray(frame_indices, np.int64)
        planes = np.empty((3, len(frames), self.height, self.width), np.uint8)
        for start in range(0, len(frames), CHUNK):
            planes[:, start : start + CHUNK] = self._render_chunk(frames[start : start + CHUNK])
        return planes

    def _render_chunk(self, frames: NDArray[np.int64]) -> NDArray[np.uint8]:
        side, seconds, shift = min(self.height, self.width), frames / self.frame_rate, self._shake(frames)
        canvas = draw_background(self.background, seconds, shift, self.height, self.width)
        for prop in self.props:
            times, shifts = (seconds[:1], shift[:1]) if prop.still and self.shake == 0 else (seconds, shift)
            x, y, angle = self._prop_placement(prop, times)
            radius = np.full(len(times), prop.radius * side)
            draw_figure(canvas, prop.figure, (x + shifts[:, 0]) * side, (y + shifts[:, 1]) * side, radius, angle)
        for actor in self.actors:
            at = actor.placement(frames)
            x, y = (at.companion_x + shift[:, 0]) * side, (at.companion_y + shift[:, 1]) * side
            angle = np.full(len(frames), actor.companion_angle)
            draw_figure(canvas, actor.companion, x, y, at.companion_radius * side, angle, at.opacity)
            x, y = (at.x + shift[:, 0]) * side, (at.y + shift[:, 1]) * side
            draw_figure(canvas, actor.body, x, y, at.radius * side, at.angle, at.opacity)
        add_noise(canvas, self.background, frames)
        return to_bytes(canvas)

    def boxes(self, actor: Actor, frame_indices: ArrayLike) -> Array:
        """Tight boxes around a drawn actor, ``(T, 4)`` xyxy in [0, 1] of the frame, clipped to it."""
        frames = np.asarray(frame_indices, np.int64)
        side, shift = min(self.height, self.width), self._shake(frames)
        boxes = (actor.boxes(frames) + np.tile(shift, 2)) * side / [self.width, self.height, self.width, self.height]
        return np.clip(boxes, 0.0, 1.0)

    def annotations(self) -> Video:
        """What happens, when and where: a tube and a segment an instance, boxes once a second as AVA has them."""
        segments: list[Segment] = []
        boxes: list[Box] = []
        tubes: list[Tube] = []
        for number, actor in enumerate(self.actors):
            for label, start, end in actor.instances:
                segments.append(Segment(start / self.frame_rate, end / self.frame_rate, label))
                frames = np.arange(start, end)
                tubes.append(Tube(frames / self.frame_rate, self.boxes(actor, frames), label, actor=str(number)))
            boxes.extend(self._keyframe_boxes(actor, str(number)))
        return Video(
            path=self.name,
            duration=self.num_frames / self.frame_rate,
            frame_rate=self.frame_rate,
            width=self.width,
            height=self.height,
            num_frames=self.num_frames,
            subset=self.subset,
            labels=tuple(Label(name) for name in sorted({segment.label for segment in segments})),
            segments=tuple(sorted(segments, key=lambda segment: (segment.start, segment.end))),
            boxes=tuple(sorted(boxes, key=lambda box: box.time)),
            tubes=tuple(sorted(tubes, key=lambda tube: tube.start)),
        )

    def _keyframe_boxes(self, actor: Actor, identity: str) -> Iterable[Box]:
        keyframes = np.unique(np.round(np.arange(self.num_frames / self.frame_rate) * self.frame_rate).astype(np.int64))
        for label, start, end in actor.instances:
            inside = keyframes[(keyframes >= start) & (keyframes < end)]
            for frame, (left, top, right, bottom) in zip(inside, self.boxes(actor, inside).tolist(), strict=True):
                yield Box(float(frame / self.frame_rate), (left, top, right, bottom), label, actor=identity)

    def _shake(self, frames: NDArray[np.int64]) -> Array:
        seconds = frames[:, None] / self.frame_rate
        waves = np.sin(2 * np.pi * (seconds * [1.7, 2.3] + [0.1, 0.6])) + np.sin(2 * np.pi * seconds * [3.1, 2.9])
        shift: Array = self.shake * waves / 2
        return shift

    def _prop_placement(self, prop: Prop, seconds: Array) -> tuple[Array, Array, Array]:
        side = min(self.height, self.width)
        across = _bounce(prop.position[0] + prop.velocity[0] * seconds, self.width / side)
        down = _bounce(prop.position[1] + prop.velocity[1] * seconds, self.height / side)
        swing = 2 * np.pi * prop.jitter_rate * seconds
        x, y = across + prop.jitter * np.sin(swing), down + prop.jitter * np.cos(1.3 * swing)
        return x, y, prop.angle + prop.turn_rate * seconds


def _bounce(position: Array, limit: float) -> Array:
    return limit - np.abs(limit - position % (2 * limit))
