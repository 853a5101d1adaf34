"""Opening a container and finding its video stream, with one clear error for everything that is not a video."""

from __future__ import annotations

import contextlib
import io
import itertools
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import av
from av.container import InputContainer
from av.stream import Disposition
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from tubelet.video.announced_length import byte_shortfall
from tubelet.video.errors import VideoError
from tubelet.video.nal_units import has_hole, length_size
from tubelet.video.packet_index import PacketRecord

Source = str | os.PathLike[str] | bytes | BinaryIO

# "Videos" that FFmpeg makes of a text file or a picture.
_NOT_VIDEOS = ("tty", "image2")
_SUSPECTS = 6
_LONGEST_NAME = 200
# Before version 19 PyAV refuses a file with a title that is not UTF-8, unless it is told otherwise.
_ANY_METADATA: dict[str, Any] = {"metadata_errors": "replace"} if int(av.__version__.split(".")[0]) < 19 else {}


def source_name(source: Source) -> str:
    """What to call a source in messages."""
    if isinstance(source, bytes):
        return f"<{len(source)} bytes>"
    if isinstance(source, str | os.PathLike):
        path = os.fspath(source)
        return path if len(path) <= _LONGEST_NAME else f"{path[:_LONGEST_NAME]}..."
    name = getattr(source, "name", None)
    return name if isinstance(name, str) else "<file object>"


@dataclass
class OpenVideo:
    """A container before its first packet, its first video stream, and that stream's decoder.

    The decoder runs on one thread: with frame threads FFmpeg loses the mark of a damaged frame.
    """

    file: str | BinaryIO
    container: InputContainer
    stream: VideoStream
    codec: VideoCodecContext
    length_size: int | None  # of NAL units

    @classmethod
    def open(cls, source: Source, strict: bool = True) -> OpenVideo:
        """Open a path, a URL, the bytes of a file, or a seekable binary file object.

        Args:
            source: what to open.
            strict: let an HEVC decoder fail where it would otherwise conceal an error without marking the frame.

        Raises:
            VideoError: no such file, a file object that cannot be read, not a video, or no video stream.
            TypeError: ``source`` is none of these.
        """
        name = source_name(source)
        file = _openable(source, name)
        try:
            container = av.open(file, "r", **_ANY_METADATA)
        except (av.FFmpegError, OSError, ValueError) as error:
            raise VideoError(f"{name} cannot be opened as a video: {_reason(error)}.") from error
        streams = [s for s in container.streams.video if not s.disposition & Disposition.attached_pic]
        kind = container.format.name
        if not streams or kind in _NOT_VIDEOS or kind.endswith("_pipe"):
            container.close()
            reason = "it is a text or a picture" if streams else "it has no video stream"
            raise VideoError(f"{name} is not a video: {reason}.")
        codec = streams[0].codec_context
        if codec is None:
            container.close()
            raise VideoError(f"{name} cannot be decoded: FFmpeg has no decoder for its video stream.")
        codec.thread_count = 1
        if strict and codec.codec.canonical_name == "hevc":
            codec.options = {"err_detect": "explode"}
        return cls(file, container, streams[0], codec, length_size(codec.codec.canonical_name, codec.extradata))

    def shortfall(self) -> tuple[int, int] | None:
        """The bytes that the file has and the bytes that its container announces, if it has fewer."""
        if not isinstance(self.file, str):
            return byte_shortfall(self.file, self.container.format.name)
        if _is_url(self.file):
            return None
        with Path(self.file).open("rb") as file:
            return byte_shortfall(file, self.container.format.name)

    def is_damaged(self, packet: av.Packet[VideoStream]) -> bool:
        """Whether the demuxer says so, or a hole in the packet does."""
        return packet.is_corrupt or (self.length_size is not None and has_hole(bytes(packet), self.length_size))

    def packets(self) -> Iterator[av.Packet[VideoStream]]:
        """The stream's packets from where the container stands, in decoding order, as far as they can be read."""
        with contextlib.suppress(av.FFmpegError):
            yield from (packet for packet in self.container.demux(self.stream) if packet.size)

    def records(self) -> list[PacketRecord]:
        """What the container says of the packets from where it stands."""
        return [
            PacketRecord(packet.pts, packet.size, packet.is_keyframe, packet.is_discard, packet.duration or 0)
            for packet in self.packets()
        ]

    def frames(self) -> Iterator[tuple[av.VideoFrame, list[int | None]]]:
        """Every frame that a sequential decode gives, and the times of packets just before it that are damaged."""
        failed: list[int | None] = []
        suspects = 0
        for packet in itertools.chain(self.packets(), [None]):
            # A demuxer that notices a loss may mark a packet shortly before it (MPEG-TS).
            suspects = _SUSPECTS if packet is not None and packet.is_corrupt else max(suspects - 1, 0)
            damaged = suspects > 0 or (packet is not None and self.is_damaged(packet))
            if packet is not None and damaged:
                failed.append(packet.pts)
            try:
                frames = self.codec.decode(packet)
            except av.FFmpegError:
                frames = []
                if not damaged:
                    failed.append(packet.pts if packet is not None else None)
            for frame in frames:
                yield frame, failed
                failed = []


def _is_url(path: str) -> bool:
    return "://" in path


def _openable(source: Source, name: str) -> str | BinaryIO:
    """A source as FFmpeg opens it: a path that leads to a file, or a file object at its start."""
    if isinstance(source, bytes):
        return io.BytesIO(source)
    if isinstance(source, str | os.PathLike):
        path = os.fspath(source)
        if not _is_url(path):
            _check_file(path, name)
        return path
    if not all(hasattr(source, method) for method in ("read", "seek", "tell")):
        kind = type(source).__name__
        raise TypeError(f"a path, the bytes of a video or a binary file object was expected, not {kind}.")
    try:
        source.seek(0)
        is_binary = isinstance(source.read(0), bytes)
    except (OSError, ValueError) as error:
        raise VideoError(f"{name} cannot be read from its start: {_reason(error)}.") from error
    if not is_binary:
        raise VideoError(f'{name} is open as text; a file opened with mode "rb" was expected.')
    return source


def _check_file(path: str, name: str) -> None:
    if not path:
        raise VideoError("an empty path was given; a video file was expected.")
    try:
        mode = Path(path).stat().st_mode
    except (FileNotFoundError, NotADirectoryError) as error:
        raise VideoError(f"{name}: no such file; a video file was expected.") from error
    except (OSError, ValueError) as error:  # too long, out of bounds, with a zero byte in it
        raise VideoError(f"{name} cannot be opened as a video: {_reason(error)}.") from error
    if not stat.S_ISREG(mode):
        what = "a folder" if stat.S_ISDIR(mode) else "no regular file"
        raise VideoError(f"{name} is {what}; a video file was expected.")


def _reason(error: Exception) -> str:
    return str(getattr(error, "strerror", None) or error).rstrip(".").lower()
