"""The video files of a data set looked over: which are missing, too many, copies, unreadable, damaged."""

from __future__ import annotations

import warnings
from collections import defaultdict
from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping, Sequence
from hashlib import file_digest
from pathlib import Path

from tubelet.annotations import Video
from tubelet.annotations.video_files import find_videos
from tubelet.datasets.annotation_sources import AnnotationSource
from tubelet.datasets.findings import Fault
from tubelet.datasets.video_sources import folder_videos
from tubelet.video import VideoError, VideoReader, VideoWarning

DIFFERENT_DURATION = 0.5
"""Seconds by which a file may last longer or shorter than its annotation says."""

ListedFiles = Mapping[Path, Sequence[tuple[AnnotationSource, Video]]]


def find_files(sources: Sequence[AnnotationSource]) -> tuple[ListedFiles, list[Fault]]:
    """The files that are there, each with the videos that it is, and what is missing or not listed.

    Raises:
        AnnotationError: when a root is no folder, or a video fits two files in it.
    """
    listed: dict[Path, list[tuple[AnnotationSource, Video]]] = defaultdict(list)
    faults: list[Fault] = []
    for source in sources:
        if source.root is None:
            continue
        there, missing = find_videos(source.videos, source.root)
        faults += [Fault("video is missing", path, f"not under {source.root}") for path in missing]
        absent = set(missing)
        present = [video for video in source.videos if video.path not in absent]
        for video, found in zip(present, there, strict=True):
            listed[source.root / found.path].append((source, video))
    for root in dict.fromkeys(source.root for source in sources if source.root is not None):
        absolute = root.resolve()
        names = [Path(file.url).relative_to(absolute) for file in folder_videos(str(absolute))]
        faults += [
            Fault("file is not listed", str(name), f"under {root}") for name in names if root / name not in listed
        ]
    return listed, faults


def open_files(
    listed: ListedFiles, decode: bool, progress: Callable[[int, int], None] | None = None
) -> tuple[dict[str, float], list[Fault]]:
    """Open every file.

    Args:
        listed: from `find_files`.
        decode: decode every frame, which finds damage in the middle of a file.
        progress: called with (files done, files in all).

    Returns:
        Seconds that each video lasts, by its identity; what is wrong with the files.
    """
    durations: dict[str, float] = {}
    faults: list[Fault] = []
    for done, (path, videos) in enumerate(listed.items(), start=1):
        try:
            duration, damages = _open(path, decode)
        except (VideoError, OSError) as error:
            faults.append(_of_file("video does not open", path, str(error)))
        else:
            faults += [_of_file("video is damaged", path, damage) for damage in damages]
            for source, video in videos:
                durations[source.identity(video)] = duration
                if video.duration is not None and abs(video.duration - duration) > DIFFERENT_DURATION:
                    said = f"{video.duration:.2f} s in {source.path.name}, {duration:.2f} s in the file"
                    faults.append(Fault("duration differs from the file's", video.path, said))
        if progress is not None:
            progress(done, len(listed))
    return durations, faults


def find_copies(listed: ListedFiles) -> Iterator[Fault]:
    """Files with the same bytes; across subsets, a model is tested on what it was trained on."""
    suspects: list[Iterable[Path]] = [listed]
    for key in (lambda path: path.stat().st_size, _start, _digest):  # from the cheapest to the surest
        suspects = [group for paths in suspects for group in _groups(paths, key)]
    for first, *others in suspects:
        for other in others:
            subsets = {source.subset(video) for path in (first, other) for source, video in listed[path]}
            kind = "same file under two names" if len(subsets) == 1 else "video in two subsets"
            yield Fault(kind, str(first), f"has the bytes of {other}")


def _groups(paths: Iterable[Path], key: Callable[[Path], Hashable]) -> list[list[Path]]:
    """The paths with the same key, where there are several."""
    groups: dict[Hashable, list[Path]] = defaultdict(list)
    for path in paths:
        groups[key(path)].append(path)
    return [group for group in groups.values() if len(group) > 1]


def _start(path: Path) -> bytes:
    with path.open("rb") as file:
        return file.read(1 << 16)


def _digest(path: Path) -> bytes:
    with path.open("rb") as file:
        return file_digest(file, "blake2b").digest()


def _open(path: Path, decode: bool) -> tuple[float, list[str]]:
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        with VideoReader(path) as reader:
            if decode:
                for _ in reader:
                    pass
            duration = reader.metadata.duration
    return duration, [str(one.message) for one in caught if issubclass(one.category, VideoWarning)]


def _of_file(kind: str, path: Path, sentence: str) -> Fault:
    return Fault(kind, str(path), sentence.removeprefix(f"{path} "))
