"""Bad input gives one clear error, or the frames that can be had and a warning; never a wrong frame."""

import io
import re
import warnings
from pathlib import Path

import av
import numpy as np
import pytest
from encoded_videos import X265, encode, overwrite, packets, sequential

from tubelet.video import VideoError, VideoReader, VideoWarning

VIDEOS = Path(__file__).parents[2].parent / "shared" / "data" / "videos"


def damaged_numbers(record) -> set[int]:
    """The frames that warnings name."""
    numbers: set[int] = set()
    for warning in record:
        listed = re.search(r"damaged: ([\d, -]+) of its", str(warning.message))
        for run in listed.group(1).split(", ") if listed else []:
            first, _, last = run.partition("-")
            numbers |= set(range(int(first), int(last or first) + 1))
    return numbers


@pytest.mark.parametrize("options", [{}, {"codec": "mpeg4"}, {"container": "mpegts"}], ids=str)
@pytest.mark.parametrize("position", [0, 15, 20, 21, 22, 30, 58])
def test_a_damaged_packet_costs_frames_but_never_gives_a_wrong_one(options, position):
    intact = encode(**options)
    if "mpegts" in str(options):  # transport packets that were lost on the way
        start = len(intact) * position // 60 // 188 * 188
        data = intact[:start] + intact[start + 2 * 188 :]
    else:
        data = overwrite(intact, packets(intact)[position])
    expected, _ = sequential(intact)
    with warnings.catch_warnings(record=True) as record:
        warnings.simplefilter("always")
        try:
            with VideoReader(data) as reader:
                count = len(reader)
                frames = reader.frames(range(count))
                iterated = np.stack(list(reader))
        except VideoError:
            return
    missing = damaged_numbers(record)
    np.testing.assert_array_equal(iterated, frames)
    right = {number for number in range(count) if number < 60 and np.array_equal(frames[number], expected[number])}
    if count == 60:
        assert set(range(60)) - right <= missing
    assert record or len(right) == 60
    # A stand-in is a frame of the video, too.
    assert all((frame == expected).all((1, 2, 3)).any() for frame in frames)


def test_frames_of_other_groups_of_pictures_are_untouched_by_damage(h264):
    data = overwrite(h264, packets(h264)[20])
    expected, _ = sequential(h264)
    with VideoReader(data) as reader, warnings.catch_warnings():
        warnings.simplefilter("error")
        np.testing.assert_array_equal(reader.frames([3, 14, 30, 59]), expected[[3, 14, 30, 59]])


def test_the_warning_says_which_frames_are_missing_and_what_stands_in(h264, tmp_path):
    path = tmp_path / "cooking.mp4"
    path.write_bytes(overwrite(h264, packets(h264)[30]))
    expected, _ = sequential(h264)
    with (
        VideoReader(path) as reader,
        pytest.warns(VideoWarning, match=r"cooking\.mp4 is damaged: 30-44 of its 60 frames"),
    ):
        frames = reader.frames(range(60))
    np.testing.assert_array_equal(frames[:30], expected[:30])
    np.testing.assert_array_equal(frames[45:], expected[45:])
    np.testing.assert_array_equal(frames[30:45], np.repeat(expected[29:30], 15, axis=0))


def test_a_damaged_start_leaves_the_rest(h264):
    data = overwrite(h264, packets(h264)[0])
    expected, _ = sequential(h264)
    with pytest.warns(VideoWarning, match=r"cannot be decoded, the first at 0\.00 s; the 45 frames"):
        reader = VideoReader(data)
    np.testing.assert_array_equal(np.stack(list(reader)), expected[15:])


def test_frames_before_the_first_readable_one_are_stood_in_for_by_it():
    # In AVI, FFmpeg takes the key frames from the index at the end of the file, which the damage does not reach.
    intact = encode("mpeg4", "avi", options={"bf": "0", "g": "15", "sc_threshold": "1000000000"})
    expected, _ = sequential(intact)
    damaged = overwrite(intact, packets(intact)[1])
    with warnings.catch_warnings(record=True) as record:
        warnings.simplefilter("always")
        frames = np.stack(list(VideoReader(damaged)))
    assert record
    assert all((frame == expected).all((1, 2, 3)).any() for frame in frames)


def test_a_hole_in_a_matroska_file_is_told():
    intact = encode(container="matroska", options={"bf": "0"})
    expected, _ = sequential(intact)
    with pytest.warns(VideoWarning, match=r"has no frames from \d\.\d\d s to \d\.\d\d s; packets may be lost there"):
        reader = VideoReader(overwrite(intact, packets(intact)[21]))
    frames = np.stack(list(reader))
    assert len(frames) < 60
    assert all((frame == expected).all((1, 2, 3)).any() for frame in frames)


def test_a_video_whose_only_group_of_pictures_is_damaged_is_one_clear_error():
    data = encode(options={"g": "999", "sc_threshold": "0", "bf": "0"})
    with pytest.raises(VideoError, match="no frame that can be decoded"):
        VideoReader(overwrite(data, packets(data)[0]))


@pytest.mark.skipif(not VIDEOS.exists(), reason="the real videos are not beside the checkout")
def test_the_corrupted_clip_gives_its_readable_part_and_says_what_is_missing():
    with VideoReader(VIDEOS / "corrupted.mp4") as reader:
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            assert reader.frames(range(29)).shape == (29, 720, 1280, 3)
        with pytest.warns(VideoWarning, match="29-49 of its 50 frames"):
            assert sum(1 for _ in reader) == 50


@pytest.mark.parametrize("kept", [0.02, 0.5, 0.9])
@pytest.mark.parametrize(
    ("container", "muxer_options"),
    [("mp4", {}), ("mp4", {"movflags": "+faststart"}), ("matroska", {}), ("avi", {}), ("mpegts", {})],
)
def test_a_truncated_video_gives_right_frames_or_one_clear_error(container, muxer_options, kept):
    codec = "mpeg4" if container == "avi" else "libx264"
    intact = encode(codec, container, muxer_options=muxer_options, options={"bf": "0"})
    expected, _ = sequential(intact)
    with warnings.catch_warnings(record=True) as record:
        warnings.simplefilter("always")
        try:
            with VideoReader(intact[: int(len(intact) * kept)]) as reader:
                frames = np.stack(list(reader))
        except VideoError:
            return
    assert 0 < len(frames) < 60
    missing = damaged_numbers(record)
    wrong = [n for n, frame in enumerate(frames) if n not in missing and not np.array_equal(frame, expected[n])]
    assert wrong == []
    if container == "mp4":
        assert any(re.search(r"holds \d+ of the 60 frames", str(warning.message)) for warning in record)


def audio_only() -> bytes:
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="mp4") as output:
        stream = output.add_stream("aac", rate=44100)
        frame = av.AudioFrame.from_ndarray(np.zeros((1, 1024), np.float32), format="fltp", layout="mono")
        frame.rate = 44100
        output.mux(stream.encode(frame))
        output.mux(stream.encode(None))
    return buffer.getvalue()


def no_frames() -> bytes:
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="avi") as output:
        stream = output.add_stream("mpeg4", rate=30)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "yuv420p"
        output.start_encoding()
    return buffer.getvalue()


def portrait() -> bytes:
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="image2pipe") as output:
        stream = output.add_stream("png", rate=1)
        stream.width, stream.height, stream.pix_fmt = 64, 64, "rgb24"
        output.mux(stream.encode(av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8))))
        output.mux(stream.encode(None))
    return buffer.getvalue()


BAD = {
    "empty.mp4": lambda: b"",
    "text.txt": lambda: b"This is not a video, it is a page of text.\n" * 200,
    "text.mp4": lambda: b"This is not a video, it is a page of text.\n" * 200,
    "noise.mp4": lambda: np.random.default_rng(0).integers(0, 256, 50_000, dtype=np.uint8).tobytes(),
    "zeros.mkv": lambda: bytes(100_000),
    "sound.mp4": audio_only,
    "no_frames.avi": no_frames,
    "picture.png": portrait,
    "header.mp4": lambda: encode(num_frames=30)[:40],
}


@pytest.mark.parametrize("name", BAD)
def test_what_is_not_a_video_is_one_clear_error_that_names_the_file(tmp_path, name):
    path = tmp_path / name
    path.write_bytes(BAD[name]())
    with pytest.raises(VideoError, match=re.escape(name)) as caught:
        VideoReader(path)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", BAD)
def test_what_is_not_a_video_is_one_clear_error_as_bytes_too(name):
    with pytest.raises(VideoError, match="bytes>"):
        VideoReader(BAD[name]())


def test_a_file_without_a_video_stream_says_so(tmp_path):
    path = tmp_path / "sound.mp4"
    path.write_bytes(audio_only())
    with pytest.raises(VideoError, match="no video stream"):
        VideoReader(path)


def test_a_missing_file_and_a_folder_are_one_clear_error(tmp_path):
    for path in (tmp_path / "absent.mp4", tmp_path):
        with pytest.raises(VideoError, match="no such file"):
            VideoReader(path)


@pytest.mark.parametrize("seed", range(12))
@pytest.mark.parametrize("options", [{}, {"codec": "mpeg4", "container": "avi"}, {"codec": "libx265", "options": X265}])
def test_random_damage_anywhere_never_hangs_or_fails_otherwise(options, seed):
    data = bytearray(encode(num_frames=24, **options))
    rng = np.random.default_rng(seed)
    for place in rng.integers(0, len(data), 1 + 4 * seed):
        data[place] = rng.integers(0, 256)
    outcome = "read"
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        try:
            with VideoReader(bytes(data)) as reader:
                wanted = min(len(reader), 100)
                assert len(reader.frames(range(wanted))) == wanted
        except VideoError as error:
            outcome = str(error)
    assert "\n" not in outcome
