"""The torchcodec backend keeps the reader's contract where it can load, and says so where it cannot."""

import sys

import numpy as np
import pytest
from encoded_videos import encode

from tubelet.video import ClipError, VideoError, VideoReader


@pytest.fixture
def torchcodec(h264):
    try:
        VideoReader(h264, backend="torchcodec").close()
    except VideoError as error:
        pytest.skip(str(error))


def test_a_missing_package_is_one_clear_error(h264, monkeypatch):
    monkeypatch.setitem(sys.modules, "torchcodec.decoders", None)
    with pytest.raises(VideoError, match=r"torchcodec, which is not installed: pip install torchcodec"):
        VideoReader(h264, backend="torchcodec")


@pytest.mark.usefixtures("torchcodec")
def test_frames_and_metadata_are_those_of_pyav(h264):
    with VideoReader(h264, backend="torchcodec") as reader, VideoReader(h264) as expected:
        assert reader.metadata == expected.metadata
        np.testing.assert_array_equal(reader.timestamps, expected.timestamps)
        indices = [41, 0, 0, 17, 59]
        difference = reader.frames(indices).astype(int) - expected.frames(indices)
        assert np.abs(difference).max() <= 2
        assert np.abs(np.stack(list(reader)).astype(int) - np.stack(list(expected))).max() <= 2


@pytest.mark.usefixtures("torchcodec")
@pytest.mark.parametrize("rotation", [90, 180, -90])
def test_rotation_and_short_side_are_applied(rotation):
    data = encode(num_frames=4, rotation=rotation)
    with VideoReader(data, backend="torchcodec", short_side=32) as reader, VideoReader(data, short_side=32) as expected:
        ours, theirs = reader.frames([1]), expected.frames([1])
        assert ours.shape == theirs.shape
        assert np.abs(ours.astype(int) - theirs).mean() < 8


@pytest.mark.usefixtures("torchcodec")
def test_errors_are_the_reader_s_own(h264):
    with VideoReader(h264, backend="torchcodec") as reader, pytest.raises(ClipError, match="frame 60 was asked for"):
        reader.frames([60])
    with pytest.raises(VideoError, match="bytes>"):
        VideoReader(b"not a video", backend="torchcodec")


@pytest.mark.usefixtures("torchcodec")
def test_a_gpu_that_is_not_there_is_one_clear_error(h264):
    import torch

    if torch.cuda.is_available():
        pytest.skip("this machine has a GPU")
    with pytest.raises(VideoError, match="torchcodec on cuda"):
        VideoReader(h264, backend="torchcodec", device="cuda")
