"""Scenes from a seed: one action in a short clip, or several actors over a long video.

All draws come from one generator seeded by (seed, split, index, difficulty). Everything that the class does not touch
is drawn before it matters which class it is, so that nothing in a scene but the running motion depends on the class.
"""

import colorsys
from dataclasses import replace

import numpy as np

from tubelet.datasets.synthetic.actors import (
    BOUNDED,
    CHANNELS,
    CLASSES,
    MOTIONS,
    Actor,
    Array,
    Channel,
    Instance,
    Range,
    Track,
)
from tubelet.datasets.synthetic.difficulty import DIFFICULTIES, Difficulty, Span
from tubelet.datasets.synthetic.rendering import NODES_PER_SIDE, Background
from tubelet.datasets.synthetic.scenes import Prop, Scene
from tubelet.datasets.synthetic.shapes import COMPACT_SHAPES, SHAPES, TEXTURES, Figure
from tubelet.errors import TubeletError

SPLITS = ("train", "val", "test")
Colour = tuple[float, float, float]

# The ranges of the motions lie anywhere in these, so that where one starts and ends is no sign of it either: even the
# first frame of a clip, where a growing actor is at its smallest, tells little.
SMALLEST = 0.5  # of full size
NEAREST, FURTHEST = 1.6, 2.8  # distance of the companion in body radii


class SyntheticError(TubeletError):
    """A split, difficulty, size or length that the synthetic benchmark does not have."""


def clip_scene(
    split: str, index: int, difficulty: str = "medium", *, num_frames: int = 16, size: int = 64, seed: int = 0
) -> tuple[Scene, int]:
    """A scene of one second in which one actor does one thing throughout, and the class of it.

    Args:
        split: "train", "val" or "test".
        index: 0 and up; the classes take turns, so any thirteen neighbours hold every class once.
        difficulty: "easy", "medium" or "hard".
        num_frames: frames in that second.
        size: pixels of the square frame.
        seed: of the whole benchmark.

    Raises:
        SyntheticError: for a split or difficulty that does not exist, or less than 2 frames.
    """
    rng, level = _generator(split, index, difficulty, seed, kind=0)
    if num_frames < 2:
        raise SyntheticError(f"a synthetic clip cannot show a motion in {num_frames} frames; expected at least 2.")
    label = index % len(CLASSES)
    background, props, dark = _surroundings(rng, level, 1.0, 1.0)
    actor = _actor(rng, level, 1.0, 1.0, dark, background)
    channel, sign = MOTIONS[CLASSES[label]]
    tracks = {name: Track((0.0,), (float(rng.random()),)) for name in CHANNELS}
    # The frames see the middle of their shares of the phase, moved by a random part of a share, so that a random frame
    # of a running motion has a uniform phase: exactly that of one which stands still.
    offset = float(rng.random())
    ends = (offset / num_frames, (offset + num_frames - 1) / num_frames)
    tracks[channel] = Track((0.0, num_frames - 1.0), ends if sign > 0 else (1 - ends[0], 1 - ends[1]))
    actor = replace(actor, tracks=tracks, instances=(Instance(CLASSES[label], 0, num_frames),))
    name = f"{split}_{index:06d}"
    scene = Scene(
        name, num_frames, float(num_frames), size, size, background, props, (actor,), level.shake, subset=split
    )
    return scene, label


def synthetic_video(
    split: str,
    index: int,
    seconds: float = 10.0,
    size: int | tuple[int, int] = (240, 320),
    frame_rate: float = 16.0,
    difficulty: str = "medium",
    *,
    num_actors: int | None = None,
    pause: Span = (0.4, 1.5),
    seed: int = 0,
) -> Scene:
    """A long scene: several actors, each with several instances and pauses between them.

    Motions are as fast as in the clips of one second, so at the default rate 16 neighbouring frames look like a clip.

    Args:
        split: "train", "val" or "test".
        index: 0 and up.
        seconds: length.
        size: pixels, one number for a square frame or (height, width).
        frame_rate: frames a second.
        difficulty: "easy", "medium" or "hard".
        num_actors: 1 to 3 at random when not given.
        pause: shortest and longest time that an actor stands still between two instances, seconds.
        seed: of the whole benchmark.

    Raises:
        SyntheticError: for a split or difficulty that does not exist, or a video of less than 2 frames.
    """
    rng, level = _generator(split, index, difficulty, seed, kind=1)
    height, width = (size, size) if isinstance(size, int) else size
    num_frames = round(seconds * frame_rate)
    if num_frames < 2 or min(height, width) < 1 or (num_actors is not None and num_actors < 1):
        raise SyntheticError(
            f"a synthetic video of {seconds} s at {frame_rate} frames a second, {height}x{width} pixels and "
            f"{num_actors} actors has nothing to show; expected at least 2 frames, 1 pixel and 1 actor."
        )
    across, down = width / min(height, width), height / min(height, width)
    background, props, dark = _surroundings(rng, level, across, down)
    count = int(rng.integers(1, 4)) if num_actors is None else num_actors
    crowd = replace(level, radius=(level.radius[0] * count**-0.4, level.radius[1] * count**-0.4))
    actors: list[Actor] = []
    for _ in range(count):
        candidates = [_actor(rng, crowd, across, down, dark, background) for _ in range(24)]
        actor = max(candidates, key=lambda candidate: min((_gap(candidate, other) for other in actors), default=0.0))
        tracks, instances = _timeline(rng, num_frames, frame_rate, pause)
        actors.append(replace(actor, tracks=tracks, instances=instances))
    name = f"{split}_{index:06d}"
    return Scene(
        name, num_frames, frame_rate, height, width, background, props, tuple(actors), level.shake, subset=split
    )


def _generator(split: str, index: int, difficulty: str, seed: int, kind: int) -> tuple[np.random.Generator, Difficulty]:
    if split not in SPLITS:
        raise SyntheticError(f"there is no synthetic split {split!r}; expected one of {', '.join(SPLITS)}.")
    if difficulty not in DIFFICULTIES:
        raise SyntheticError(f"there is no difficulty {difficulty!r}; expected one of {', '.join(DIFFICULTIES)}.")
    if seed < 0 or index < 0:
        raise SyntheticError(f"there is no synthetic scene {index} of seed {seed}; expected both >= 0.")
    entropy = [seed, SPLITS.index(split), index, list(DIFFICULTIES).index(difficulty), kind]
    return np.random.Generator(np.random.Philox(np.random.SeedSequence(entropy))), DIFFICULTIES[difficulty]


def _within(rng: np.random.Generator, span: Span) -> float:
    return span[0] + (span[1] - span[0]) * float(rng.random())


def _surroundings(
    rng: np.random.Generator, level: Difficulty, across: float, down: float
) -> tuple[Background, tuple[Prop, ...], bool]:
    """Background, props, and whether the background is a dark one (the actors are then bright, else dark)."""
    dark = bool(rng.random() >= level.light)
    lightness = (0.08, 0.35) if dark else (0.62, 0.92)
    first, second = (_colour(rng, lightness, (0.1, 0.55)) for _ in range(2))
    mix = _noise_field(rng)
    grid = np.array(first)[:, None, None] * (1 - mix) + np.array(second)[:, None, None] * mix
    heading, speed = 2 * np.pi * rng.random(), _within(rng, level.drift)
    velocity = (speed * float(np.cos(heading)), speed * float(np.sin(heading)))
    background = Background(grid.astype(np.float32), velocity, level.noise, int(rng.integers(2**63)))

    def prop(moves: bool) -> Prop:
        # Clutter keeps to the background's own lightness; a distractor looks like an actor without a companion.
        colour = _actor_colour(rng, dark, 0.7, background) if moves else _colour(rng, lightness, (0.2, 0.7))
        figure = Figure(_choice(rng, SHAPES), _choice(rng, TEXTURES) if moves else None, colour, _accent(rng, colour))
        position, angle = (across * float(rng.random()), down * float(rng.random())), 2 * np.pi * float(rng.random())
        if not moves:
            return Prop(figure, _within(rng, (0.05, 0.16)), position, angle=angle)
        heading, speed = 2 * np.pi * rng.random(), _within(rng, (0.05, 0.2))
        return Prop(
            figure,
            _within(rng, (0.04, 0.07)),
            position,
            velocity=(speed * float(np.cos(heading)), speed * float(np.sin(heading))),
            jitter=_within(rng, (0.0, 0.02)),
            jitter_rate=_within(rng, (1.0, 3.0)),
            angle=angle,
            turn_rate=_within(rng, (-1.0, 1.0)),
        )

    kinds = [False] * int(rng.integers(level.clutter[0], level.clutter[1] + 1))
    kinds += [True] * int(rng.integers(level.distractors[0], level.distractors[1] + 1))
    return background, tuple(prop(moves) for moves in kinds), dark


def _noise_field(rng: np.random.Generator) -> Array:
    """Smooth periodic noise in [0, 1] on the background's grid: a few long waves and a little grain."""
    nodes = 2 * NODES_PER_SIDE
    at = 2 * np.pi * np.arange(nodes) / nodes
    across, down, phase = rng.integers(-3, 4, 4), rng.integers(1, 4, 4), 2 * np.pi * rng.random(4)
    waves = np.cos(across[:, None, None] * at + down[:, None, None] * at[:, None] + phase[:, None, None]).sum(0)
    return np.clip(0.5 + 0.2 * waves + 0.4 * (rng.random((nodes, nodes)) - 0.5), 0, 1)


def _actor(
    rng: np.random.Generator, level: Difficulty, across: float, down: float, dark: bool, background: Background
) -> Actor:
    """An actor with the ranges of all its motions and, as yet, no tracks."""
    contrast = _within(rng, level.contrast)
    colours = [_actor_colour(rng, dark, contrast, background) for _ in range(2)]
    body = Figure(_choice(rng, SHAPES), _choice(rng, TEXTURES), colours[0], _accent(rng, colours[0]))
    companion = Figure(_choice(rng, COMPACT_SHAPES), None, colours[1], colours[1])
    radius, companion_radius = _within(rng, level.radius), _within(rng, (0.42, 0.54))
    approach = _within(rng, level.approach)
    near = _within(rng, (NEAREST, FURTHEST - approach))
    growth = _within(rng, level.growth)
    smallest = SMALLEST * (1 / (SMALLEST * growth)) ** float(rng.random())  # between SMALLEST and 1 / growth
    margin = max(radius, 0.55 * radius * (near + approach + companion_radius)) * smallest * growth
    ranges: dict[Channel, Range] = {
        "x": _path(rng, level.travel, margin, across),
        "y": _path(rng, level.travel, margin, down),
        "angle": _turns(rng, level.turns),
        "size": Range(smallest, smallest * growth),
        "opacity": _turns(rng, level.cycles),
        "orbit": _turns(rng, level.turns),
        "distance": Range(near, near + approach),
    }
    return Actor(
        body=body,
        companion=companion,
        radius=radius,
        companion_radius=companion_radius,
        companion_angle=2 * np.pi * float(rng.random()),
        ranges=ranges,
        faintest=_within(rng, level.faintest),
        tracks={},
    )


def _path(rng: np.random.Generator, travel: Span, margin: float, limit: float) -> Range:
    length = min(_within(rng, travel), limit - 2 * margin)
    start = _within(rng, (margin, limit - margin - length))
    return Range(start, start + length)


def _turns(rng: np.random.Generator, turns: Span) -> Range:
    start = float(rng.random())
    return Range(start, start + _within(rng, turns))


def _gap(first: Actor, second: Actor) -> float:
    """Distance between the rectangles of two actors' paths along the better axis, negative when they overlap."""
    pairs = [(first.ranges[channel], second.ranges[channel]) for channel in ("x", "y")]
    return max(max(a.start - b.end, b.start - a.end) for a, b in pairs)


def _timeline(
    rng: np.random.Generator, num_frames: int, frame_rate: float, pause: Span
) -> tuple[dict[Channel, Track], tuple[Instance, ...]]:
    """Instances with pauses between them; each motion goes on from the phase at which it last stood still."""
    knots: dict[Channel, tuple[list[float], list[float]]] = {c: ([0.0], [float(rng.random())]) for c in CHANNELS}
    instances: list[Instance] = []
    end, failures = 0, 0
    while failures < 8:
        start = max(end, 1) + round(_within(rng, pause) * frame_rate)
        previous = instances[-1].label if instances else None
        label = _choice(rng, tuple(name for name in CLASSES if name != previous))
        if _room(label, knots) < 0.5:
            label = _opposite(label)
        channel, sign = MOTIONS[label]
        rate = _within(rng, (0.8, 1.1))  # phases a second
        amount = _within(rng, (0.5, _room(label, knots))) if channel in BOUNDED else rate * _within(rng, (0.8, 2.2))
        length = max(2, round(amount / rate * frame_rate))
        if start + length > num_frames:
            failures += 1
            continue
        end = start + length
        frames, phases = knots[channel]
        # The last frame before the instance still has the old phase, the last frame of the instance the new one.
        frames += [start - 1.0, end - 1.0]
        phases += [phases[-1], phases[-1] + sign * amount]
        instances.append(Instance(label, start, end))
    return {name: Track(tuple(at), tuple(values)) for name, (at, values) in knots.items()}, tuple(instances)


def _room(label: str, knots: dict[Channel, tuple[list[float], list[float]]]) -> float:
    """How far the phase of a class's motion can still run."""
    channel, sign = MOTIONS[label]
    phase = knots[channel][1][-1]
    return np.inf if channel not in BOUNDED else (1 - phase if sign > 0 else phase)


def _opposite(label: str) -> str:
    channel, sign = MOTIONS[label]
    return next(name for name, motion in MOTIONS.items() if motion == (channel, -sign))


def _choice(rng: np.random.Generator, names: tuple[str, ...]) -> str:
    return names[int(rng.integers(len(names)))]


def _colour(rng: np.random.Generator, value: Span, saturation: Span) -> Colour:
    return colorsys.hsv_to_rgb(float(rng.random()), _within(rng, saturation), _within(rng, value))


def _actor_colour(rng: np.random.Generator, dark: bool, contrast: float, background: Background) -> Colour:
    red, green, blue = _colour(rng, (0.85, 1.0), (0.3, 0.8)) if dark else _colour(rng, (0.15, 0.5), (0.5, 1.0))
    behind = background.grid.mean((1, 2)).tolist()
    mixed = [own * contrast + base * (1 - contrast) for own, base in zip((red, green, blue), behind, strict=True)]
    return mixed[0], mixed[1], mixed[2]


def _accent(rng: np.random.Generator, colour: Colour) -> Colour:
    """The texture's second colour: dark on bright figures, bright on dark ones, of any hue."""
    bright = 0.3 * colour[0] + 0.6 * colour[1] + 0.1 * colour[2] > 0.5
    return _colour(rng, (0.05, 0.3), (0.0, 1.0)) if bright else _colour(rng, (0.9, 1.0), (0.0, 0.3))
