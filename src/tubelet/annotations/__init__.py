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
from tubelet.annotations.formats import FORMATS, read_annotations, recognise, write_annotations
from tubelet.annotations.statistics import SetStatistics, compute_statistics

__all__ = [
    "FORMATS",
    "AnnotationError",
    "Box",
    "Label",
    "Segment",
    "SetStatistics",
    "Tube",
    "Video",
    "VideoSet",
    "compute_statistics",
    "load_videos",
    "read_annotations",
    "recognise",
    "save_videos",
    "write_annotations",
]
