"""A single frame cannot tell the classes of the synthetic benchmark apart, but two frames can.

Classifiers see one frame of a clip at a uniformly random time: as pixels, or as an oracle that knows the actor's state.
On held-out clips they must stay within the binomial bound around chance (1/13). The same classifiers see two frames as
the counterpart, which shows that they would find the classes if there were anything to find.
"""

import numpy as np
import pytest
from numpy.typing import NDArray

from tubelet.datasets.synthetic import CLASSES, clip_scene, render_clip
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


def _oracle(clips: range, split: str, difficulty: str, frames: int) -> tuple[Features, NDArray[np.int64]]:
    features, labels = [], []
    for index in clips:
        scene, label = clip_scene(split, index, difficulty)
        t = int(np.random.default_rng([index, 1]).integers(16 if frames == 1 else 15))
        placement = scene.actors[0].placement(np.arange(16))
        states = [_state(placement, t + k)[:9] if frames == 2 else _state(placement, t) for k in range(frames)]
        features.append(states[0] if frames == 1 else _two_frames(states[0], states[1]))
        labels.append(label)
    return np.array(features), np.array(labels)


def _two_frames(first: Features, second: Features) -> Features:
    """What changed: differences, and for the angles the sine of the turn."""
    turn = first[3] * second[4] - first[4] * second[3]
    orbit = first[6] * second[7] - first[7] * second[6]
    change = np.array([*(second - first)[:3], turn, second[5] - first[5], orbit, (second - first)[8]])
    return np.concatenate([100 * change, np.sign(np.where(np.abs(change) < 1e-9, 0, change)), np.abs(change) > 1e-9])


def _pixels(clips: range, split: str, difficulty: str) -> tuple[Features, NDArray[np.int64]]:
    """One frame of 32 x 32, averaged to 8 x 8 colours and to the energy of its edges in 8 x 8 cells."""
    features, labels = [], []
    for index in clips:
        scene, label = clip_scene(split, index, difficulty, size=32)
        t = int(np.random.default_rng([index, 2]).integers(16))
        frame = scene.render([t])[0].astype(np.float64) / 255
        edges = np.abs(np.diff(frame, axis=0, append=0)) + np.abs(np.diff(frame, axis=1, append=0))
        cells = [part.reshape(8, 4, 8, 4, 3).mean((1, 3)).ravel() for part in (frame, edges)]
        features.append(np.concatenate(cells))
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
    train, labels = _oracle(range(TRAIN), "train", difficulty, frames=1)
    test, truth = _oracle(range(TEST), "test", difficulty, frames=1)
    assert (classify(train, labels, test) == truth).mean() < BOUND


@pytest.mark.parametrize("classify", CLASSIFIERS.values(), ids=CLASSIFIERS)
def test_the_pixels_of_one_frame_stay_at_chance(classify) -> None:
    train, labels = _pixels(range(TRAIN), "train", "medium")
    test, truth = _pixels(range(TEST), "test", "medium")
    assert (classify(train, labels, test) == truth).mean() < BOUND


@pytest.mark.parametrize("difficulty", ["easy", "medium", "hard"])
def test_the_actors_state_in_two_frames_tells_the_class(difficulty) -> None:
    train, labels = _oracle(range(TRAIN), "train", difficulty, frames=2)
    test, truth = _oracle(range(TEST), "test", difficulty, frames=2)
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


def test_only_the_channel_of_the_class_moves_in_a_clip() -> None:
    for index in range(13):
        scene, label = clip_scene("val", index)
        moving = {name for name in CHANNELS if np.ptp(scene.actors[0].tracks[name].at(np.arange(16.0))) > 0}
        expected = {"move_left": "x", "move_up": "y", "spin_clockwise": "angle", "grow": "size", "blink": "opacity"}
        assert len(moving) == 1
        if CLASSES[label] in expected:
            assert moving == {expected[CLASSES[label]]}


def test_a_clip_reversed_in_time_shows_the_opposite_motion() -> None:
    opposite = {"move_left": "move_right", "grow": "shrink", "meet": "part", "spin_clockwise": "spin_anticlockwise"}
    for name, other in opposite.items():
        scene, _ = clip_scene("val", CLASSES.index(name))
        forward = scene.actors[0].placement(np.arange(16))
        backward, _ = clip_scene("val", CLASSES.index(other))
        after = backward.actors[0].placement(np.arange(16))
        for field in ("x", "radius", "angle", "companion_x"):
            steps = np.sign(np.diff(getattr(forward, field)).round(9)), np.sign(np.diff(getattr(after, field)).round(9))
            if field != "companion_x":
                np.testing.assert_array_equal(steps[0], -steps[1], err_msg=f"{name} {field}")
    frames, label = render_clip("val", 0)
    assert CLASSES[label] == "move_left"
    assert frames.shape == (16, 64, 64, 3)
