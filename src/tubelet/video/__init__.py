"""Open, seek, decode and write videos; where to take clips from a video."""

from tubelet.video.errors import ClipError, VideoError, VideoWarning

__all__ = ["ClipError", "VideoError", "VideoWarning"]
