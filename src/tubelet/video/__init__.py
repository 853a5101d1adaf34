"""Open, seek, decode and write videos; where to take clips from a video."""

from tubelet.video.errors import ClipError, VideoError, VideoWarning
from tubelet.video.metadata import VideoMetadata
from tubelet.video.reader import VideoReader
from tubelet.video.writer import VideoWriter

__all__ = ["ClipError", "VideoError", "VideoMetadata", "VideoReader", "VideoWarning", "VideoWriter"]
