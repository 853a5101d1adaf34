import io
from types import SimpleNamespace

import numpy as np
import pytest
from PIL import Image

from tubelet.video import VideoError, VideoReader
from tubelet.viewer.playback import constant_rate_frames, embeddable_mp4, open_scaled, page_size, poster_jpeg


class StubReader:
    """A video with frames at the given times."""

    def __init__(self, times, duration):
        self.timestamps = np.array(times)
        self.metadata = SimpleNamespace(duration=duration)

    def __iter__(self):
        return iter(range(len(self.timestamps)))


def shown(times, duration, rate):
    return [(round(time, 3), frame) for time, frame in constant_rate_frames(StubReader(times, duration), rate)]


def test_a_constant_rate_is_kept_as_it_is():
    assert shown([0.0, 0.1, 0.2], 0.3, 10) == [(0.0, 0), (0.1, 1), (0.2, 2)]


def test_a_long_frame_is_repeated_until_the_next_begins():
    assert shown([0.0, 0.1, 0.4], 0.6, 10) == [(0.0, 0), (0.1, 1), (0.2, 1), (0.3, 1), (0.4, 2), (0.5, 2)]


def test_timestamps_rounded_to_milliseconds_neither_drop_nor_repeat_frames():
    times = np.round(np.arange(90) * 1001 / 30000, 3)
    assert [frame for _, frame in shown(times, 90 * 1001 / 30000, 30000 / 1001)] == list(range(90))


def test_frames_faster_than_the_rate_are_dropped():
    assert shown(np.arange(6) * 0.05, 0.3, 10) == [(0.0, 0), (0.1, 2), (0.2, 4)]


def test_a_video_of_one_frame_shows_it():
    assert shown([0.0], 0.0, 10) == [(0.0, 0)]


def test_the_embedded_video_is_small_h264_of_the_same_duration(write_video):
    source = write_video(frames=40, rate=20.0, size=(480, 640))
    with VideoReader(embeddable_mp4(source)) as reader:
        assert reader.metadata.codec == "h264"
        assert (reader.metadata.width, reader.metadata.height) == (480, 360)
        assert len(reader) == 40
        assert reader.metadata.duration == pytest.approx(2.0, abs=0.06)


def test_a_longer_video_is_embedded_smaller():
    sizes = [page_size(seconds) for seconds in (10, 600, 3600)]
    assert [size[0] for size in sizes] == sorted((size[0] for size in sizes), reverse=True)
    assert [size[1] for size in sizes] == sorted((size[1] for size in sizes), reverse=True)


def test_a_small_video_is_not_enlarged(write_video):
    with open_scaled(write_video(size=(64, 48)), 360) as reader:
        assert next(iter(reader)).shape == (64, 48, 3)


def test_a_poster_is_a_small_picture(write_video):
    picture = Image.open(io.BytesIO(poster_jpeg(write_video(frames=30, size=(480, 640)))))
    assert picture.size == (240, 180)
    assert abs(np.asarray(picture).mean() - (10 + 5 * 10)) < 4  # frame 10, a third into the video


def test_a_file_that_is_no_video_is_a_video_error(tmp_path):
    path = tmp_path / "notes.mp4"
    path.write_text("nothing")
    with pytest.raises(VideoError, match="notes"):
        embeddable_mp4(path)
