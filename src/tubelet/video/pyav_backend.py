"""The reader's default backend: PyAV, on one core, frame-accurate.

Opening lists all packets without decoding them and decodes the first frame. Where the packets cannot be trusted to say
which frames there are, one sequential decode finds out; where that shows no usable timestamps either (AVI files with
B-frames), frames are counted from the first.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from fractions import Fraction

import av
import numpy as np
from av.video.stream import VideoStream
from numpy.typing import NDArray

from tubelet.video.container import OpenVideo, Source, source_name
from tubelet.video.errors import VideoError
from tubelet.video.indexed_decoder import ContradictionError, IndexedDecoder
from tubelet.video.metadata import VideoMetadata
from tubelet.video.packet_index import build_index, trustworthy
from tubelet.video.picture import PictureConverter, Pixels
from tubelet.video.scan import rising, scan

# The share of gaps between frames that are alike where one that is not tells of lost frames.
_CONSTANT_RATE = 0.9


class PyAVBackend:
    """An open video.

    Args:
        source: a path, a URL that FFmpeg can read, the bytes of a file, or a seekable binary file object.
        short_side: pixels of the short side that frames are scaled to, or None.

    Raises:
        VideoError: not a video, no video stream, or no frame that can be decoded.
    """

    def __init__(self, source: Source, short_side: int | None) -> None:
        self.name = source_name(source)
        self.missing: set[int] = set()
        self.notice: str | None = None
        self._source = source
        self._decoder: IndexedDecoder | None = None
        self._video: OpenVideo | None = None
        self._counting: Iterator[tuple[av.VideoFrame, list[int | None]]] = iter(())
        self._passed = 0
        self._closed = False
        self._codec = ""
        self._strict = True
        try:
            first = self._begin()
            self.converter = PictureConverter(first, short_side)
        except BaseException:
            self.close()
            raise
        turned = self.converter.orientation
        width, height = (first.height, first.width) if turned.transpose else (first.width, first.height)
        self._describe(width, height, turned.rotation)
        self._tell_shortfall()

    def _begin(self) -> av.VideoFrame:
        try:
            self._number_frames(self._open())
            return self._first_frame()
        except VideoError:
            if self._video is None or self._codec != "hevc":
                raise
        # Strict decoding also fails on headers that have nothing to do with pictures.
        self._strict = False
        self.missing.clear()
        self.notice = "does not follow its codec's rules; it is decoded all the same, and damage may go unnoticed"
        self._number_frames(self._open())
        return self._first_frame()

    def _open(self) -> OpenVideo:
        """A fresh container in place of the last one: two must not share a file object."""
        self._close_video()
        self._video = OpenVideo.open(self._source, self._strict)
        return self._video

    def _close_video(self) -> None:
        if self._video is not None:
            self._video.container.close()
        self._video = None

    def _number_frames(self, video: OpenVideo) -> None:
        stream, container_name = video.stream, video.container.format.name
        self.stream_index = stream.index
        self._codec = video.codec.codec.canonical_name
        self._time_base = stream.time_base or Fraction(1, 1)
        self._average_rate = float(stream.average_rate or stream.guessed_rate or 0)
        self._real_rate = float(stream.base_rate or 0)
        announced_end = _announced_end(stream)
        records = video.records()
        if not records:
            raise VideoError(f"{self.name} holds a video stream without frames.")
        self._tail = records[-1].duration
        # Where an MP4's header lists all frames, their count tells more, and a cut may have cost nothing but sound.
        listed = "mov" in container_name and len(records) <= stream.frames
        self._shortfall = None if listed else video.shortfall()
        if "mov" in container_name and len(records) < stream.frames:
            self.notice = f"holds {len(records)} of the {stream.frames} frames that its header announces"

        if trustworthy(records, container_name, self._codec):
            times: list[int | None] = [*sorted(record.pts for record in records if record.pts is not None)]
        else:
            times = self._scan()
        self.num_frames = len(times)
        self._times = rising(times)
        if "matroska" in container_name and self._times is not None:
            self.notice = self.notice or self._hole([*self._times, *announced_end])
        index = build_index(records, self._times) if self._times is not None else None
        if index is not None:
            self._decoder = IndexedDecoder(self._video or self._open(), self._open, index, self.missing)

    def _hole(self, times: list[int]) -> str | None:
        """Matroska's reader passes over damaged parts without a word; what shows is a gap in a constant frame rate.

        Args:
            times: of the frames, and the video's end where it is known.
        """
        gaps = np.diff(times)
        frame_time = int(np.median(gaps)) if len(gaps) else 0
        wide = np.flatnonzero(gaps > 3 * frame_time)
        # Matroska rounds times to its unit, mostly 1 ms.
        alike = np.abs(gaps - frame_time) <= max(1, frame_time // 10)
        if not len(wide) or np.mean(alike) < _CONSTANT_RATE:
            return None
        unit, hole = self._time_base, int(wide[0])
        start, end = (float((time - times[0]) * unit) for time in (times[hole] + frame_time, times[hole + 1]))
        return f"has no frames from {start:.2f} s to {end:.2f} s; packets may be lost there"

    def _scan(self) -> list[int | None]:
        found = scan(self._open())
        self._close_video()
        self.missing |= found.missing
        if not found.times:
            raise VideoError(f"{self.name} holds no frame that can be decoded.")
        if found.failed:
            first = next((time for time in found.failed if time is not None), None)
            where = "" if first is None else f", the first at {float(first * self._time_base):.2f} s"
            self.notice = (
                f"is damaged: packets are lost or cannot be decoded{where}; "
                f"the {len(found.times)} frames that came out are numbered without them"
            )
        return found.times

    def _first_frame(self) -> av.VideoFrame:
        for number in range(self.num_frames):
            if number not in self.missing:
                for _, frame in self.read([number]):
                    if frame is not None:
                        return frame
        raise VideoError(f"{self.name} holds no frame that can be decoded.")

    def _describe(self, width: int, height: int, rotation: int) -> None:
        unit, rate = float(self._time_base), self._average_rate
        if self._times is not None:
            times = np.array(self._times, dtype=np.int64)
            self.timestamps: NDArray[np.float64] = np.asarray((times - times[0]) * unit, dtype=np.float64)
            last = self._tail * unit or (1 / rate if rate else 0.0)
        else:
            last = 1 / (rate or 1.0)
            self.timestamps = np.arange(self.num_frames, dtype=np.float64) * last
        duration = float(self.timestamps[-1]) + last
        average = rate or self.num_frames / (duration or 1.0)
        self.metadata = VideoMetadata(
            codec=self._codec,
            width=width,
            height=height,
            rotation=rotation,
            duration=duration,
            time_base=self._time_base,
            average_rate=average,
            real_rate=self._real_rate or average,
            num_frames=self.num_frames,
        )

    def _tell_shortfall(self) -> None:
        if self._shortfall is None:
            return
        length, announced = self._shortfall
        cut_off = (
            f"is cut off: it has {length} of the {announced} bytes that its header announces, "
            f"and any frames after {self.metadata.duration:.2f} s are missing"
        )
        self.notice = f"{cut_off}; it {self.notice}" if self.notice else cut_off

    @property
    def is_indexed(self) -> bool:
        """Whether timestamps identify the frames, so that reading need not start at the first one."""
        return self._decoder is not None

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the frames that ``write`` gives."""
        return self.converter.width, self.converter.height

    def read(self, numbers: Sequence[int]) -> Iterator[tuple[int, av.VideoFrame | None]]:
        """Yield the frames with these numbers, which must rise; None for one that is missing."""
        wanted = frozenset(numbers)
        last = numbers[-1] if numbers else -1
        for number in numbers:
            if self._closed or getattr(self._source, "closed", False):
                raise VideoError(f"{self.name} is closed.")
            frame = None
            if number not in self.missing and self._decoder is not None:
                try:
                    frame = self._decoder.frame(number, wanted, last)
                except ContradictionError:
                    self._give_up_index()
            if number not in self.missing and self._decoder is None:
                frame = self._count_to(number)
            yield number, frame

    def write(self, frame: av.VideoFrame, out: Pixels) -> None:
        """Write a frame that ``read`` gave as displayed RGB into ``out``."""
        self.converter.write(frame, out)

    def close(self) -> None:
        """Release the file; reading afterwards is an error."""
        self._closed = True
        self._close_video()

    def _give_up_index(self) -> None:
        """Decoding did not bear out the packets' timestamps: count frames, if there are as many as was said."""
        self._decoder = None
        count = len(self._scan())
        if count != self.num_frames:
            raise VideoError(
                f"{self.name} lists {self.num_frames} frames but decodes to {count}; its timestamps contradict them."
            )

    def _count_to(self, number: int) -> av.VideoFrame | None:
        if self._video is None or number < self._passed:
            self._counting, self._passed = self._open().frames(), 0
        for frame, _ in self._counting:
            self._passed += 1
            if self._passed == number + 1:
                return frame
        return None


def _announced_end(stream: VideoStream) -> list[int]:
    """When the last frame of a Matroska stream ends, in its time base, if its writer (FFmpeg) says so."""
    written = re.fullmatch(r"(\d+):(\d+):(\d+(\.\d+)?)", stream.metadata.get("DURATION", ""))
    if written is None or not stream.time_base:
        return []
    hours, minutes, seconds = (Fraction(part) for part in written.groups()[:3])
    return [round((3600 * hours + 60 * minutes + seconds) / stream.time_base)]
