"""Small videos of every awkward kind, made with PyAV so that the tests need no files."""

import io
import tempfile
from fractions import Fraction
from pathlib import Path

import av
import numpy as np
import pytest

WIDTH, HEIGHT = 96, 64


def picture(number: int, width: int = WIDTH, height: int = HEIGHT) -> np.ndarray:
    """A frame that no other frame equals: waves that move, and a block that jumps."""
    rows, columns = np.mgrid[:height, :width]
    shade = 127 + 60 * np.sin(rows / 9 + 2 * number) + 60 * np.sin(columns / 7 + number / 5)
    frame = np.stack([shade, 255 - shade, shade / 2 + number], axis=-1).clip(0, 255).astype(np.uint8)
    row, column = 5 * number % (height - 20), 11 * number % (width - 20)
    frame[row : row + 20, column : column + 20] = (250, 7 * number % 256, 40)
    return frame


def encode(
    codec: str = "libx264",
    container: str = "mp4",
    num_frames: int = 60,
    *,
    options: dict[str, str] | None = None,
    pixel_format: str = "yuv420p",
    times: list[int] | None = None,
    rotation: int = 0,
    muxer_options: dict[str, str] | None = None,
) -> bytes:
    """A video of ``num_frames`` pictures; ``times`` are presentation times in 1/90 s, else 1/30 s apart."""
    if codec not in av.codecs_available:
        pytest.skip(f"this build of PyAV has no encoder {codec}")
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "video"
        _encode(path, codec, container, num_frames, options or {}, pixel_format, times, rotation, muxer_options or {})
        return path.read_bytes()


def _encode(path, codec, container, num_frames, options, pixel_format, times, rotation, muxer_options) -> None:
    with av.open(str(path), "w", format=container, options=muxer_options) as output:
        stream = output.add_stream(codec, rate=30)
        stream.width, stream.height, stream.pix_fmt = WIDTH, HEIGHT, pixel_format
        stream.options = {"g": "15", "bf": "2", **options}
        stream.codec_context.thread_count = 1
        if times is not None:
            stream.time_base = stream.codec_context.time_base = Fraction(1, 90)
        if rotation:
            stream.set_display_rotation(rotation)
        for number in range(num_frames):
            frame = av.VideoFrame.from_ndarray(picture(number))
            if times is not None:
                frame.pts, frame.time_base = times[number], Fraction(1, 90)
            output.mux(stream.encode(frame))
        output.mux(stream.encode(None))


def sequential(data: bytes) -> tuple[np.ndarray, list[int | None]]:
    """What a plain sequential decode gives: pixels and timestamps."""
    with av.open(io.BytesIO(data)) as container:
        frames = list(container.decode(container.streams.video[0]))
        return np.stack([frame.to_ndarray(format="rgb24") for frame in frames]), [frame.pts for frame in frames]


def packets(data: bytes) -> list[av.Packet]:
    with av.open(io.BytesIO(data)) as container:
        return [packet for packet in container.demux(container.streams.video[0]) if packet.size]


def overwrite(data: bytes, packet: av.Packet) -> bytes:
    """The video with the start of one packet overwritten, which every decoder notices."""
    length = min(16, packet.size)
    return data[: packet.pos] + b"\xff" * length + data[packet.pos + length :]


X265 = {"x265-params": "keyint=15:log-level=none:pools=none:frame-threads=1"}
KINDS: dict[str, dict] = {
    "h264 with B-frames": {},
    "h264 with open groups of pictures": {"options": {"x264-params": "open-gop=1:bframes=3:keyint=15"}},
    "h264 with a B-frame pyramid": {"options": {"x264-params": "b-pyramid=normal:bframes=5:b-adapt=0:keyint=30"}},
    "h264 with periodic intra refresh": {"options": {"x264-params": "intra-refresh=1:bframes=0:keyint=20"}},
    "h264 all key frames": {"options": {"g": "1", "bf": "0"}},
    "h264 of one group of pictures": {"options": {"g": "999", "sc_threshold": "0"}},
    "h264 10 bit": {"options": {"profile": "high10"}, "pixel_format": "yuv420p10le"},
    "h264 4:4:4": {"pixel_format": "yuv444p"},
    "h264 of variable frame rate": {"times": np.cumsum(np.arange(60) % 5 + 1).tolist()},
    "h264 in matroska": {"container": "matroska"},
    "h264 of variable frame rate in matroska": {
        "container": "matroska",
        "times": np.cumsum(7 * np.arange(60) % 19 + 1).tolist(),
    },
    "h264 in mpeg-ts": {"container": "mpegts"},
    "h264 in flv": {"container": "flv"},
    "h264 without a container": {"container": "h264"},
    "h264 fragmented": {"muxer_options": {"movflags": "frag_keyframe+empty_moov"}},
    "mpeg4": {"codec": "mpeg4"},
    "mpeg4 in avi": {"codec": "mpeg4", "container": "avi", "options": {"bf": "0"}},
    "mpeg4 in avi with B-frames": {"codec": "mpeg4", "container": "avi"},
    "mpeg2": {"codec": "mpeg2video", "container": "mpegts"},
    "mjpeg": {"codec": "mjpeg", "container": "avi", "pixel_format": "yuvj420p", "options": {"bf": "0"}},
    "h265": {"codec": "libx265", "options": X265},
    "h265 10 bit": {"codec": "libx265", "options": X265, "pixel_format": "yuv420p10le"},
    "av1": {"codec": "libsvtav1", "container": "matroska", "options": {"preset": "10", "g": "15"}},
    "vp9": {"codec": "libvpx-vp9", "container": "webm", "options": {"crf": "40", "b": "0", "cpu-used": "8"}},
    "vp8": {
        "codec": "libvpx",
        "container": "webm",
        "options": {"b": "300k", "auto-alt-ref": "1", "lag-in-frames": "16"},
    },
}
