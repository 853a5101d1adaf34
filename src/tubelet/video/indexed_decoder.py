"""Frames by number, through an index of the packets.

A frame is had by decoding from its key packet on, and each decoded frame is known by its timestamp, never by counting
from a seek. What cannot be decoded is never guessed: a packet that fails, a frame that the decoder marks as concealed,
one that does not come, or a packet with a hole makes every frame missing that may be predicted from it. What FFmpeg's
decoders take for a picture without complaint (some flipped bits, most of them in HEVC, VP9 and AV1) cannot be told from
one.
"""

from __future__ import annotations

import itertools
from collections import deque
from collections.abc import Callable, Iterator
from typing import Literal

import av
import numpy as np
from av.video.stream import VideoStream

from tubelet.video.container import OpenVideo
from tubelet.video.packet_index import PacketIndex

# Decoders that leave out a frame from which no other is predicted without a change to the others.
_SKIPPABLE = frozenset({"h264", "mpeg4"})


class ContradictionError(Exception):
    """What came out of the decoder is not what the packets announced."""


class IndexedDecoder:
    """Reads frames in any order and goes back to a key packet only where it must.

    Args:
        video: an open container; the caller closes it.
        reopen: closes it and gives a fresh one, for formats that cannot seek.
        index: the packets.
        missing: numbers of frames that are known to be damaged; found damage is added.
    """

    def __init__(
        self, video: OpenVideo, reopen: Callable[[], OpenVideo], index: PacketIndex, missing: set[int]
    ) -> None:
        self._video = video
        self._reopen = reopen
        self._skippable = video.codec.codec.canonical_name in _SKIPPABLE
        self._index = index
        self._entries = index.entries.copy()
        self._positions = {int(pts): position for position, pts in enumerate(index.pts)}
        self._missing = missing
        self._damaged: set[int] = set()  # positions of packets that must not reach the decoder
        self._packets: Iterator[av.Packet[VideoStream]] = iter(())
        self._entry = self._next = 0  # positions: where decoding started, and the packet that it takes next
        self._shown = self._delivered = -1  # numbers: the last frame that came out, and that was handed on
        self._held: deque[tuple[int, av.VideoFrame]] = deque()
        self._skipped: set[int] = set()
        self._ended = True
        self._failed = False

    def frame(self, number: int, wanted: frozenset[int], last: int) -> av.VideoFrame | None:
        """Frame ``number``, or None if it is missing.

        Args:
            number: which.
            wanted: the frames up to ``last`` that will be asked for; others need not be decoded.
            last: the last frame that will be asked for in this pass.

        Raises:
            ContradictionError: the decoder's timestamps are not the packets'.
        """
        entry = int(self._entries[number])
        waiting = bool(self._held) and self._held[-1][0] >= number
        behind = number <= self._delivered or number in self._skipped
        if behind or (not waiting and (self._ended or entry > self._next)):
            self._start_at(entry)
        while number not in self._missing:
            while self._held and (self._ended or self._shown >= self._index.settled[self._held[0][0]]):
                self._delivered, frame = self._held.popleft()
                if self._delivered == number:
                    return frame
            if self._ended:
                self._mark_damaged(int(self._index.positions[number]))
                continue
            whole = self._decode_next(wanted, last)
            if number not in self._missing and (not whole or self._entries[number] < self._entry):
                self._start_at(int(self._entries[number]))
        return None

    def _decode_next(self, wanted: frozenset[int], last: int) -> bool:
        """Decode one packet; False if damage came to light."""
        position = self._next
        packet = None if position in self._damaged else next(self._packets, None)
        if packet is None:
            self._ended = True
        else:
            if self._position(packet.pts) != position:
                raise ContradictionError
            number = int(self._index.numbers[position])
            unneeded = self._skippable and number < last and number not in wanted
            self._video.codec.skip_frame = "NONREF" if unneeded else "DEFAULT"
            if unneeded:
                self._skipped.add(number)
            self._next += 1
            if self._video.is_damaged(packet):
                return self._mark_damaged(position)
        try:
            frames = self._video.codec.decode(packet)
        except av.FFmpegError:
            self._failed = True
            return self._retreat(None) or self._mark_damaged(position)
        return all(self._hold(frame) for frame in frames)

    def _hold(self, frame: av.VideoFrame) -> bool:
        """Keep a decoded frame until those that it was predicted from are out; False if it shows damage."""
        number = int(self._index.numbers[self._position(frame.pts)])
        if number < self._index.numbers[self._entry]:
            return True  # a leading frame: what it was predicted from lies before the key packet
        if number <= self._shown:
            raise ContradictionError
        absent = [n for n in range(self._shown + 1, number) if n not in self._skipped and n not in self._missing]
        if frame.is_corrupt:
            return self._retreat(None) or self._mark_damaged(min(self._index.positions[[*absent, number]]))
        if absent and not self._retreat(number):
            return self._mark_damaged(min(self._index.positions[absent]))
        self._shown = number
        self._held.append((number, frame))
        return True

    def _retreat(self, end: int | None) -> bool:
        """Let frames before ``end`` start from an earlier key packet; False if the last start was not to blame.

        Some key packets are only where a decoder begins to recover (periodic intra refresh). It shows in the first
        frames after a start; what shows later, or after an earlier start again, is damage.
        """
        if self._shown >= self._index.numbers[self._entry] or self._entry == self._index.keys[0]:
            return False
        earlier = self._index.keys[np.searchsorted(self._index.keys, self._entry) - 1]
        self._entries[:end][self._entries[:end] == self._entry] = earlier
        return True

    def _mark_damaged(self, position: int) -> Literal[False]:
        self._damaged.add(position)
        self._missing |= self._index.damaged_by(position)
        self._held.clear()
        self._ended = True
        return False

    def _start_at(self, entry: int) -> None:
        """Put the decoder before the key packet at position ``entry``."""
        # A decoder that has failed may bring its error along after a seek.
        if self._failed or not self._seek(entry):
            self._failed = False
            self._video = self._reopen()
            if not self._pass_to(entry):
                raise ContradictionError
        self._held.clear()
        self._skipped.clear()
        self._next = self._entry = entry
        self._shown = self._delivered = max(int(self._index.numbers[entry]), 0) - 1
        self._ended = False

    def _seek(self, entry: int) -> bool:
        try:
            self._video.container.seek(int(self._index.pts[entry]), stream=self._video.stream)
        except av.FFmpegError:
            return False
        return self._pass_to(entry)

    def _pass_to(self, entry: int) -> bool:
        """Pass over packets until the one at ``entry`` comes next; False if it lies behind."""
        packets = self._video.packets()
        for packet in packets:
            position = self._position(packet.pts)
            if position == entry:
                self._packets = itertools.chain([packet], packets)
                return True
            if position > entry:
                return False
        return False

    def _position(self, pts: int | None) -> int:
        if pts is None or pts not in self._positions:
            raise ContradictionError
        return self._positions[pts]
