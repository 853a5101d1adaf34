"""Which packet holds which frame, and where decoding must start to get it.

A container stores packets in decoding order; frames are numbered in the order in which they are shown. Sorting the
packets' timestamps gives the numbers without decoding anything, as long as every packet gives exactly one frame and
names its own time. ``trustworthy`` says when that may be assumed; otherwise the reader decodes once and builds the
index from the timestamps that came out.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Numbers = NDArray[np.int64]

# In these containers a sample is one access unit by definition, with a presentation time of its own.
_CONTAINERS = frozenset({"mov", "mp4", "matroska", "webm"})
_CODECS = frozenset({"h264", "hevc", "av1", "vp9", "mpeg4"})
# An MPEG-4 packet this small says "not coded": a decoder may give no frame for it.
_SMALLEST_MPEG4_PACKET = 16


@dataclass(frozen=True)
class PacketRecord:
    """One packet as the container lists it."""

    pts: int | None
    size: int
    is_key: bool
    is_discard: bool
    duration: int


@dataclass(frozen=True)
class PacketIndex:
    """Packets in decoding order, frames in the order in which they are shown.

    Attributes:
        pts: (packets,) timestamps; unique.
        numbers: (packets,) the frame that a packet gives, -1 for none.
        positions: (frames,) the packet that gives a frame.
        entries: (frames,) the key packet to start decoding from to get a frame.
        settled: (frames,) once this frame has come out, every frame that the given one can be predicted from has.
        keys: (keys,) the key packets that decoding can start from.
    """

    pts: Numbers
    numbers: Numbers
    positions: Numbers
    entries: Numbers
    settled: Numbers
    keys: Numbers

    def damaged_by(self, position: int) -> set[int]:
        """The frames that may be predicted from the packet at ``position``, itself included.

        That is everything up to the next key packet, and the frames that follow that one but are shown before it.
        """
        later = self.keys[self.keys > position]
        if not len(later):
            return {int(number) for number in self.numbers[position:] if number >= 0}
        leading_end = int(later[1]) if len(later) > 1 else len(self.numbers)
        first, shown = int(later[0]), int(self.numbers[later[0]])
        within = self.numbers[position:first]
        leading = self.numbers[first:leading_end]
        return {int(n) for n in within if n >= 0} | {int(n) for n in leading if 0 <= n < shown}


def trustworthy(packets: Sequence[PacketRecord], container: str, codec: str) -> bool:
    """Whether sorting the packets' timestamps gives what a sequential decode gives, as far as the container can tell.

    Args:
        packets: all packets of the stream, in decoding order.
        container: FFmpeg's name of the format, "mov,mp4,m4a,3gp,3g2,mj2".
        codec: FFmpeg's name of the codec.
    """
    if not packets or codec not in _CODECS or not _CONTAINERS & set(container.split(",")):
        return False
    if any(packet.pts is None or packet.is_discard for packet in packets):
        return False
    if codec == "mpeg4" and min(packet.size for packet in packets) < _SMALLEST_MPEG4_PACKET:
        return False
    times = [packet.pts for packet in packets if packet.pts is not None]
    # Frames shown before the first key frame cannot be decoded, and a decoder leaves them out.
    return packets[0].is_key and times[0] == min(times) and len(set(times)) == len(times)


def build_index(packets: Sequence[PacketRecord], frame_pts: Sequence[int]) -> PacketIndex | None:
    """The index of packets whose frames have these timestamps, or None if the two cannot be brought together.

    Args:
        packets: all packets of the stream, in decoding order.
        frame_pts: timestamps of the frames in the order in which they are shown.
    """
    times = [packet.pts for packet in packets]
    shown = {time: number for number, time in enumerate(frame_pts)}
    if None in times or len(set(times)) != len(times) or len(shown) != len(frame_pts) or not shown.keys() <= set(times):
        return None
    pts = np.array(times, dtype=np.int64)
    if np.any(np.diff(np.asarray(frame_pts, dtype=np.int64)) <= 0):
        return None
    numbers = np.array([shown.get(int(time), -1) for time in pts], dtype=np.int64)
    positions = np.empty(len(frame_pts), dtype=np.int64)
    positions[numbers[numbers >= 0]] = np.flatnonzero(numbers >= 0)

    latest = np.maximum.accumulate(numbers)
    is_key = np.array([packet.is_key for packet in packets]) & (numbers >= 0)
    is_key[0] = True
    keys = np.flatnonzero(is_key)
    # Decoding can start only at a key packet before which no frame is decoded that is shown after it.
    keys = keys[(keys == 0) | (latest[np.maximum(keys - 1, 0)] < numbers[keys])]

    which = np.searchsorted(keys, positions, side="right") - 1
    while len(leading := np.flatnonzero((which > 0) & (numbers[keys[which]] > np.arange(len(positions))))):
        which[leading] -= 1
    return PacketIndex(pts, numbers, positions, keys[which], latest[positions], keys)
