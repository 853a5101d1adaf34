"""The views of a clip under its symmetries show what their classes say."""

import numpy as np
import pytest
import torch

from tubelet.datasets.samples import collate
from tubelet.datasets.synthetic import CLASSES, SyntheticClips, SyntheticError
from tubelet.datasets.synthetic.symmetries import symmetric_views

# By hand: what a class turns into when the frames run backwards, when the columns are flipped, the rows are flipped,
# and rows and columns are swapped.
BACKWARDS = {
    "move_left": "move_right",
    "move_right": "move_left",
    "move_up": "move_down",
    "move_down": "move_up",
    "spin_clockwise": "spin_anticlockwise",
    "spin_anticlockwise": "spin_clockwise",
    "grow": "shrink",
    "shrink": "grow",
    "blink": "blink",
    "orbit_clockwise": "orbit_anticlockwise",
    "orbit_anticlockwise": "orbit_clockwise",
    "meet": "part",
    "part": "meet",
}
TURNED = {name: BACKWARDS[name] for name in CLASSES if name.startswith(("spin", "orbit"))}
ACROSS = {**TURNED, "move_left": "move_right", "move_right": "move_left"}
DOWN = {**TURNED, "move_up": "move_down", "move_down": "move_up"}
SWAPPED = {
    **TURNED,
    "move_left": "move_up",
    "move_up": "move_left",
    "move_right": "move_down",
    "move_down": "move_right",
}


def transformed(clip: torch.Tensor, name: str) -> dict[bytes, str]:
    """Every symmetric view of a clip, by its bytes, and its class by the tables above."""
    found = {}
    for backwards in (False, True):
        for across in (False, True):
            for down in (False, True):
                for swapped in (False, True):
                    view, label = clip, name
                    if backwards:
                        view, label = view.flip(1), BACKWARDS[label]
                    if down:
                        view, label = view.flip(2), DOWN.get(label, label)
                    if across:
                        view, label = view.flip(3), ACROSS.get(label, label)
                    if swapped:
                        view, label = view.transpose(2, 3), SWAPPED.get(label, label)
                    found[view.contiguous().numpy().tobytes()] = label
    return found


@pytest.mark.parametrize("name", CLASSES)
def test_all_sixteen_views_are_different_and_have_the_class_that_they_show(name: str) -> None:
    clip = torch.rand(3, 4, 6, 6)
    views, labels = symmetric_views(clip, CLASSES.index(name), 16, np.random.default_rng(0))
    expected = transformed(clip, name)
    assert len(expected) == 16
    shown = {view.numpy().tobytes(): CLASSES[label] for view, label in zip(views, labels.tolist(), strict=True)}
    assert shown == expected


def test_of_two_views_one_runs_backwards() -> None:
    clip = torch.rand(3, 4, 6, 6)
    first, second = symmetric_views(clip, 0, 2, np.random.default_rng(5))[0]
    assert torch.equal(first, second.flip(1))


def test_a_data_set_gives_each_view_its_own_class_and_collates_them_to_rows() -> None:
    clips = SyntheticClips("train", 26, size=16, symmetries=4)
    batch = collate([clips[0], clips[1]])
    assert batch.clips.shape == (8, 3, 16, 16, 16)
    assert batch.indices.tolist() == [0] * 4 + [1] * 4
    # clip 0 moves to the left: its views move, each along some axis, two of them backwards
    assert {CLASSES[label].split("_")[0] for label in batch.labels[:4]} == {"move"}


def test_more_symmetries_than_there_are_is_an_error() -> None:
    with pytest.raises(SyntheticError, match="under 17 symmetries; expected 1 to 16"):
        SyntheticClips("train", 26, symmetries=17)
