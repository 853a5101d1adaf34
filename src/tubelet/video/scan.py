"""One sequential decode, for videos whose packets do not say which frames there are."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from av.video.frame import PictureType

from tubelet.video.container import OpenVideo


@dataclass
class Scan:
    """What came out of a sequential decode.

    Attributes:
        times: (frames,) timestamps as the decoder gives them, in the order in which frames are shown.
        missing: numbers of frames that rest on damaged data.
        failed: timestamps of packets that are damaged; a packet that gives no frame leaves no number.
    """

    times: list[int | None] = field(default_factory=list)
    missing: set[int] = field(default_factory=set)
    failed: list[int | None] = field(default_factory=list)


def scan(video: OpenVideo) -> Scan:
    """Decode a whole video that stands before its first packet."""
    found = Scan()
    bidirectional = 0
    damaged = False
    pending: list[int | None] = []  # damaged packets whose frames have not come out yet
    for frame, failed in video.frames():
        number = len(found.times)
        found.times.append(frame.pts)
        found.failed += failed
        pending += failed
        reached = [time for time in pending if time is None or frame.pts is None or time <= frame.pts]
        if frame.is_corrupt or reached:
            # Bidirectional frames shown just before a damaged one were predicted from it.
            found.missing.update(range(number - bidirectional, number))
            damaged = True
        if frame.key_frame and not frame.is_corrupt and frame.pts not in reached:
            damaged = False
        pending = [time for time in pending if time not in reached]
        if damaged:
            found.missing.add(number)
        bidirectional = bidirectional + 1 if frame.pict_type == PictureType.B else 0
    return found


def rising(times: list[int | None]) -> list[int] | None:
    """The timestamps if each is known and later than the one before, else None."""
    known = [time for time in times if time is not None]
    return known if len(known) == len(times) and bool(np.all(np.diff(known) > 0)) else None
