"""Videos as a browser plays them: H.264 at a constant rate, no larger than a page needs.

Sources come in any codec, size and timing. `constant_rate_frames` keeps the clock: what it gives at second s is what
the source shows at second s, also for variable frame rates, so that overlays drawn by time stay in step.
"""

import io
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from PIL import Image

from tubelet.video import VideoReader, VideoWriter

Frame = np.ndarray


def constant_rate(reader: VideoReader, max_rate: float = 30.0) -> float:
    """The frame rate at which to show a video: its own average rate, at most `max_rate` frames a second."""
    rate = float(reader.metadata.average_rate or 0.0)
    return min(rate, max_rate) if rate > 0 else max_rate


def constant_rate_frames(reader: VideoReader, rate: float) -> Iterator[tuple[float, Frame]]:
    """One pass over a video, as (seconds, uint8 (H, W, 3)) pairs at `rate` frames a second; memory holds one frame.

    Tick k shows the last source frame that begins by k / rate, give or take a quarter of a tick for rounded timestamps;
    the last frame is held to the end of the video.
    """
    tick, shown, slack = 0, None, 0.25 / rate
    for time, frame in zip(reader.timestamps, reader, strict=True):
        while shown is not None and tick / rate + slack < time:
            yield tick / rate, shown
            tick += 1
        shown = frame
    while shown is not None and (tick == 0 or tick / rate + slack < reader.metadata.duration):
        yield tick / rate, shown
        tick += 1


def open_scaled(source: str | Path, short_side: int | None) -> VideoReader:
    """Open a video scaled down to `short_side` pixels; one that is already smaller keeps its size."""
    reader = VideoReader(source)
    if short_side is None or min(reader.metadata.width, reader.metadata.height) <= short_side:
        return reader
    reader.close()
    return VideoReader(source, short_side=short_side)


def page_size(duration: float | None) -> tuple[int, float, int]:
    """Short side, frame rate and H.264 quality (crf) that keep an embedded video of `duration` seconds within reach."""
    if duration is None or duration <= 120:
        return 360, 30.0, 26
    return (320, 25.0, 30) if duration <= 900 else (240, 12.5, 33)


def embeddable_mp4(source: str | Path, *, progress: Callable[[float], None] | None = None) -> bytes:
    """Re-encode a video as H.264 mp4 bytes for a page, without sound.

    Args:
        source: the video file.
        progress: called with the second that has been written.

    Raises:
        VideoError: the source cannot be read.
    """
    with VideoReader(source) as reader:
        duration = reader.metadata.duration
    short_side, max_rate, crf = page_size(duration)
    with tempfile.TemporaryDirectory() as folder, open_scaled(source, short_side) as reader:
        target = Path(folder) / "page.mp4"
        rate = constant_rate(reader, max_rate)
        with VideoWriter(target, frame_rate=rate, crf=crf) as writer:
            for time, frame in constant_rate_frames(reader, rate):
                writer.write(frame)
                if progress is not None:
                    progress(time)
        return target.read_bytes()


def poster_jpeg(source: str | Path, *, short_side: int = 180) -> bytes:
    """The frame a third into a video as JPEG bytes.

    Raises:
        VideoError: the source cannot be read.
    """
    with open_scaled(source, short_side) as reader:
        frame = reader.frames([len(reader) // 3])[0]
    buffer = io.BytesIO()
    Image.fromarray(frame).save(buffer, "JPEG", quality=72)
    return buffer.getvalue()
