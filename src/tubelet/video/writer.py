"""Write an H.264 mp4 that browsers play: yuv420p, BT.709, index at the front.

The file appears under its name only when it is complete; until then it is a temporary file beside it.
"""

from __future__ import annotations

import contextlib
import os
from collections.abc import Iterable
from fractions import Fraction
from pathlib import Path
from types import TracebackType
from typing import Self

import av
import numpy as np
from av.container import OutputContainer
from av.video.reformatter import ColorRange, Colorspace
from av.video.stream import VideoStream
from numpy.typing import NDArray

from tubelet.video.errors import VideoError

# BT.709 in the numbering of ISO/IEC 23091-2, for matrix, primaries and transfer alike.
_BT709 = 1
_LIMITED_RANGE = 1


class VideoWriter:
    """A video under construction; a context manager that keeps nothing when its body raises.

    Args:
        path: the mp4 file to make; an existing one is replaced at the end.
        frame_rate: frames a second.
        crf: x264's constant quality, 0 (lossless) to 51; lower is better and larger.

    Raises:
        VideoError: a rate or quality out of range, or a folder that is not there.
    """

    def __init__(self, path: str | os.PathLike[str], *, frame_rate: float | Fraction, crf: int = 20) -> None:
        self.path = Path(path)
        if not self.path.parent.is_dir():
            raise VideoError(f"{self.path} cannot be written: the folder {self.path.parent} does not exist.")
        if not frame_rate > 0:
            raise VideoError(f"frame_rate={frame_rate} was given; frames a second must be above 0.")
        if not 0 <= crf <= 51:
            raise VideoError(f"crf={crf} was given; x264's quality is 0 to 51.")
        # 1001 keeps the broadcast rates exact: 29.97002997 is 30000/1001.
        self._rate = Fraction(frame_rate).limit_denominator(1001)
        self._crf = crf
        self._temporary = self.path.with_name(f".{self.path.name}.{os.getpid()}.tmp")
        self._container: OutputContainer | None = None
        self._stream: VideoStream | None = None
        self._shape: tuple[int, ...] = ()
        self._count = 0
        self._closed = False

    def write(self, frame: NDArray[np.uint8]) -> None:
        """Append a frame, (H, W, 3) uint8 RGB; an odd side is padded by repeating its last pixels.

        Raises:
            VideoError: another shape or type, a size that changes, or a writer that is closed.
        """
        if self._closed:
            raise VideoError(f"{self.path} is closed; no frame can be added.")
        if frame.dtype != np.uint8 or frame.ndim != 3 or frame.shape[2] != 3 or 0 in frame.shape:
            raise VideoError(f"a frame must be (H, W, 3) uint8, not {frame.shape} {frame.dtype}.")
        if self._container is None:
            self._open(frame.shape[0], frame.shape[1])
            self._shape = frame.shape
        if frame.shape != self._shape:
            raise VideoError(f"{self.path} has frames of {self._shape}; one of {frame.shape} was given.")
        assert self._container is not None
        assert self._stream is not None
        height, width = frame.shape[:2]
        if height % 2 or width % 2:
            frame = np.pad(frame, ((0, height % 2), (0, width % 2), (0, 0)), mode="edge")
        picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24").reformat(
            format="yuv420p", dst_colorspace=Colorspace.ITU709, dst_color_range=ColorRange.MPEG
        )
        picture.pts = self._count
        picture.time_base = 1 / self._rate
        self._container.mux(self._stream.encode(picture))
        self._count += 1

    def write_frames(self, frames: Iterable[NDArray[np.uint8]]) -> None:
        """Append frames, a (T, H, W, 3) array or any iterable of (H, W, 3)."""
        for frame in frames:
            self.write(frame)

    def close(self) -> None:
        """Finish the file and give it its name.

        Raises:
            VideoError: no frame was written.
        """
        if self._closed:
            return
        if self._container is None or self._stream is None:
            self._closed = True
            raise VideoError(f"{self.path} was closed without a frame; a video needs at least one.")
        try:
            self._container.mux(self._stream.encode(None))
            self._container.close()
        except BaseException:
            self._discard()
            raise
        self._closed = True
        self._temporary.replace(self.path)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None:
            self.close()
        else:
            self._discard()

    def _open(self, height: int, width: int) -> None:
        try:
            container = av.open(str(self._temporary), "w", format="mp4", options={"movflags": "+faststart"})
        except (av.FFmpegError, OSError) as error:
            raise VideoError(f"{self.path} cannot be written: {error}.") from error
        try:
            stream = container.add_stream("libx264", rate=self._rate)
        except (av.FFmpegError, ValueError) as error:
            container.close()
            self._temporary.unlink(missing_ok=True)
            raise VideoError("this build of PyAV has no H.264 encoder (libx264); its wheels from PyPI have.") from error
        assert isinstance(stream, VideoStream)
        stream.width, stream.height = width + width % 2, height + height % 2
        stream.pix_fmt = "yuv420p"
        stream.options = {"crf": str(self._crf), "preset": "medium"}
        stream.codec_context.time_base = 1 / self._rate
        stream.codec_context.color_range = _LIMITED_RANGE
        stream.codec_context.colorspace = _BT709
        stream.codec_context.color_primaries = _BT709
        stream.codec_context.color_trc = _BT709
        self._container, self._stream = container, stream

    def _discard(self) -> None:
        self._closed = True
        if self._container is not None:
            with contextlib.suppress(av.FFmpegError):
                self._container.close()
        self._temporary.unlink(missing_ok=True)
