"""The three difficulties of the synthetic benchmark.

Easier scenes have bigger actors, faster motions, more contrast and less around them; all have the same classes.
"""

from dataclasses import dataclass

Span = tuple[float, float]


@dataclass(frozen=True)
class Difficulty:
    """How hard the scenes of a level are; spans are uniform, lengths in short sides, rates a second.

    Attributes:
        radius: of an actor's body at full size.
        travel: length of the paths.
        turns: of the body and of the companion around it.
        growth: factor by which a body grows.
        approach: how far the companion comes nearer, in body radii.
        cycles: of blinking.
        faintest: the least opacity of blinking.
        contrast: part of the way from the background's colour to the actor's own.
        light: share of the scenes with dark actors on a light background in place of bright ones on a dark one.
        clutter: how many shapes that stand still.
        distractors: how many that move.
        drift: speed of the background.
        shake: of the camera.
        noise: half width of uniform pixel noise, in [0, 1].
    """

    radius: Span
    travel: Span
    turns: Span
    growth: Span
    approach: Span
    cycles: Span
    faintest: Span
    contrast: Span
    light: float
    clutter: tuple[int, int]
    distractors: tuple[int, int]
    drift: Span
    shake: float
    noise: float


DIFFICULTIES: dict[str, Difficulty] = {
    "easy": Difficulty(
        radius=(0.15, 0.2),
        travel=(0.25, 0.35),
        turns=(0.6, 1.0),
        growth=(1.6, 1.8),
        approach=(0.9, 1.1),
        cycles=(2.0, 3.0),
        faintest=(0.45, 0.55),
        contrast=(1.0, 1.0),
        light=0.0,
        clutter=(0, 1),
        distractors=(0, 0),
        drift=(0.0, 0.03),
        shake=0.0,
        noise=0.0,
    ),
    "medium": Difficulty(
        radius=(0.15, 0.2),
        travel=(0.25, 0.4),
        turns=(0.5, 1.1),
        growth=(1.45, 1.75),
        approach=(0.7, 1.0),
        cycles=(2.0, 3.5),
        faintest=(0.45, 0.6),
        contrast=(0.9, 1.0),
        light=0.0,
        clutter=(0, 3),
        distractors=(0, 0),
        drift=(0.0, 0.05),
        shake=0.0,
        noise=0.01,
    ),
    "hard": Difficulty(
        radius=(0.09, 0.15),
        travel=(0.1, 0.3),
        turns=(0.2, 0.9),
        growth=(1.25, 1.6),
        approach=(0.4, 0.9),
        cycles=(1.5, 4.0),
        faintest=(0.5, 0.7),
        contrast=(0.4, 0.8),
        light=0.4,
        clutter=(3, 6),
        distractors=(1, 3),
        drift=(0.0, 0.3),
        shake=0.01,
        noise=0.05,
    ),
}
