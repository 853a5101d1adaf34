"""What a data set is made of: annotation files, lists, and folders of videos, each with its subsets and its folder."""

from __future__ import annotations

import os
import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from tubelet.annotations import Video, VideoSet, read_annotations, recognise
from tubelet.annotations.segment_rows import ReversedSegmentsWarning
from tubelet.annotations.video_files import VIDEO_SUFFIXES
from tubelet.datasets.video_sources import folder_videos


@dataclass(frozen=True)
class AnnotationSource:
    """Annotations and where they come from.

    Args:
        path: the file or folder.
        videos: what it says.
        root: folder of the video files; None where it is not known.
    """

    path: Path
    videos: VideoSet
    root: Path | None

    def subset(self, video: Video) -> str:
        """The video's own subset, else the source's name."""
        return video.subset or self.path.name

    def identity(self, video: Video) -> str:
        """What tells a video from others: its path, in an annotation without suffix, in a folder with the folder's."""
        path = PurePosixPath(video.path)
        if self.root == self.path:
            return str(self.path / path)
        return str(path.with_suffix("") if path.suffix.lower() in VIDEO_SUFFIXES else path)


def read_source(
    path: str | os.PathLike[str],
    format: str | None = None,
    root: str | os.PathLike[str] | None = None,
    options: Mapping[str, Any] | None = None,
) -> AnnotationSource:
    """Annotations in any format; a folder of videos, with or without a folder for every class, is its own root.

    Segments that end before they start are left out, as the readers do, but without a warning: ``extra`` of the video
    has them.

    Args:
        path: the file or folder.
        format: a name of `tubelet.annotations.FORMATS`; None recognises it.
        root: folder of the video files of an annotation file.
        options: what the format's reader takes beside the path.

    Raises:
        AnnotationError: when the annotations cannot be read.
    """
    path = Path(path)
    if format is None and path.is_dir() and not any(one.is_dir() for one in path.iterdir()):
        names = [Path(video.url).name for video in folder_videos(str(path))]
        if names:
            return AnnotationSource(path, VideoSet(tuple(Video(name) for name in names)), path)
    name = recognise(path) if format is None else format
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ReversedSegmentsWarning)
        videos = read_annotations(path, name, **(options or {}))
    if name == "class_folders":
        return AnnotationSource(path, videos, path)
    return AnnotationSource(path, videos, None if root is None else Path(root))
