"""What a video says of itself."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction


@dataclass(frozen=True)
class VideoMetadata:
    """A video's properties, as displayed: after the rotation that its container asks for, before ``short_side``.

    Pixels are taken as square: a sample aspect ratio is not applied (no released model was trained with it).

    Attributes:
        codec: FFmpeg's name of the codec, "h264".
        width: pixels of a displayed frame.
        height: pixels of a displayed frame.
        rotation: degrees clockwise by which the coded frames are turned for display, one of 0, 90, 180, 270.
        duration: seconds, from the first frame's start to the last one's end.
        time_base: the unit of the container's timestamps, in seconds.
        average_rate: frames a second, over the whole video.
        real_rate: frames a second that the container's timestamps are a grid of; equals the average for a constant
            rate.
        num_frames: frames that a sequential decode gives.
    """

    codec: str
    width: int
    height: int
    rotation: int
    duration: float
    time_base: Fraction
    average_rate: float
    real_rate: float
    num_frames: int
