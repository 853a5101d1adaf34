"""RandAugment against the authors' recorded operations, and what it promises beside them."""

import numpy as np
import pytest
from parity_case import ParityCase

from tubelet.datasets.rand_augment import OPERATIONS, RandAugment, apply_operation
from tubelet.errors import TubeletError

CASE = ParityCase("videomae", "randaugment_ops")
GEOMETRIC = ("Rotate", "ShearX", "ShearY", "TranslateXRel", "TranslateYRel")


@pytest.fixture
def clip():
    return np.random.default_rng(0).integers(0, 256, (3, 20, 30, 3), dtype=np.uint8)


@pytest.mark.parametrize(("sign", "word"), [(1, "pos"), (-1, "neg")])
@pytest.mark.parametrize("magnitude", [7.0, 9.0])
def test_every_operation_gives_the_authors_bytes(magnitude, sign, word):
    image = CASE.input("image")
    results = [apply_operation(name, image[None], magnitude, sign)[0] for name in CASE.description["config"]["ops"]]
    assert CASE.relative_error(f"m{magnitude:.0f}p0_{word}", np.stack(results)) == 0


def test_the_operations_are_the_papers_in_its_order():
    assert list(OPERATIONS) == CASE.description["config"]["ops"]


@pytest.mark.parametrize("name", OPERATIONS)
def test_the_frames_of_a_clip_get_the_same_operation(name, clip):
    still = np.repeat(clip[:1], 3, axis=0)
    changed = apply_operation(name, still, 9.0, -1)
    np.testing.assert_array_equal(changed[1:], changed[:-1])


@pytest.mark.parametrize("name", GEOMETRIC)
def test_what_comes_in_from_outside_is_grey(name):
    white = np.full((1, 40, 40, 3), 255, np.uint8)
    moved = apply_operation(name, white, 9.0)
    assert (moved == 128).all(axis=-1).any()


def test_no_magnitude_leaves_the_enhancements_and_the_geometry_alone(clip):
    for name in (*GEOMETRIC, "ColorIncreasing", "ContrastIncreasing", "BrightnessIncreasing", "SharpnessIncreasing"):
        np.testing.assert_array_equal(apply_operation(name, clip, 0.0), clip)


def test_the_name_of_the_recipe_says_its_numbers():
    assert RandAugment.from_name("rand-m7-n4-mstd0.5-inc1") == RandAugment(7.0, 0.5, 4)
    assert RandAugment.from_name("rand-m9-n2-inc1") == RandAugment(9.0, 0.0, 2)


@pytest.mark.parametrize("name", ["augmix-m5-w4-d2", "rand-m7-n4-mstd0.5", "rand-m17-n4-inc1", ""])
def test_another_name_is_an_error_that_shows_the_form(name):
    with pytest.raises(TubeletError, match="expected the form"):
        RandAugment.from_name(name)


def test_the_same_generator_gives_the_same_clip(clip):
    first, again, other = (RandAugment()(clip, np.random.default_rng(seed)) for seed in (5, 5, 6))
    np.testing.assert_array_equal(first, again)
    assert (first != other).any()


def test_half_of_the_operations_are_applied(monkeypatch, clip):
    applied = []
    for name in OPERATIONS:
        monkeypatch.setitem(OPERATIONS, name, lambda image, level, sign: (applied.append((level, sign)), image)[1])
    generator = np.random.default_rng(0)
    for _ in range(500):
        RandAugment()(clip[:1], generator)
    assert len(applied) == pytest.approx(500 * 4 / 2, rel=0.1)
    levels, signs = np.array(applied).T
    assert levels.mean() == pytest.approx(0.7, abs=0.01)  # magnitude 7 of 10
    assert levels.std() == pytest.approx(0.05, rel=0.1)  # 0.5 of 10
    assert abs(signs.mean()) < 0.1
