"""What can go wrong with a video: it cannot be read, or only in part, or a clip asks for what it does not hold."""

from __future__ import annotations

from tubelet.errors import TubeletError


class VideoError(TubeletError):
    """A video that cannot be opened, decoded or written."""


class ClipError(TubeletError):
    """Frames or clips that the video does not hold."""


class VideoWarning(UserWarning):
    """A damaged video of which some frames can be had; the text says which are missing."""
