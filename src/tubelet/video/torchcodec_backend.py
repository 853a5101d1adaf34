"""Decoding with torchcodec, on the CPU or with a GPU's decoder, under the same contract as PyAV.

Used only where it is asked for. What a video holds (frame count, timestamps, orientation) comes from the PyAV index,
so both backends number frames alike; torchcodec gives the pixels, and its own colour conversion rounds differently by
a level or two.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from typing import Any

import av
import numpy as np

from tubelet.video.container import Source
from tubelet.video.errors import VideoError
from tubelet.video.picture import Pixels
from tubelet.video.pyav_backend import PyAVBackend

# Frames decoded together: enough for a clip, little enough for a long video to be read in bounded memory.
_BATCH = 32


class TorchCodecBackend:
    """An open video; arguments as ``VideoReader``'s.

    Raises:
        VideoError: torchcodec is not installed or cannot load, or it cannot open the video.
    """

    def __init__(self, source: Source, short_side: int | None, device: str) -> None:
        decoder_type = _decoder_type()
        indexed = PyAVBackend(source, short_side)
        indexed.close()
        if not indexed.is_indexed:
            raise VideoError(f'{indexed.name} has no usable timestamps to find frames by; use backend="pyav".')
        self.name, self.metadata, self.timestamps = indexed.name, indexed.metadata, indexed.timestamps
        self.missing, self.notice = indexed.missing, indexed.notice
        self._orientation = indexed.converter.orientation
        self.size = indexed.size
        try:
            self._decoder: Any = decoder_type(
                _as_torchcodec_takes_it(source),
                stream_index=indexed.stream_index,
                dimension_order="NHWC",
                num_ffmpeg_threads=1,
                device=device,
                seek_mode="exact",
            )
        except (RuntimeError, ValueError) as error:
            reason = _first_line(error)
            if reason.startswith("Could not load"):
                raise VideoError(_unloadable(error)) from error
            raise VideoError(f"{self.name} cannot be opened by torchcodec on {device}: {reason}") from error
        if len(self._decoder) != self.metadata.num_frames:
            raise VideoError(
                f"{self.name} has {self.metadata.num_frames} frames, of which torchcodec sees {len(self._decoder)}; "
                'use backend="pyav".'
            )

    def read(self, numbers: Sequence[int]) -> Iterator[tuple[int, Pixels | None]]:
        """Yield the frames with these numbers, which must rise; None for one that is missing."""
        if self._decoder is None:
            raise VideoError(f"{self.name} is closed.")
        for start in range(0, len(numbers), _BATCH):
            batch = list(numbers[start : start + _BATCH])
            readable = [number for number in batch if number not in self.missing]
            try:
                decoded = self._decoder.get_frames_at(readable).data.cpu().numpy() if readable else []
            except (RuntimeError, IndexError) as error:
                raise VideoError(f"{self.name} cannot be decoded by torchcodec: {_first_line(error)}") from error
            pixels = dict(zip(readable, decoded, strict=True))
            for number in batch:
                yield number, pixels.get(number)

    def write(self, frame: Pixels, out: Pixels) -> None:
        """Write a frame that ``read`` gave into ``out``, turned and scaled as displayed."""
        if frame.shape[:2] != (self.metadata.height, self.metadata.width):
            frame = self._orientation.apply(frame)
        height, width = out.shape[:2]
        if frame.shape[:2] != (height, width):
            picture = av.VideoFrame.from_ndarray(np.ascontiguousarray(frame), format="rgb24")
            frame = np.asarray(picture.reformat(width, height).to_ndarray(), dtype=np.uint8)
        out[...] = frame

    def close(self) -> None:
        """Release the video."""
        self._decoder = None


def _as_torchcodec_takes_it(source: Source) -> str | bytes:
    if isinstance(source, str | bytes):
        return source
    if isinstance(source, os.PathLike):
        return os.fspath(source)
    source.seek(0)
    return source.read()


def _decoder_type() -> Any:
    try:
        from torchcodec.decoders import VideoDecoder
    except ImportError as error:
        raise VideoError(
            'backend="torchcodec" needs the package torchcodec, which is not installed: pip install torchcodec.'
        ) from error
    except (OSError, RuntimeError) as error:
        raise VideoError(_unloadable(error)) from error
    return VideoDecoder


def _unloadable(error: Exception) -> str:
    return f'backend="torchcodec" cannot load torchcodec, which needs FFmpeg\'s shared libraries: {_first_line(error)}'


def _first_line(error: Exception) -> str:
    return (str(error).splitlines() or [type(error).__name__])[0]
