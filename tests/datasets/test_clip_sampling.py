"""The samplings that recipes name."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tubelet.datasets.clip_sampling import DenseSampling, SegmentSampling, clip_sampling
from tubelet.errors import TubeletError
from tubelet.video import sampling


@given(st.sampled_from(["dense", "segments"]), st.sampled_from(["train", "validation", "test"]), st.integers(1, 500))
def test_every_sampling_gives_clips_of_frames_that_the_video_has(name, mode, video_frames):
    clips = clip_sampling(name, mode, num_frames=8, frame_stride=4, num_clips=3)(video_frames, np.random.default_rng(0))
    assert clips.shape == (3 if mode == "test" else 1, 8)
    assert clips.dtype == np.int64
    assert clips.min() >= 0
    assert clips.max() < video_frames


def test_the_defaults_are_videomaes_views():
    draws = np.random.default_rng(0)
    np.testing.assert_array_equal(clip_sampling("dense", "test")(300, draws), sampling.dense_clips_test(300, 16, 4, 5))
    np.testing.assert_array_equal(clip_sampling("segments", "test")(50, draws), sampling.segment_clips_test(50, 16, 2))


@pytest.mark.parametrize("kind", [DenseSampling, SegmentSampling])
def test_training_is_drawn_and_validation_is_not(kind):
    draws = np.random.default_rng(0)
    train = {tuple(kind("train")(300, draws)[0]) for _ in range(8)}
    validation = {tuple(kind("validation")(300, draws)[0]) for _ in range(8)}
    assert len(train) > 1
    assert len(validation) == 1


def test_an_unknown_name_is_an_error_that_shows_the_known_ones():
    with pytest.raises(TubeletError, match='"dense" or "segments"'):
        clip_sampling("uniform", "train")
