"""Synthetic clips are a function of (seed, split, index, difficulty), and a data set that training can use."""

import hashlib
import subprocess
import sys
from dataclasses import replace

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from tubelet.datasets.samples import SampleKey, collate
from tubelet.datasets.synthetic import (
    CLASSES,
    DIFFICULTIES,
    SPLITS,
    SyntheticClips,
    SyntheticError,
    clip_scene,
    render_clip,
    synthetic_video,
)


def _digest(split: str, index: int, difficulty: str, seed: int) -> str:
    return hashlib.sha256(render_clip(split, index, difficulty, size=32, seed=seed)[0].tobytes()).hexdigest()


def test_split_index_difficulty_and_seed_each_give_another_clip() -> None:
    digests = {
        _digest(split, index, difficulty, seed)
        for split in SPLITS
        for index in range(3)
        for difficulty in DIFFICULTIES
        for seed in range(2)
    }
    assert len(digests) == 3 * 3 * 3 * 2


def test_a_clip_is_the_same_in_another_process() -> None:
    program = (
        "import hashlib; from tubelet.datasets.synthetic import render_clip;"
        "print(hashlib.sha256(render_clip('val', 7, 'hard', size=32, seed=5)[0].tobytes()).hexdigest())"
    )
    other = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert other.stdout.strip() == _digest("val", 7, "hard", 5)


@settings(max_examples=15, deadline=None)
@given(st.lists(st.integers(0, 39), min_size=1, max_size=40), st.sampled_from(sorted(DIFFICULTIES)))
def test_a_frame_is_the_same_whichever_frames_are_rendered_beside_it(indices, difficulty) -> None:
    scene = synthetic_video("test", 3, seconds=2.5, size=(30, 44), difficulty=difficulty)
    np.testing.assert_array_equal(scene.render(indices), scene.render()[indices])


def test_a_scene_renders_at_any_size_with_the_same_picture() -> None:
    scene, _ = clip_scene("val", 6, "easy", size=256)
    small = replace(scene, height=64, width=64).render([0, 15]).astype(float)
    shrunk = scene.render([0, 15]).reshape(2, 64, 4, 64, 4, 3).mean((2, 4))
    assert np.abs(small - shrunk).mean() < 2


def test_the_classes_take_turns() -> None:
    clips = SyntheticClips("val", 26, size=16)
    assert [clips[index].label for index in range(26)] == [*range(13), *range(13)]
    assert len(clips.classes) == 13
    assert clips.classes == CLASSES


def test_a_sample_is_the_normalised_clip() -> None:
    mean, std = (0.1, 0.2, 0.3), (0.5, 0.6, 0.7)
    clips = SyntheticClips("train", 10, "easy", clip_frames=8, size=48, mean=mean, std=std)
    frames, label = render_clip("train", 4, "easy", clip_frames=8, size=48)
    sample = clips[4]
    expected = (torch.from_numpy(frames).double() / 255 - torch.tensor(mean)) / torch.tensor(std)
    torch.testing.assert_close(sample.clip[0], expected.permute(3, 0, 1, 2).float())
    assert sample.clip.shape == (1, 3, 8, 48, 48)
    assert (sample.label, sample.index) == (label, 4)


def test_an_epoch_repeats_the_clips_unless_they_are_to_be_fresh() -> None:
    same = SyntheticClips("train", 4, size=32)
    assert torch.equal(same[SampleKey(3, 2)].clip, same[2].clip)
    fresh = SyntheticClips("train", 4, size=32, fresh=True)
    assert torch.equal(fresh[SampleKey(3, 2)].clip, SyntheticClips("train", 20, size=32)[3 * 4 + 2].clip)
    assert fresh[SampleKey(3, 2)].index == 2


def test_a_loader_batches_the_clips() -> None:
    loader = torch.utils.data.DataLoader(SyntheticClips("val", 6, size=32), batch_size=4, collate_fn=collate)
    batches = list(loader)
    assert [len(batch) for batch in batches] == [4, 2]
    assert batches[1].indices.tolist() == [4, 5]


def test_an_index_beyond_the_end_is_an_index_error() -> None:
    with pytest.raises(IndexError, match="clip 5 of 5"):
        SyntheticClips("val", 5, size=16)[5]


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"split": "valid"}, "no synthetic split 'valid'; expected one of train, val, test"),
        ({"difficulty": "brutal"}, "no difficulty 'brutal'; expected one of easy, medium, hard"),
        ({"num_clips": 0}, "cannot have 0 clips"),
        ({"clip_frames": 1}, "in 1 frames; expected at least 2"),
        ({"seed": -1}, "no synthetic scene 0 of seed -1"),
    ],
)
def test_a_wrong_argument_is_told_in_one_sentence(arguments, message) -> None:
    with pytest.raises(SyntheticError, match=message):
        SyntheticClips(**{"split": "train", "num_clips": 3, "size": 16} | arguments)


@pytest.mark.parametrize("arguments", [{"seconds": 0.05}, {"num_actors": 0}, {"size": (0, 10)}])
def test_a_video_with_nothing_to_show_is_refused(arguments) -> None:
    with pytest.raises(SyntheticError, match="has nothing to show; expected at least 2 frames, 1 pixel and 1 actor"):
        synthetic_video("val", 0, **arguments)
