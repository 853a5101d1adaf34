"""Opening a container and finding its video stream, with one clear error for everything that is not a video."""

from __future__ import annotations

import contextlib
import io
import itertools
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, BinaryIO

import av
from av.container import InputContainer
from av.stream import Disposition
from av.video.codeccontext import VideoCodecContext
from av.video.stream import VideoStream

from tubelet.video.errors import VideoError
from tubelet.video.packet_index import PacketRecord

Source = str | os.PathLike[str] | bytes | BinaryIO

# "Videos" that FFmpeg makes of a text file or a picture.
_NOT_VIDEOS = ("tty", "image2")
_SUSPECTS = 6
# Before version 19 PyAV refuses a file with a title that is not UTF-8, unless it is told otherwise.
_ANY_METADATA: dict[str, Any] = {"metadata_errors": "replace"} if int(av.__version__.split(".")[0]) < 19 else {}


def source_name(source: Source) -> str:
    """What to call a source in messages."""
    if isinstance(source, bytes):
        return f"<{len(source)} bytes>"
    if isinstance(source, str | os.PathLike):
        return os.fspath(source)
    return str(getattr(source, "name", "<file object>"))


@dataclass
class OpenVideo:
    """A container before its first packet, its first video stream, and that stream's decoder.

    The decoder runs on one thread: with frame threads FFmpeg loses the mark of a damaged frame.
    """

    container: InputContainer
    stream: VideoStream
    codec: VideoCodecContext

    @classmethod
    def open(cls, source: Source, strict: bool = True) -> OpenVideo:
        """Open a path, a URL, the bytes of a file, or a seekable binary file object.

        Args:
            source: what to open.
            strict: let an HEVC decoder fail where it would otherwise conceal an error without marking the frame.

        Raises:
            VideoError: no such file, not a video, or no video stream.
        """
        name = source_name(source)
        file: str | BinaryIO
        if isinstance(source, bytes):
            file = io.BytesIO(source)
        elif isinstance(source, str | os.PathLike):
            file = os.fspath(source)
            if "://" not in file and not Path(file).is_file():
                raise VideoError(f"{name}: no such file; a video file was expected.")
        else:
            file = source
            file.seek(0)
        try:
            container = av.open(file, "r", **_ANY_METADATA)
        except (av.FFmpegError, OSError, ValueError) as error:
            reason = str(getattr(error, "strerror", None) or error).rstrip(".").lower()
            raise VideoError(f"{name} cannot be opened as a video: {reason}.") from error
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
        return cls(container, streams[0], codec)

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
            if packet is not None and suspects:
                failed.append(packet.pts)
            try:
                frames = self.codec.decode(packet)
            except av.FFmpegError:
                frames = []
                if not suspects:
                    failed.append(packet.pts if packet is not None else None)
            for frame in frames:
                yield frame, failed
                failed = []
