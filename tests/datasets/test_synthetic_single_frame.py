"""A single frame cannot tell the classes of the synthetic benchmark apart, but two frames can.

Classifiers see one frame of a clip at a uniformly random time: as pixels, or as an oracle that knows the actor's state.
On held-out clips they must stay within the binomial bound around chance (1/13). The same classifiers see two frames as
the counterpart, which shows that they would find the classes if there were anything to find.
"""

from functools import cache

import numpy as np
import pytest
from numpy.typing import NDArray

from tubelet.datasets.synthetic import CLASSES, clip_scene
from tubelet.datasets.synthetic.actors import CHANNELS, Placement

Features = NDArray[np.float64]

TRAIN, TEST = 260 * 13, 90 * 13
CHANCE = 1 / len(CLASSES)
# 4 standard deviations of a binomial: a sound benchmark fails one test in 30,000.
BOUND = CHANCE + 4 * np.sqrt(CHANCE * (1 - CHANCE) / TEST)


def _state(placement: Placement, t: int) -> Features:
    """Everything that one frame can show of an actor, and the products that a linear classifier cannot form."""
    offset = placement.companion_x[t] - placement.x[t], placement.companion_y[t] - placement.y[t]
    angle, orbit = placement.angle[t], np.arctan2(offset[1], offset[0])
    plain = np.array(
        [
            placement.x[t],
            placement.y[t],
            placement.radius[t],
            np.cos(angle),
            np.sin(angle),
            placement.opacity[t],
            np.cos(orbit),
            np.sin(orbit),
            np.hypot(*offset) / placement.radius[t],
        ]
    )
    return np.concatenate([plain, np.outer(plain, plain)[np.triu_indices(len(plain))]])


@cache
def _oracle(clips: int, split: str, difficulty: str, frames: int) -> tuple[Features, NDArray[np.int64]]:
    features, labels = [], []
    for index in range(clips):
        scene, label = clip_scene(split, index, difficulty)
        t = int(np.random.default_rng([index, 1]).integers(17 - frames))
        placement = scene.actors[0].placement(np.arange(16))
        state = _state(placement, t)
        features.append(state if frames == 1 else _two_frames(state, _state(placement, t + 1)))
        labels.append(label)
    return np.array(features), np.array(labels)


def _two_frames(first: Features, second: Features) -> Features:
    """What changed: differences, and for the angles the sine of the turn."""
    turn = first[3] * second[4] - first[4] * second[3]
    orbit = first[6] * second[7] - first[7] * second[6]
    change = np.array([*(second - first)[:3], turn, second[5] - first[5], orbit, (second - first)[8]])
    return np.concatenate([100 * change, np.sign(np.where(np.abs(change) < 1e-9, 0, change)), np.abs(change) > 1e-9])


@cache
def _pixels(clips: int, split: str, frames: int) -> tuple[Features, NDArray[np.int64]]:
    """Frames of 32 x 32, averaged to 8 x 8 cells: their colours, the energy of their edges, and of what changes."""
    features, labels = [], []
    for index in range(clips):
        scene, label = clip_scene(split, index, "medium", size=32)
        t = int(np.random.default_rng([index, 2]).integers(16 - 2 * (frames - 1)))
        first, *more = scene.render(t + 2 * np.arange(frames)).astype(np.float64) / 255
        edges = np.abs(np.diff(first, axis=0, append=0)) + np.abs(np.diff(first, axis=1, append=0))
        parts = [first, edges, *(np.abs(other - first) for other in more)]
        features.append(np.concatenate([part.reshape(8, 4, 8, 4, 3).mean((1, 3)).ravel() for part in parts]))
        labels.append(label)
    return np.array(features), np.array(labels)


def _random_features(train: Features, test: Features) -> tuple[Features, Features]:
    """A random ReLU layer, so that the ridge classifier is not a linear one."""
    mean, deviation = train.mean(0), train.std(0) + 1e-9
    rng = np.random.default_rng(0)
    weights, bias = rng.normal(size=(train.shape[1], 300)) / np.sqrt(train.shape[1]), rng.normal(size=300)
    parts = []
    for part in (train, test):
        scaled = (part - mean) / deviation
        parts.append(np.concatenate([scaled, np.maximum(scaled @ weights + bias, 0), np.ones((len(part), 1))], 1))
    return parts[0], parts[1]


def _ridge(train: Features, labels: NDArray[np.int64], test: Features) -> NDArray[np.int64]:
    train, test = _random_features(train, test)
    targets = np.eye(len(CLASSES))[labels] - CHANCE
    weights = np.linalg.solve(train.T @ train + 10 * np.eye(train.shape[1]), train.T @ targets)
    chosen: NDArray[np.int64] = (test @ weights).argmax(1)
    return chosen


def _nearest(train: Features, labels: NDArray[np.int64], test: Features) -> NDArray[np.int64]:
    mean, deviation = train.mean(0), train.std(0) + 1e-9
    train, test = (train - mean) / deviation, (test - mean) / deviation
    distance = (test**2).sum(1)[:, None] + (train**2).sum(1) - 2 * test @ train.T
    votes = np.eye(len(CLASSES))[labels[np.argpartition(distance, 25, 1)[:, :25]]].sum(1)
    chosen: NDArray[np.int64] = votes.argmax(1)
    return chosen


CLASSIFIERS = {"ridge on random features": _ridge, "25 nearest neighbours": _nearest}


@pytest.mark.parametrize("classify", CLASSIFIERS.values(), ids=CLASSIFIERS)
@pytest.mark.parametrize("difficulty", ["easy", "medium", "hard"])
def test_the_actors_state_in_one_frame_stays_at_chance(difficulty, classify) -> None:
    train, labels = _oracle(TRAIN, "train", difficulty, frames=1)
    test, truth = _oracle(TEST, "test", difficulty, frames=1)
    assert (classify(train, labels, test) == truth).mean() < BOUND


@pytest.mark.parametrize("classify", CLASSIFIERS.values(), ids=CLASSIFIERS)
def test_the_pixels_of_one_frame_stay_at_chance(classify) -> None:
    train, labels = _pixels(TRAIN, "train", frames=1)
    test, truth = _pixels(TEST, "test", frames=1)
    assert (classify(train, labels, test) == truth).mean() < BOUND


def test_the_pixels_of_two_frames_tell_something() -> None:
    train, labels = _pixels(TRAIN, "train", frames=2)
    test, truth = _pixels(TEST, "test", frames=2)
    assert (_ridge(train, labels, test) == truth).mean() > 1.5 * BOUND


@pytest.mark.parametrize("difficulty", ["easy", "medium", "hard"])
def test_the_actors_state_in_two_frames_tells_the_class(difficulty) -> None:
    train, labels = _oracle(TRAIN, "train", difficulty, frames=2)
    test, truth = _oracle(TEST, "test", difficulty, frames=2)
    assert (_ridge(train, labels, test) == truth).mean() > 0.95


def test_every_class_draws_every_phase_from_the_same_uniform_distribution() -> None:
    # Kolmogorov-Smirnov: 2.2 / sqrt(n) is the bound that a uniform sample breaks once in 8,000.
    frames = np.arange(16.0)
    phases: dict[tuple[int, str], list[Features]] = {}
    for index in range(13 * 400):
        scene, label = clip_scene("val", index)
        for channel in CHANNELS:
            phases.setdefault((label, channel), []).append(scene.actors[0].tracks[channel].at(frames))
    for (label, channel), values in phases.items():
        one_a_clip = np.sort([value[np.random.default_rng([label, i]).integers(16)] for i, value in enumerate(values)])
        gap = np.abs(one_a_clip - (np.arange(400) + 0.5) / 400).max()
        assert gap < 2.2 / np.sqrt(400), (CLASSES[label], channel)


def test_only_the_motion_of_the_class_runs_in_a_clip() -> None:
    shown = {
        "move_left": (-1, "x"),
        "move_right": (1, "x"),
        "move_up": (-1, "y"),
        "move_down": (1, "y"),
        "spin_clockwise": (1, "angle"),
        "spin_anticlockwise": (-1, "angle"),
        "grow": (1, "radius"),
        "shrink": (-1, "radius"),
    }
    for index in range(26):
        scene, label = clip_scene("val", index)
        actor = scene.actors[0]
        moving = [name for name in CHANNELS if np.ptp(actor.tracks[name].at(np.arange(16.0))) > 0]
        assert len(moving) == 1
        if CLASSES[label] in shown:
            sign, field = shown[CLASSES[label]]
            assert (sign * np.diff(getattr(actor.placement(np.arange(16)), field)) > 0).all()


def test_a_companion_orbits_clockwise_on_the_screen_and_meets_by_coming_near() -> None:
    for name in ("orbit_clockwise", "orbit_anticlockwise", "meet", "part"):
        scene, _ = clip_scene("val", CLASSES.index(name))
        at = scene.actors[0].placement(np.arange(16))
        offset = (at.companion_x - at.x) + 1j * (at.companion_y - at.y)  # y points down: clockwise turns are positive
        turns, steps = np.angle(offset[1:] / offset[:-1]), np.diff(np.abs(offset))
        if name.startswith("orbit"):
            assert (turns > 0).all() if name == "orbit_clockwise" else (turns < 0).all()
            np.testing.assert_allclose(steps, 0, atol=1e-9)
        else:
            assert (steps < 0).all() if name == "meet" else (steps > 0).all()
            np.testing.assert_allclose(turns, 0, atol=1e-9)
