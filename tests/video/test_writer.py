"""What is written is a browser's mp4, complete or not there at all."""

from fractions import Fraction

import av
import numpy as np
import pytest
from encoded_videos import picture

from tubelet.video import VideoError, VideoReader, VideoWriter


def test_what_is_written_is_read_back(tmp_path):
    frames = np.stack([picture(number) for number in range(12)])
    with VideoWriter(tmp_path / "clip.mp4", frame_rate=25, crf=1) as writer:
        writer.write_frames(frames)
    with VideoReader(tmp_path / "clip.mp4") as reader:
        assert len(reader) == 12
        assert reader.metadata.average_rate == pytest.approx(25)
        assert np.abs(reader.frames(range(12)).astype(float) - frames).mean() < 12  # colour has half the resolution


def test_flat_colours_come_back_as_they_were(tmp_path):
    colours = np.array([[255, 0, 0], [0, 255, 0], [0, 0, 255], [10, 200, 90], [255, 255, 255]], np.uint8)
    with VideoWriter(tmp_path / "flat.mp4", frame_rate=10, crf=1) as writer:
        for colour in colours:
            writer.write(np.broadcast_to(colour, (64, 64, 3)))
    with VideoReader(tmp_path / "flat.mp4") as reader:
        assert np.abs(reader.frames(range(5)).mean((1, 2)) - colours).max() < 4


def test_it_is_h264_yuv420p_with_its_index_in_front_and_its_colours_tagged(tmp_path):
    path = tmp_path / "clip.mp4"
    with VideoWriter(path, frame_rate=Fraction(30000, 1001)) as writer:
        writer.write_frames(picture(number) for number in range(3))
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        assert (stream.codec_context.name, stream.codec_context.pix_fmt) == ("h264", "yuv420p")
        assert stream.average_rate == Fraction(30000, 1001)
        assert (stream.codec_context.colorspace, stream.codec_context.color_range) == (1, 1)
    data = path.read_bytes()
    assert data.index(b"moov") < data.index(b"mdat")


def test_odd_sizes_are_padded_with_their_last_pixels(tmp_path):
    frame = np.zeros((31, 45, 3), np.uint8)
    frame[:, -1] = 255
    with VideoWriter(tmp_path / "odd.mp4", frame_rate=10, crf=1) as writer:
        writer.write(frame)
    with VideoReader(tmp_path / "odd.mp4") as reader:
        pixels = reader.frames([0])[0]
    assert pixels.shape == (32, 46, 3)
    assert pixels[:, -1].min() > 200
    assert pixels[:, :40].max() < 50


def test_a_body_that_raises_leaves_nothing_behind(tmp_path):
    def fails_half_way():
        with VideoWriter(tmp_path / "clip.mp4", frame_rate=10) as writer:
            writer.write(picture(0))
            raise RuntimeError

    with pytest.raises(RuntimeError):
        fails_half_way()
    assert list(tmp_path.iterdir()) == []


def test_an_existing_file_stays_until_the_new_one_is_complete(tmp_path):
    path = tmp_path / "clip.mp4"
    path.write_bytes(b"old")
    with VideoWriter(path, frame_rate=10) as writer:
        writer.write(picture(0))
        assert path.read_bytes() == b"old"
    assert path.read_bytes() != b"old"
    assert [file.name for file in tmp_path.iterdir()] == ["clip.mp4"]


def test_a_video_without_frames_is_an_error_and_no_file(tmp_path):
    with pytest.raises(VideoError, match="without a frame"), VideoWriter(tmp_path / "clip.mp4", frame_rate=10):
        pass
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    "frame", [np.zeros((8, 8), np.uint8), np.zeros((8, 8, 3), np.float32), np.zeros((8, 8, 4), np.uint8)]
)
def test_frames_of_another_kind_are_refused(tmp_path, frame):
    writer = VideoWriter(tmp_path / "clip.mp4", frame_rate=10)
    with pytest.raises(VideoError, match=r"must be \(H, W, 3\) uint8"):
        writer.write(frame)


def test_a_size_that_changes_is_refused(tmp_path):
    writer = VideoWriter(tmp_path / "clip.mp4", frame_rate=10)
    writer.write(picture(0))
    with pytest.raises(VideoError, match=r"of \(32, 96, 3\) was given"):
        writer.write(picture(0)[:32])


@pytest.mark.parametrize(
    ("arguments", "message"), [({"frame_rate": 0}, "above 0"), ({"frame_rate": 5, "crf": 99}, "0 to 51")]
)
def test_arguments_out_of_range_are_named(tmp_path, arguments, message):
    with pytest.raises(VideoError, match=message):
        VideoWriter(tmp_path / "clip.mp4", **arguments)


def test_a_folder_that_is_not_there_is_named(tmp_path):
    with pytest.raises(VideoError, match="absent does not exist"):
        VideoWriter(tmp_path / "absent" / "clip.mp4", frame_rate=10)
