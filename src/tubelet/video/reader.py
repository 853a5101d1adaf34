"""Read frames of any video by number or by time, each byte-identical to a sequential decode.

>>> with VideoReader("cooking.mp4", short_side=224) as reader:
...     clip = reader.frames([0, 4, 8, 12])  # (4, H, W, 3) uint8 RGB
"""

from __future__ import annotations

import operator
import os
import reprlib
import sys
import warnings
from collections.abc import Iterable, Iterator, Sequence
from types import TracebackType
from typing import Any, BinaryIO, Protocol, Self

import numpy as np
from numpy.typing import ArrayLike, NDArray

from tubelet.video.errors import ClipError, VideoError, VideoWarning
from tubelet.video.metadata import VideoMetadata
from tubelet.video.pyav_backend import PyAVBackend

Frames = NDArray[np.uint8]

_LARGEST_SHORT_SIDE = 16384


class _Backend(Protocol):
    name: str
    metadata: VideoMetadata
    timestamps: NDArray[np.float64]
    missing: set[int]
    notice: str | None

    @property
    def size(self) -> tuple[int, int]: ...
    def read(self, numbers: Sequence[int]) -> Iterator[tuple[int, Any | None]]: ...
    def write(self, frame: Any, out: Frames) -> None: ...
    def close(self) -> None: ...


class VideoReader:
    """An open video; a context manager.

    Frames come as displayed (rotation applied), RGB, in the order in which they are shown. A frame that cannot be
    decoded because the file is damaged keeps its number: the last readable frame before it stands in for it, and a
    ``VideoWarning`` says which frames those are; another says when a file was cut off or lacks frames in between. What
    neither container nor decoder notices stays unknown: some changed bits that decode all the same (as in HEVC,
    VP9 and AV1), and the end of a cut stream that announces no length (MPEG-TS, a live Matroska).

    Args:
        source: a path or URL, the bytes of a video file (copied from a bytearray or memoryview), or a seekable binary
            file object.
        backend: "pyav", or "torchcodec" where that package is installed.
        short_side: scale frames so that their short side has this many pixels, 1 to 16384, the long side truncated;
            None keeps the size.
        device: "cpu", or "cuda" to decode on a GPU (torchcodec only); frames are NumPy arrays in any case.

    Raises:
        VideoError: not a video, no video stream, no frame that can be decoded, a short side out of range, or a backend
            that is not there.
        TypeError: a source of another type.
    """

    def __init__(
        self,
        source: str | os.PathLike[str] | bytes | bytearray | memoryview | BinaryIO,
        *,
        backend: str = "pyav",
        short_side: int | None = None,
        device: str = "cpu",
    ) -> None:
        if isinstance(source, bytearray | memoryview):
            source = bytes(source)
        short_side = _checked_side(short_side)
        if backend == "pyav":
            if device != "cpu":
                raise VideoError(
                    f'device="{device}" was given; backend="pyav" decodes on the CPU, torchcodec elsewhere.'
                )
            self._backend: _Backend = PyAVBackend(source, short_side)
        elif backend == "torchcodec":
            from tubelet.video.torchcodec_backend import TorchCodecBackend

            self._backend = TorchCodecBackend(source, short_side, device)
        else:
            raise VideoError(f'backend="{backend}" was given; "pyav" or "torchcodec" was expected.')
        if self._backend.notice:
            warnings.warn(f"{self._backend.name} {self._backend.notice}.", VideoWarning, stacklevel=2)

    @property
    def metadata(self) -> VideoMetadata:
        """Codec, displayed size, duration, rates and frame count."""
        return self._backend.metadata

    @property
    def timestamps(self) -> NDArray[np.float64]:
        """(num_frames,) the time at which each frame is shown, in seconds from the video's first frame."""
        return self._backend.timestamps

    def __len__(self) -> int:
        return self._backend.metadata.num_frames

    def frames(self, indices: Iterable[int] | ArrayLike) -> Frames:
        """The frames with these numbers, in this order; numbers may repeat.

        They are decoded in one pass in rising order, which seeks only where a key frame lies between.

        Args:
            indices: (T,) numbers in 0..len(reader)-1.

        Returns:
            (T, H, W, 3) uint8 RGB.

        Raises:
            ClipError: a number outside the video.
            VideoError: no frame can be decoded.
        """
        numbers = self._checked(indices)
        unique, inverse = np.unique(numbers, return_inverse=True)
        width, height = self._backend.size
        pixels = np.empty((len(unique), height, width, 3), dtype=np.uint8)
        self._fill(unique, pixels)
        return pixels if np.array_equal(unique, numbers) else pixels[inverse]

    def frames_at(self, seconds: Iterable[float] | ArrayLike) -> Frames:
        """The frames that are shown at these times.

        Args:
            seconds: (T,) from the video's first frame, in 0..duration.

        Returns:
            (T, H, W, 3) uint8 RGB.

        Raises:
            ClipError: a time outside the video.
            VideoError: no frame can be decoded.
        """
        times = _row(seconds, "times must be a list of seconds", np.float64)
        duration = self.metadata.duration
        # Times that were computed as frame / rate may fall short of the frame by rounding.
        tolerance = 1e-6
        for time in times:
            if not 0 <= time <= duration + tolerance:
                raise ClipError(
                    f"{self._backend.name} lasts {duration:.3f} s; the frame at {time:.3f} s was asked for."
                )
        return self.frames(np.searchsorted(self.timestamps, times + tolerance, side="right") - 1)

    def __iter__(self) -> Iterator[Frames]:
        """All frames one by one, (H, W, 3) uint8 RGB, in memory for a few frames whatever the length."""
        width, height = self._backend.size
        previous: Frames | None = None
        reported: set[int] = set()
        for number, frame in self._backend.read(range(len(self))):
            if frame is not None:
                previous = np.empty((height, width, 3), dtype=np.uint8)
                self._backend.write(frame, previous)
            elif previous is None:
                previous = self.frames([number])[0]
                reported |= self._backend.missing
            elif number not in reported:
                self._warn_missing(sorted(self._backend.missing - reported), number - 1)
                reported |= self._backend.missing
            assert previous is not None
            yield previous if frame is not None else previous.copy()

    def close(self) -> None:
        """Release the file; reading afterwards is a ``VideoError``."""
        self._backend.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        data = self.metadata
        return (
            f"VideoReader({self._backend.name!r}, {data.codec}, {data.width}x{data.height}, {data.num_frames} frames, "
            f"{data.duration:.2f} s)"
        )

    def _checked(self, indices: Iterable[int] | ArrayLike) -> NDArray[np.int64]:
        expected = "frame numbers must be a list of whole numbers"
        numbers = _row(indices, expected)
        if numbers.size == 0:
            return np.zeros(0, dtype=np.int64)
        if numbers.dtype.kind not in "iu":
            raise ClipError(f"{expected}, not {reprlib.repr(indices)}.")
        for number in (int(numbers.min()), int(numbers.max())):
            if not 0 <= number < len(self):
                raise ClipError(
                    f"{self._backend.name} has {len(self)} frames (0 to {len(self) - 1}); frame {number} was asked for."
                )
        return numbers.astype(np.int64)

    def _fill(self, numbers: NDArray[np.int64], out: Frames) -> None:
        absent = []
        for row, (_, frame) in enumerate(self._backend.read(numbers.tolist())):
            if frame is None:
                absent.append(row)
            else:
                self._backend.write(frame, out[row])
        if absent:
            self._stand_in(numbers, absent, out)

    def _stand_in(self, numbers: NDArray[np.int64], absent: list[int], out: Frames) -> None:
        """Fill the rows of missing frames with the nearest readable frame before each, or after it at the start."""
        waiting = absent
        while waiting:
            readable = np.setdiff1d(np.arange(len(self)), np.fromiter(self._backend.missing, dtype=np.int64))
            if not len(readable):
                raise VideoError(f"{self._backend.name} holds no frame that can be decoded.")
            places = np.maximum(np.searchsorted(readable, numbers[waiting], side="right") - 1, 0)
            found: dict[int, Frames] = {}
            substitutes = readable[places]
            for number, frame in self._backend.read(np.unique(substitutes).tolist()):
                if frame is not None:
                    found[number] = np.empty_like(out[0])
                    self._backend.write(frame, found[number])
            for row, substitute in zip(waiting, substitutes.tolist(), strict=True):
                if substitute in found:
                    out[row] = found[substitute]
            left = [row for row, number in zip(waiting, substitutes.tolist(), strict=True) if number not in found]
            waiting = left
        self._warn_missing(numbers[absent].tolist(), None)

    def _warn_missing(self, numbers: list[int], stand_in: int | None) -> None:
        which = "the nearest readable frame" if stand_in is None else f"frame {stand_in}"
        warnings.warn(
            f"{self._backend.name} is damaged: {_ranges(numbers)} of its {len(self)} frames cannot be decoded; "
            f"{which} stands in for each.",
            VideoWarning,
            stacklevel=_level_of_the_caller(),
        )


def _level_of_the_caller() -> int:
    """The ``stacklevel`` with which a warning of the function that asks points at the line that called the reader."""
    level, frame = 1, sys._getframe(1)
    while frame.f_code.co_filename == __file__ and frame.f_back is not None:
        level, frame = level + 1, frame.f_back
    return level


def _checked_side(short_side: int | None) -> int | None:
    if short_side is None:
        return None
    try:
        side = operator.index(short_side)
    except TypeError:
        side = 0
    if not 1 <= side <= _LARGEST_SHORT_SIDE:
        raise VideoError(
            f"short_side={short_side!r} was given; whole pixels from 1 to {_LARGEST_SHORT_SIDE} were expected."
        )
    return side


def _row(values: Iterable[Any] | ArrayLike, expected: str, dtype: type | None = None) -> NDArray[Any]:
    """A number or a list of numbers as a one-dimensional array.

    Raises:
        ClipError: anything else; ``expected`` is the start of its sentence.
    """
    listed: Any = values
    if isinstance(values, Iterable) and not isinstance(values, np.ndarray | Sequence):
        listed = list(values)
    try:
        row = np.atleast_1d(np.asarray(listed, dtype=dtype))
    except (TypeError, ValueError) as error:
        raise ClipError(f"{expected}, not {reprlib.repr(listed)}.") from error
    if row.ndim != 1:
        raise ClipError(f"{expected}, not {reprlib.repr(listed)} of shape {row.shape}.")
    return row


def _ranges(numbers: Sequence[int]) -> str:
    """7, 8, 9, 12 as "7-9, 12"."""
    runs: list[list[int]] = []
    for number in numbers:
        if runs and number == runs[-1][1] + 1:
            runs[-1][1] = number
        else:
            runs.append([number, number])
    return ", ".join(str(first) if first == last else f"{first}-{last}" for first, last in runs)
