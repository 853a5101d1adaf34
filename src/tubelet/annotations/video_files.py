"""Which videos of a set are on this disk, and where: copies of a data set are rarely whole, nor laid out alike."""

import os
from collections import defaultdict
from dataclasses import replace
from pathlib import Path

from tubelet.annotations.actions import AnnotationError, Video, VideoSet
from tubelet.annotations.text_files import PathLike

VIDEO_SUFFIXES = frozenset(
    {".3gp", ".avi", ".flv", ".m4v", ".mkv", ".mov", ".mp4", ".mpeg", ".mpg", ".ogv", ".ts", ".webm", ".wmv"}
)


class MissingVideosWarning(UserWarning):
    """Some videos of a list are not on the disk.

    Args:
        source: the annotation file.
        root: the folder that was searched.
        missing: paths of the videos, as the annotation has them.
        total: how many videos the annotation has.
    """

    def __init__(self, source: PathLike, root: PathLike, missing: tuple[str, ...], total: int) -> None:
        self.missing = missing
        shown = ", ".join(missing[:3]) + (", ..." if len(missing) > 3 else "")
        super().__init__(f"{len(missing)} of the {total} videos of {source} are not under {root}: {shown}")


def find_videos(videos: VideoSet, root: PathLike) -> tuple[VideoSet, tuple[str, ...]]:
    """Look for every video of a set below a folder.

    A video is found by its path below ``root``, else by its name in any folder below, else by its name with another
    video suffix.

    Args:
        videos: a set as a reader gives it.
        root: folder that holds the videos, however it is laid out.

    Returns:
        The videos that are there, with paths relative to ``root``, and the paths of those that are not.

    Raises:
        AnnotationError: when ``root`` is no folder, or a name fits two files.
    """
    root = Path(root)
    if not root.is_dir():
        raise AnnotationError(f"{root}: no such folder; expected the one that holds the videos.")
    by_stem: dict[str, list[str]] = defaultdict(list)
    for folder, _, names in os.walk(root, followlinks=True):
        for name in names:
            path = Path(folder, name)
            if path.suffix.lower() in VIDEO_SUFFIXES:
                by_stem[path.stem].append(path.relative_to(root).as_posix())
    there: list[Video] = []
    missing: list[str] = []
    for video in videos:
        path = Path(video.path)
        candidates = by_stem.get(path.stem, [])
        exact = [other for other in candidates if Path(other) == path]
        same_name = [other for other in candidates if Path(other).name == path.name]
        fitting = exact or same_name or candidates
        if len(fitting) > 1:
            raise AnnotationError(
                f"{video.path} fits two files under {root}, {fitting[0]} and {fitting[1]}; expected one."
            )
        if fitting:
            there.append(replace(video, path=fitting[0]))
        else:
            missing.append(video.path)
    return replace(videos, videos=tuple(there)), tuple(missing)
