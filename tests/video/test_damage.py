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


def test_warnings_point_at_the_line_that_called_the_reader(h264):
    data = overwrite(h264, packets(h264)[30])
    cut = encode(container="matroska")[:-200]
    calls = [
        lambda reader: reader.frames([40]),
        lambda reader: reader.frames_at([1.3]),
        list,
        lambda reader: VideoReader(cut),
    ]
    for call in calls:
        with VideoReader(data) as reader, pytest.warns(VideoWarning) as record:
            call(reader)
        assert {warning.filename for warning in record} == {__file__}


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


def test_a_gap_in_a_constant_rate_is_told_as_a_hole():
    times = [*range(0, 90, 3), *range(180, 270, 3)]  # in 1/90 s: the second of three seconds is not there
    with pytest.warns(VideoWarning, match=r"has no frames from 1\.00 s to 2\.00 s; packets may be lost there"):
        VideoReader(encode(container="matroska", times=times))


def test_zeros_at_the_end_of_a_matroska_file_are_told_as_a_hole():
    intact = encode(container="matroska", options={"bf": "0"})
    half = len(intact) // 2
    with pytest.warns(VideoWarning, match=r"has no frames from \d\.\d\d s to 2\.00 s"):
        VideoReader(intact[:half] + bytes(len(intact) - half))


@pytest.mark.parametrize("options", [{}, {"container": "matroska"}, {"codec": "libx265", "options": X265}], ids=str)
def test_zeros_within_a_packet_never_give_a_wrong_frame(options):
    # FFmpeg's decoders take many such packets for whole ones.
    intact = encode(**options)
    expected, _ = sequential(intact)
    for packet in packets(intact)[20:45:3]:
        start = packet.pos + packet.size // 2
        data = intact[:start] + bytes(16) + intact[start + 16 :]
        with VideoReader(data) as reader, pytest.warns(VideoWarning) as record:
            frames = reader.frames(range(60))
        wrong = {number for number in range(60) if not np.array_equal(frames[number], expected[number])}
        assert wrong <= damaged_numbers(record)


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


CUT = {
    "matroska": {"container": "matroska"},
    "webm": {"container": "webm", "codec": "libvpx-vp9", "options": {"cpu-used": "8"}},
    "avi": {"container": "avi", "codec": "mpeg4", "options": {"bf": "0"}},
    "fragmented mp4": {"muxer_options": {"movflags": "frag_keyframe+empty_moov"}},
    "fragmented mp4 that begins with a whole one": {"muxer_options": {"movflags": "frag_keyframe"}},
}


@pytest.mark.parametrize("kept", [0.5, 0.9])
@pytest.mark.parametrize("name", CUT)
def test_a_video_that_was_cut_off_says_what_is_missing(tmp_path, name, kept):
    intact = encode(**CUT[name])
    path = tmp_path / "cut"
    path.write_bytes(intact[: int(len(intact) * kept)])
    said = rf"is cut off: it has {path.stat().st_size} of the \d+ bytes .* any frames after [01]\.\d\d s are missing"
    with path.open("rb") as file:
        for source in (path, file):
            with pytest.warns(VideoWarning, match=said), VideoReader(source) as reader:
                assert len(reader) < 60


@pytest.mark.skipif(not VIDEOS.exists(), reason="the real videos are not beside the checkout")
@pytest.mark.parametrize("name", ["flipping_a_pancake.mkv", "test_pattern_av1.mkv", "apply_eye_makeup.avi"])
def test_a_real_video_that_was_cut_off_says_so(name):
    data = (VIDEOS / name).read_bytes()
    with pytest.warns(VideoWarning, match=f"is cut off: it has {len(data) // 2} of the {len(data)} bytes"):
        VideoReader(data[: len(data) // 2])


def test_sound_that_outlasts_the_picture_is_no_damage():
    buffer = io.BytesIO()
    with av.open(buffer, "w", format="matroska") as output:
        video, audio = output.add_stream("libx264", rate=30), output.add_stream("pcm_s16le", rate=8000, layout="mono")
        video.width, video.height, video.pix_fmt = 64, 64, "yuv420p"
        for _ in range(30):
            output.mux(video.encode(av.VideoFrame.from_ndarray(np.zeros((64, 64, 3), np.uint8))))
        output.mux(video.encode(None))
        for _ in range(10):
            sound = av.AudioFrame.from_ndarray(np.zeros((1, 4000), np.int16), format="s16", layout="mono")
            sound.rate = 8000
            output.mux(audio.encode(sound))
    with av.open(io.BytesIO(buffer.getvalue())) as container:
        assert container.duration == 5_000_000  # microseconds
    with warnings.catch_warnings():
        warnings.simplefilter("error", VideoWarning)
        with VideoReader(buffer.getvalue()) as reader:
            assert reader.metadata.duration == pytest.approx(1.0, abs=0.01)


@pytest.mark.parametrize("muxer_options", [{"live": "1"}, {}], ids=str)
def test_a_whole_matroska_file_of_any_size_field_is_not_cut_off(muxer_options):
    with warnings.catch_warnings():
        warnings.simplefilter("error", VideoWarning)
        with VideoReader(encode(container="matroska", muxer_options=muxer_options)) as reader:
            assert len(reader) == 60


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


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("absent.mp4", r"absent\.mp4: no such file"),
        ("pyproject.toml/video.mp4", "no such file"),
        ("/", "/ is a folder"),
        ("", "an empty path"),
        ("a" * 5000, r"aaa\.\.\. cannot be opened as a video: file name too long"),
        ("null\0byte", "cannot be opened as a video"),
    ],
)
def test_a_path_that_leads_to_no_file_is_one_clear_error(path, message):
    with pytest.raises(VideoError, match=message) as caught:
        VideoReader(path)
    assert len(str(caught.value)) < 300


def test_a_file_object_that_cannot_be_read_is_one_clear_error(h264, tmp_path):
    path = tmp_path / "video.mp4"
    path.write_bytes(h264)
    with path.open() as file, pytest.raises(VideoError, match=r'open as text.* mode "rb"'):
        VideoReader(file)
    with path.open("rb") as file:
        reader = VideoReader(file)
    with pytest.raises(VideoError, match=r"video\.mp4 is closed"):
        reader.frames([0])
    with pytest.raises(VideoError, match=r"video\.mp4 cannot be read from its start: .*closed file"):
        VideoReader(file)


def test_a_source_of_another_type_is_a_type_error():
    with pytest.raises(TypeError, match="a binary file object was expected, not int"):
        VideoReader(3)


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
