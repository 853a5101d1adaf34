"""Frame-accurate decoding with PyAV: frames by number, as a sequential decode gives them.

Opening lists all packets without decoding them (``packet_index``). A frame is then had by decoding from its key packet, and
each decoded frame is known by its timestamp, never by counting from a seek. Decoding runs on one thread: with frame threads
FFmpeg loses the mark of a damaged frame, and the caller (a data loader, a loop over files) has better work for other cores.

What cannot be decoded is never guessed. A packet that fails, or a frame that the decoder marks as concealed, makes every
frame missing that may be predicted from it. Where the packets cannot be trusted, one sequential decode fixes the numbers.
"""

from __future__ import annotations

import contextlib
import io
import os
from collections import deque
from collections.abc import Iterator, Sequence
from fractions import Fraction
from pathlib import Path
from typing import BinaryIO

import av
import numpy as np
from av.container import InputContainer
from av.video.frame import PictureType
from av.video.stream import VideoStream
from numpy.typing import NDArray

from tubelet.video.errors import VideoError
from tubelet.video.metadata import VideoMetadata
from tubelet.video.packet_index import PacketIndex, PacketRecord, build_index, trustworthy
from tubelet.video.picture import PictureConverter, Pixels, frame_orientation

Source = str | os.PathLike[str] | bytes | BinaryIO

# Codecs whose decoders leave out frames that no other frame is predicted from without touching the others.
_SKIPPABLE = frozenset({"h264", "mpeg4"})
# "Videos" that FFmpeg makes of a text file or a picture.
_NOT_VIDEOS = ("tty", "image2", "image2pipe")


class _Contradiction(Exception):
    """What came out of the decoder is not what the packets announced."""


def source_name(source: Source) -> str:
    """What to call a source in messages."""
    if isinstance(source, bytes):
        return f"<{len(source)} bytes>"
    if isinstance(source, str | os.PathLike):
        return os.fspath(source)
    return str(getattr(source, "name", "<file object>"))


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
        self.truncated: str | None = None
        self._source = source
        self._container: InputContainer | None = None
        self._delivered = self._shown = self._next = -1
        self._held: deque[tuple[int, av.VideoFrame]] = deque()
        self._skipped: set[int] = set()
        self._damage: set[int] = set()
        self._ended = True
        self._open()
        try:
            self._number_frames()
            first = self._first_frame()
        except BaseException:
            self.close()
            raise
        self.converter = PictureConverter(first, short_side)
        self._describe(first)

    # Opening

    def _open(self) -> None:
        self.close()
        source = self._source
        if isinstance(source, bytes):
            source = io.BytesIO(source)
        elif isinstance(source, str | os.PathLike):
            source = os.fspath(source)
            if "://" not in source and not Path(source).is_file():
                raise VideoError(f"{self.name}: no such file; a video file was expected.")
        else:
            source.seek(0)
        try:
            container = av.open(source)
        except (av.FFmpegError, OSError, ValueError) as error:
            raise VideoError(f"{self.name} cannot be opened as a video: {_reason(error)}.") from error
        self._container = container
        self._stream = _video_stream(container, self.name)
        self._codec = self._stream.codec_context
        self._codec.thread_count = 1
        self._packets = container.demux(self._stream)

    def close(self) -> None:
        """Release the file; reading afterwards is an error."""
        if self._container is not None:
            self._container.close()
        self._container = None

    def _number_frames(self) -> None:
        stream = self._stream
        records = list(self._list_packets())
        announced = stream.frames
        self._codec_name = self._codec.codec.canonical_name
        self._skippable = self._codec_name in _SKIPPABLE
        self._tail = records[-1].duration if records else 0
        self._time_base = stream.time_base or Fraction(1, 1)
        self._average_rate = float(stream.average_rate or stream.guessed_rate or 0)
        self._real_rate = float(stream.base_rate or 0) or self._average_rate
        container_name = self._container.format.name if self._container else ""
        if not records:
            raise VideoError(f"{self.name} holds a video stream without frames.")
        if "mov" in container_name and len(records) < announced:
            self.truncated = f"holds {len(records)} of the {announced} frames that its header announces"

        index: PacketIndex | None = None
        if trustworthy(records, container_name, self._codec_name):
            index = build_index(records, sorted(record.pts for record in records if record.pts is not None))
        if index is not None:
            self._index, self._pts = index, index.pts[index.positions].tolist()
        else:
            self._scan(records)

    def _list_packets(self) -> Iterator[PacketRecord]:
        with contextlib.suppress(av.FFmpegError):
            for packet in self._packets:
                if packet.size:
                    duration = packet.duration or 0
                    yield PacketRecord(packet.pts, packet.size, packet.is_keyframe, packet.is_discard, duration)

    def _scan(self, records: Sequence[PacketRecord]) -> None:
        """Decode the whole video once to learn its frames' timestamps, and which of them rest on damaged data."""
        self._index = None
        self._restart()
        frame_pts: list[int | None] = []
        bidirectional = 0
        damaged = False
        for frame, failed in self._decode_all():
            number = len(frame_pts)
            frame_pts.append(frame.pts)
            if failed or frame.is_corrupt:
                # Bidirectional frames shown just before a damaged one were predicted from it.
                self.missing.update(range(number - bidirectional, number))
                damaged = True
            elif frame.key_frame:
                damaged = False
            if damaged:
                self.missing.add(number)
            bidirectional = bidirectional + 1 if frame.pict_type == PictureType.B else 0
        if not frame_pts:
            raise VideoError(f"{self.name} holds no frame that can be decoded.")
        known = [pts for pts in frame_pts if pts is not None]
        rising = len(known) == len(frame_pts) and all(a < b for a, b in zip(known, known[1:], strict=False))
        self._index = build_index(records, known) if rising else None
        self._pts = known if rising else None
        self._num_frames = len(frame_pts)
        self._ended = True

    def _first_frame(self) -> av.VideoFrame:
        number = 0
        while number < self.num_frames:
            for _, frame in self.read([number]):
                if frame is not None:
                    return frame
            while number in self.missing:
                number += 1
        raise VideoError(f"{self.name} holds no frame that can be decoded.")

    def _describe(self, first: av.VideoFrame) -> None:
        rate = self._average_rate
        count = self.num_frames
        if self._pts is not None:
            unit = float(self._time_base)
            self.timestamps: NDArray[np.float64] = (np.array(self._pts, dtype=np.float64) - self._pts[0]) * unit
            last = self._tail * unit or (1 / rate if rate else 0.0)
        else:
            last = 1 / (rate or 1.0)
            self.timestamps = np.arange(count) * last
        duration = float(self.timestamps[-1]) + last
        turned = frame_orientation(first)
        width, height = (first.height, first.width) if turned.transpose else (first.width, first.height)
        self.metadata = VideoMetadata(
            codec=self._codec_name,
            width=width,
            height=height,
            rotation=turned.rotation,
            duration=duration,
            time_base=self._time_base,
            average_rate=rate or count / duration,
            real_rate=self._real_rate or count / duration,
            num_frames=count,
        )

    @property
    def num_frames(self) -> int:
        """Frames that a sequential decode gives."""
        return len(self._pts) if self._pts is not None else self._num_frames

    @property
    def size(self) -> tuple[int, int]:
        """Width and height of the frames that ``write`` gives."""
        return self.converter.width, self.converter.height

    # Reading

    def read(self, numbers: Sequence[int]) -> Iterator[tuple[int, av.VideoFrame | None]]:
        """Yield the frames with these numbers, which must rise; None for one that is missing."""
        if self._container is None:
            raise VideoError(f"{self.name} is closed.")
        wanted = frozenset(numbers)
        last = numbers[-1] if numbers else -1
        for number in numbers:
            if number in self.missing:
                yield number, None
            elif self._index is None:
                yield number, self._count_to(number)
            else:
                try:
                    yield number, self._seek_to(self._index, number, wanted, last)
                except _Contradiction:
                    self._fall_back()
                    yield number, None if number in self.missing else self._count_to(number)

    def write(self, frame: av.VideoFrame, out: Pixels) -> None:
        """Write a frame that ``read`` gave as displayed RGB into ``out``."""
        self.converter.write(frame, out)

    def _seek_to(self, index: PacketIndex, number: int, wanted: frozenset[int], last: int) -> av.VideoFrame | None:
        entry = int(index.entries[number])
        waiting = bool(self._held) and self._held[-1][0] >= number
        behind = number <= self._delivered or number in self._skipped
        if behind or (not waiting and (self._ended or entry > self._next)):
            self._start_at(index, entry)
        while number not in self.missing:
            while self._held and (self._ended or self._shown >= index.settled[self._held[0][0]]):
                self._delivered, frame = self._held.popleft()
                if self._delivered == number:
                    return frame
            if self._ended:
                self._mark_damaged(index, int(index.positions[number]))
            elif not self._decode_next(index, wanted, last) and number not in self.missing:
                self._start_at(index, entry)
        return None

    def _decode_next(self, index: PacketIndex, wanted: frozenset[int], last: int) -> bool:
        """Decode one packet; False if damage came to light."""
        position = self._next
        packet = None if position in self._damage else self._next_packet()
        if packet is not None and packet.size:
            if position >= len(index.pts) or packet.pts != index.pts[position]:
                raise _Contradiction
            number = int(index.numbers[position])
            unneeded = self._skippable and number < last and number not in wanted
            self._codec.skip_frame = "NONREF" if unneeded else "DEFAULT"
            if unneeded:
                self._skipped.add(number)
            self._next += 1
        else:
            packet, self._ended = None, True
        try:
            frames = self._codec.decode(packet)
        except av.FFmpegError:
            self._mark_damaged(index, position)
            return False
        return all([self._take(index, frame) for frame in frames])

    def _take(self, index: PacketIndex, frame: av.VideoFrame) -> bool:
        """Hold a decoded frame back until the frames that it was predicted from are out; False for damage."""
        position = self._position_of(index, frame.pts)
        number = int(index.numbers[position])
        if position < self._entry or number < index.numbers[self._entry]:
            return True  # a leading frame whose references lie before the key packet
        if number <= self._shown:
            raise _Contradiction
        left_out = [n for n in range(self._shown + 1, number) if n not in self._skipped and n not in self.missing]
        self._shown = number
        if frame.is_corrupt or left_out:
            suspects = [*left_out, number] if frame.is_corrupt else left_out
            self._mark_damaged(index, min(int(index.positions[n]) for n in suspects))
            return False
        self._held.append((number, frame))
        return True

    def _mark_damaged(self, index: PacketIndex, position: int) -> None:
        self._damage.add(position)
        self.missing |= index.damaged_by(position)
        self._ended = True
        self._held.clear()

    def _start_at(self, index: PacketIndex, entry: int) -> None:
        """Put the decoder before the key packet at position ``entry``."""
        if not self._move_to(index, entry):
            self._open()
            if not self._skip_to(index, entry):
                raise _Contradiction
        self._held.clear()
        self._skipped.clear()
        self._next = self._entry = entry
        self._shown = self._delivered = int(index.numbers[entry]) - 1
        self._ended = False

    def _move_to(self, index: PacketIndex, entry: int) -> bool:
        assert self._container is not None
        try:
            self._container.seek(int(index.pts[entry]), stream=self._stream)
            self._packets = self._container.demux(self._stream)
            return self._skip_to(index, entry)
        except av.FFmpegError:
            return False

    def _skip_to(self, index: PacketIndex, entry: int) -> bool:
        """Pass over packets until the one at ``entry`` is next; False if it lies behind."""
        self._peeked = None
        target = int(index.pts[entry])
        for packet in self._packets:
            if packet.pts == target and packet.size:
                self._peeked = packet
                return True
            if not packet.size or packet.pts is None or self._position_of(index, packet.pts) > entry:
                return False
        return False

    def _next_packet(self) -> av.Packet | None:
        if self._peeked is not None:
            packet, self._peeked = self._peeked, None
            return packet
        with contextlib.suppress(av.FFmpegError):
            return next(self._packets, None)
        return None

    def _position_of(self, index: PacketIndex, pts: int | None) -> int:
        if self._position_table is not index:
            self._positions = {int(time): position for position, time in enumerate(index.pts)}
            self._position_table = index
        if pts is None or pts not in self._positions:
            raise _Contradiction
        return self._positions[pts]

    _position_table: PacketIndex | None = None
    _peeked: av.Packet | None = None
    _entry = 0

    # Reading by counting, for videos whose timestamps say nothing

    def _restart(self) -> None:
        self._open()
        self._peeked = None
        self._held.clear()
        self._frames = self._decode_all()
        self._delivered = -1
        self._ended = False

    def _decode_all(self) -> Iterator[tuple[av.VideoFrame, bool]]:
        """Every frame that comes out, and whether a packet before it could not be decoded."""
        failed = False
        packet: av.Packet | None
        for packet in self._demuxed():
            try:
                frames = self._codec.decode(packet)
            except av.FFmpegError:
                failed = True
                continue
            for frame in frames:
                yield frame, failed
                failed = False

    def _demuxed(self) -> Iterator[av.Packet | None]:
        with contextlib.suppress(av.FFmpegError):
            yield from (packet for packet in self._packets if packet.size)
        yield None

    def _count_to(self, number: int) -> av.VideoFrame | None:
        if self._ended or number <= self._delivered:
            self._restart()
        for frame, _ in self._frames:
            self._delivered += 1
            if self._delivered == number:
                return frame
        self._ended = True
        return None

    def _fall_back(self) -> None:
        """Decoding did not bear out the packets' timestamps: count frames, if there are as many as was said."""
        expected = self.num_frames
        self._open()
        records = list(self._list_packets())
        self._scan(records)
        self._index = None
        if self.num_frames != expected:
            raise VideoError(
                f"{self.name} lists {expected} frames but decodes to {self.num_frames}; its timestamps are not usable."
            )


def _video_stream(container: InputContainer, name: str) -> VideoStream:
    kind = container.format.name
    streams = [stream for stream in container.streams.video if not _is_cover(stream)]
    reason = None
    if not streams:
        reason = "it has no video stream"
    elif kind in _NOT_VIDEOS or kind.endswith("_pipe"):
        reason = "it is a text or a picture"
    if reason is not None:
        container.close()
        raise VideoError(f"{name} is not a video: {reason}.")
    return streams[0]


def _is_cover(stream: VideoStream) -> bool:
    return bool(stream.disposition & av.stream.Disposition.attached_pic)


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error).rstrip(".").lower()
