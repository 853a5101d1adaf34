"""Which videos of a set are on this disk, and where: copies of a data set are rarely whole, nor laid out alike."""

import itertools
import os
from collections import defaultdict
from collections.abc import Mapping
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

    A video is found where its path says, below ``root`` or, where that is absolute, anywhere; else by its name, with
    this or another video suffix, in any folder below ``root``: of several in the one whose folders are most alike. A
    file is one video of the list: it goes to the one that it fits best, and to none where two fit equally.

    Args:
        videos: a set as a reader gives it.
        root: folder that holds the videos, however it is laid out.

    Returns:
        The videos that are there, with paths relative to ``root``, absolute ones where they lie elsewhere, and the
        paths of those that are not there.

    Raises:
        AnnotationError: when ``root`` is no folder, or a video fits two files equally.
    """
    root = Path(root)
    if not root.is_dir():
        raise AnnotationError(f"{root}: no such folder; expected the one that holds the videos.")
    by_stem: dict[str, list[Path]] = defaultdict(list)
    for folder, _, names in os.walk(root, followlinks=True):
        for name in names:
            path = Path(folder, name)
            if path.suffix.lower() in VIDEO_SUFFIXES:
                by_stem[path.stem].append(path.relative_to(root))
    found = {path: _nearest(path, by_stem, root) for path in (Path(video.path) for video in videos)}
    claims: dict[Path, list[_Likeness]] = defaultdict(list)
    for file, likeness in filter(None, found.values()):
        claims[file].append(likeness)
    there: list[Video] = []
    missing: list[str] = []
    for video in videos:
        match = found[Path(video.path)]
        if match is not None and _is_meant(match[1], claims[match[0]]):
            there.append(replace(video, path=match[0].as_posix()))
        else:
            missing.append(video.path)
    return replace(videos, videos=tuple(there)), tuple(missing)


_Likeness = tuple[bool, int, bool]  # the same path; how many folders above are called the same; the same suffix


def _nearest(path: Path, by_stem: Mapping[str, list[Path]], root: Path) -> tuple[Path, _Likeness] | None:
    """The file that a path means, and how well it fits."""
    if path.is_absolute() and path.is_file():
        here = root.absolute()
        return (path.relative_to(here) if path.is_relative_to(here) else path), (True, 0, True)
    likeness = {file: _likeness(path, file) for file in by_stem.get(path.stem, [])}
    fitting = [file for file, alike in likeness.items() if alike == max(likeness.values())]
    if len(fitting) > 1:
        raise AnnotationError(f"{path} fits two files under {root}, {fitting[0]} and {fitting[1]}; expected one.")
    return (fitting[0], likeness[fitting[0]]) if fitting else None


def _is_meant(likeness: _Likeness, claims: list[_Likeness]) -> bool:
    """Whether a file is the video's: its path says so, or no other path of the list fits it as well."""
    return likeness[0] or sum(other >= likeness for other in claims) == 1


def _likeness(path: Path, other: Path) -> _Likeness:
    folders = zip(reversed(path.parent.parts), reversed(other.parent.parts), strict=False)
    alike = sum(1 for _ in itertools.takewhile(lambda pair: pair[0] == pair[1], folders))
    return path == other, alike, path.suffix == other.suffix
