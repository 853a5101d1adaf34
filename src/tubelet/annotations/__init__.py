"""What happens in videos: the in-memory form, and the file formats of the field's benchmarks."""

from tubelet.annotations.actions import (
    AnnotationError,
    Box,
    Label,
    Segment,
    Tube,
    Video,
    VideoSet,
    load_videos,
    save_videos,
)

__all__ = ["AnnotationError", "Box", "Label", "Segment", "Tube", "Video", "VideoSet", "load_videos", "save_videos"]
