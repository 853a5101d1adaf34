"""Random access gives what a sequential decode gives, byte for byte, whatever the container and codec."""

import io
import warnings
from pathlib import Path

import av
import numpy as np
import pytest
from encoded_videos import HEIGHT, WIDTH, encode, sequential
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tubelet.video import ClipError, VideoError, VideoReader, VideoWarning

VIDEOS = Path(__file__).parents[2].parent / "shared" / "data" / "videos"
REAL = sorted(VIDEOS.glob("*")) if VIDEOS.exists() else []
needs_videos = pytest.mark.skipif(not REAL, reason="the real videos are not beside the checkout")
in_any_order = st.lists(st.integers(0, 59), min_size=1, max_size=12)


def test_iteration_equals_a_sequential_decode(kind):
    data, frames, _ = kind
    with VideoReader(data) as reader:
        assert len(reader) == len(frames)
        np.testing.assert_array_equal(np.stack(list(reader)), frames)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(calls=st.lists(in_any_order, min_size=1, max_size=4))
def test_frames_in_any_order_and_repetition_equal_a_sequential_decode(kind, calls):
    data, frames, _ = kind
    with VideoReader(data) as reader:
        for indices in calls:
            np.testing.assert_array_equal(reader.frames(indices), frames[indices])


def test_strided_clips_equal_a_sequential_decode(kind):
    data, frames, _ = kind
    for start in (0, 13, 29, 44):
        with VideoReader(data) as reader:
            indices = np.arange(start, 60, 4)
            np.testing.assert_array_equal(reader.frames(indices), frames[indices])


def test_frames_between_steps_of_an_iteration_do_not_disturb_it(kind):
    data, frames, _ = kind
    with VideoReader(data) as reader:
        for number, frame in enumerate(reader):
            np.testing.assert_array_equal(frame, frames[number])
            if number % 17 == 5:
                np.testing.assert_array_equal(reader.frames([3, 50]), frames[[3, 50]])


def test_timestamps_rise_from_zero(kind):
    data, frames, pts = kind
    with VideoReader(data) as reader:
        assert len(reader.timestamps) == len(frames)
        assert reader.timestamps[0] == 0
        assert (np.diff(reader.timestamps) > 0).all()
        if None not in pts and pts == sorted(pts):
            expected = (np.array(pts) - pts[0]) * float(reader.metadata.time_base)
            np.testing.assert_allclose(reader.timestamps, expected)


def test_every_frame_is_found_at_its_own_timestamp(kind):
    data, frames, _ = kind
    with VideoReader(data) as reader:
        np.testing.assert_array_equal(reader.frames_at(reader.timestamps[[0, 7, 31, 59]]), frames[[0, 7, 31, 59]])


@needs_videos
@pytest.mark.parametrize("path", REAL, ids=lambda path: path.name)
def test_real_videos_equal_a_sequential_decode(path):
    with av.open(str(path)) as container:
        stream = container.streams.video[0]
        try:
            decoded = list(container.decode(stream))
        except av.FFmpegError:
            pytest.skip("a sequential decode fails; see test_damage")
        turns = -decoded[0].rotation // 90
        frames = [np.rot90(frame.to_ndarray(format="rgb24"), -turns) for frame in decoded[:150]]
    rng = np.random.default_rng(0)
    with VideoReader(path) as reader:
        assert len(reader) == len(decoded)
        del decoded
        assert (reader.metadata.height, reader.metadata.width) == frames[0].shape[:2]
        for _ in range(3):
            indices = rng.integers(0, len(frames), 5)
            np.testing.assert_array_equal(reader.frames(indices), np.stack([frames[i] for i in indices]))
        start = int(rng.integers(0, len(frames)))
        indices = np.arange(start, len(frames), 4)[:16]
        np.testing.assert_array_equal(reader.frames(indices), np.stack([frames[i] for i in indices]))


def test_metadata_says_what_was_encoded(h264):
    with VideoReader(h264) as reader:
        data = reader.metadata
    assert (data.codec, data.width, data.height, data.rotation) == ("h264", WIDTH, HEIGHT, 0)
    assert data.num_frames == 60
    assert data.duration == pytest.approx(2.0)
    assert data.average_rate == pytest.approx(30)
    assert data.real_rate == pytest.approx(30)
    assert data.time_base.numerator == 1


def test_a_title_that_is_not_utf_8_does_not_matter(h264):
    renamed = h264.replace(b"Lavf", b"\xff\xfe\xfd\xfc")  # in the name of the program that wrote the file
    assert renamed != h264
    with VideoReader(renamed) as reader:
        assert len(reader) == 60


def test_frame_counts_that_the_container_does_not_give_are_counted():
    data = encode(container="matroska")
    with av.open(io.BytesIO(data)) as container:
        assert container.streams.video[0].frames == 0
    with VideoReader(data) as reader:
        assert len(reader) == 60


def test_a_variable_frame_rate_keeps_each_frame_s_own_time():
    times = np.cumsum(np.arange(60) % 5 + 1)
    with VideoReader(encode(times=times.tolist())) as reader:
        np.testing.assert_allclose(reader.timestamps, (times - times[0]) / 90)
        between = float(reader.timestamps[20] + reader.timestamps[21]) / 2
        np.testing.assert_array_equal(reader.frames_at([between]), reader.frames([20]))


@pytest.mark.parametrize(("rotation", "clockwise"), [(90, 270), (180, 180), (-90, 90)])
def test_rotation_is_applied_to_pixels_and_size(rotation, clockwise):
    data = encode(num_frames=5, rotation=rotation)
    upright, _ = sequential(data)
    with VideoReader(data) as reader:
        assert reader.metadata.rotation == clockwise
        np.testing.assert_array_equal(reader.frames([2])[0], np.rot90(upright[2], rotation // 90))
        turned = (WIDTH, HEIGHT) if abs(rotation) == 90 else (HEIGHT, WIDTH)
        assert (reader.metadata.height, reader.metadata.width) == turned


@needs_videos
def test_phone_videos_are_shown_upright():
    # One scene, coded at 568 x 320 and turned by the container.
    shapes = {angle: VideoReader(VIDEOS / f"video_{angle}.mov").frames([0]).shape[1:3] for angle in (0, 90, 180, 270)}
    assert shapes == {0: (320, 568), 90: (568, 320), 180: (320, 568), 270: (568, 320)}


@pytest.mark.parametrize(("rotation", "shape"), [(0, (32, 48)), (-90, (48, 32))])
def test_the_short_side_is_scaled_and_the_long_side_follows(rotation, shape):
    with VideoReader(encode(num_frames=3, rotation=rotation), short_side=32) as reader:
        assert reader.frames([1]).shape == (1, *shape, 3)
        assert next(iter(reader)).shape == (*shape, 3)
        assert min(reader.metadata.width, reader.metadata.height) == HEIGHT


def test_the_long_side_is_truncated():
    # 96 x 64 at a short side of 43: 96 * 43 / 64 = 64.5
    with VideoReader(encode(num_frames=1), short_side=43) as reader:
        assert reader.frames([0]).shape == (1, 43, 64, 3)


def test_a_short_side_that_already_fits_changes_no_pixel(h264):
    with VideoReader(h264, short_side=HEIGHT) as scaled, VideoReader(h264) as plain:
        np.testing.assert_array_equal(scaled.frames([9]), plain.frames([9]))


def test_scaling_keeps_the_picture_in_place(h264):
    with VideoReader(h264, short_side=32) as scaled, VideoReader(h264) as plain:
        small, full = scaled.frames([9])[0].astype(float), plain.frames([9])[0].astype(float)
    means = full.reshape(32, 2, 48, 2, 3).mean((1, 3))
    assert np.abs(small - means).mean() < 6


@pytest.mark.parametrize("as_source", [bytes, bytearray, memoryview, io.BytesIO, "path", "string", "file"])
def test_sources_of_every_kind_read_alike(h264, tmp_path, as_source):
    path = tmp_path / "video.mp4"
    path.write_bytes(h264)
    sources = {"path": path, "string": str(path), "file": path.open("rb")}
    source = sources[as_source] if isinstance(as_source, str) else as_source(h264)
    with VideoReader(source) as reader, VideoReader(h264) as expected:
        np.testing.assert_array_equal(reader.frames([40, 2]), expected.frames([40, 2]))
    sources["file"].close()


@pytest.mark.parametrize("options", [{"codec": "mpeg4", "container": "avi"}, {"container": "mpegts"}], ids=str)
def test_a_file_object_whose_frames_must_be_counted_first_reads_alike(options):
    data = encode(**options)
    expected, _ = sequential(data)
    file = io.BytesIO(data)
    file.seek(100)
    with VideoReader(file) as reader:
        for indices in ([50, 3], [4, 5, 6], [59]):
            np.testing.assert_array_equal(reader.frames(indices), expected[indices])


def test_a_sequence_is_decoded_in_one_pass(h264, monkeypatch):
    with VideoReader(h264) as reader:
        starts = []
        decoder = reader._backend._decoder
        plain = decoder._start_at
        monkeypatch.setattr(decoder, "_start_at", lambda entry: (starts.append(entry), plain(entry)))
        reader.frames([1, 3, 7, 9, 14])
        assert starts == []  # opening left the decoder in the first group of pictures
        reader.frames(range(16, 60, 20))
        assert starts == [30, 45]  # frame 16 lies just ahead of frame 14
        reader.frames([2])
        assert starts == [30, 45, 0]


def test_no_indices_give_no_frames(h264):
    with VideoReader(h264) as reader:
        assert reader.frames([]).shape == (0, HEIGHT, WIDTH, 3)


@pytest.mark.parametrize("index", [60, -1, 10**12])
def test_an_index_outside_the_video_is_one_clear_error(h264, tmp_path, index):
    path = tmp_path / "cooking.mp4"
    path.write_bytes(h264)
    with VideoReader(path) as reader, pytest.raises(ClipError, match=rf"cooking.mp4 has 60 frames .*frame {index} "):
        reader.frames([0, index])


@pytest.mark.parametrize("indices", [[1.5], [[1, 2]], [[1], [2, 3]], ["a"], [True], None])
def test_indices_that_are_not_numbers_are_one_clear_error(h264, indices):
    with VideoReader(h264) as reader, pytest.raises(ClipError, match="whole numbers"):
        reader.frames(indices)


@pytest.mark.parametrize("time", [-0.1, 2.5, float("nan")])
def test_a_time_outside_the_video_is_one_clear_error(h264, time):
    with VideoReader(h264) as reader, pytest.raises(ClipError, match=r"lasts 2\.000 s"):
        reader.frames_at([time])


@pytest.mark.parametrize("times", [[[1.0, 2.0]], [[1.0], [2.0, 3.0]], ["a"], [{}]])
def test_times_that_are_not_a_list_of_numbers_are_one_clear_error(h264, times):
    with VideoReader(h264) as reader, pytest.raises(ClipError, match="times must be a list of seconds, not "):
        reader.frames_at(times)


@pytest.mark.parametrize("side", [0, -3, 12.5, 100_000, "224"])
def test_a_short_side_out_of_range_is_one_clear_error(h264, side):
    with pytest.raises(VideoError, match=f"short_side={side!r} was given; whole pixels from 1 to 16384 were expected"):
        VideoReader(h264, short_side=side)


def test_a_closed_reader_says_so(h264):
    reader = VideoReader(h264)
    reader.close()
    with pytest.raises(VideoError, match="is closed"):
        reader.frames([0])


def test_an_unknown_backend_is_named(h264):
    with pytest.raises(VideoError, match=r'backend="ffmpeg".*"pyav" or "torchcodec"'):
        VideoReader(h264, backend="ffmpeg")


def test_a_gpu_is_not_promised_by_pyav(h264):
    with pytest.raises(VideoError, match='device="cuda"'):
        VideoReader(h264, device="cuda")


@needs_videos
def test_full_range_and_bt709_are_taken_from_the_file():
    with av.open(str(VIDEOS / "bt709_full_range.mp4")) as container:
        frame = next(container.decode(container.streams.video[0]))
        luma, blue, red = (
            np.frombuffer(plane, np.uint8).reshape(plane.height, -1)[:, : plane.width].astype(float)
            for plane in frame.planes
        )
    blue, red = (np.kron(plane - 128, np.ones((2, 2))) for plane in (blue, red))
    expected = np.stack([luma + 1.5748 * red, luma - 0.1873 * blue - 0.4681 * red, luma + 1.8556 * blue], axis=-1)
    with VideoReader(VIDEOS / "bt709_full_range.mp4") as reader:
        # swscale works with rounded integer coefficients; the wrong matrix or range is off by 10 and more.
        assert np.abs(reader.frames([0])[0] - expected.clip(0, 255)).mean() < 1.5


def test_intact_videos_never_warn(kind):
    with warnings.catch_warnings():
        warnings.simplefilter("error", VideoWarning)
        with VideoReader(kind[0]) as reader:
            assert sum(1 for _ in reader) == len(reader)
