"""Where unlabelled videos lie: files, URLs, members of tar archives, and the lists and folders that name them.

URLs are read through fsspec, so anything that it knows will do (http, https, s3, gs, ...). A whole local file is opened
in its place; everything else is fetched to memory first.
"""

import io
import os
import re
import warnings
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tubelet.annotations.text_files import read_lines
from tubelet.annotations.video_files import VIDEO_SUFFIXES
from tubelet.errors import TubeletError


class SourceError(TubeletError):
    """A video, list or archive that is not there or cannot be read."""


class NamedBytes(io.BytesIO):
    """The bytes of a file, and what to call it in messages."""

    def __init__(self, content: bytes, name: str) -> None:
        super().__init__(content)
        self.name = name


@dataclass(frozen=True)
class VideoSource:
    """One video.

    Args:
        url: path or URL of the file, or of the archive around it.
        member: its name in the archive.
        start: its first byte in the archive.
        size: its bytes in the archive; None for a file of its own.
    """

    url: str
    member: str = ""
    start: int = 0
    size: int | None = None

    @property
    def name(self) -> str:
        """What to call it in messages."""
        return f"{self.url}:{self.member}" if self.member else self.url

    def open(self) -> str | NamedBytes:
        """What a `VideoReader` takes: the path of a local file, or the bytes under the video's name.

        Raises:
            SourceError: the bytes cannot be fetched.
        """
        if self.size is None and not is_url(self.url):
            return self.url
        return NamedBytes(self.read(), self.name)

    def read(self) -> bytes:
        """The bytes of the video; raises `SourceError` as `open` does."""
        system, path = file_system(self.url)
        end = None if self.size is None else self.start + self.size
        try:
            content = bytes(system.cat_file(path, start=self.start, end=end))
        except Exception as error:  # a file system raises the errors of its own library
            raise SourceError(f"{self.name} cannot be read: {str(error) or type(error).__name__}.") from error
        if end is None or len(content) == self.size:
            return content
        if len(content) < end:
            raise SourceError(f"{self.name} has {len(content)} of its {self.size} bytes; the archive ends early.")
        warnings.warn(
            f"the server of {self.url} gives no part of a file, so that each video costs a shard.", stacklevel=2
        )
        return content[self.start : end]


def is_url(path: str) -> bool:
    """Whether a path is a URL."""
    return "://" in path


def file_system(url: str) -> tuple[Any, str]:
    """The fsspec file system of a path or URL, and the path within it.

    Raises:
        SourceError: fsspec does not know its kind, or lacks the library for it.
    """
    import fsspec  # type: ignore[import-untyped]

    try:
        system, path = fsspec.core.url_to_fs(url)
    except (ImportError, ValueError) as error:
        raise SourceError(
            f"{url} cannot be opened ({error}); `pip install tubelet[shards]` reads http and s3."
        ) from None
    return system, path


def folder_videos(folder: str) -> list[VideoSource]:
    """The video files in a folder or below a URL, at any depth, sorted.

    Raises:
        SourceError: there is no such folder.
    """
    system, path = file_system(folder)
    try:
        paths = sorted(system.find(path)) if system.isdir(path) else None
    except Exception as error:
        raise SourceError(f"{folder} cannot be listed: {error}.") from error
    if paths is None:
        raise SourceError(f"{folder}: no such folder; expected one that holds videos.")
    named = (system.unstrip_protocol(file) if is_url(folder) else file for file in paths)
    return [VideoSource(name) for name in named if Path(name).suffix.lower() in VIDEO_SUFFIXES]


def listed_videos(path: str | os.PathLike[str], root: str = "") -> list[VideoSource]:
    """The videos of a list, one a line, relative to a folder or URL.

    Whole numbers after the path are left out, so the lists of VideoMAE ("path label") and of VideoMAE V2 ("path start
    total") serve as they are.

    Args:
        path: of the text file.
        root: goes before each path that is not absolute.

    Raises:
        AnnotationError: the list cannot be read.
        SourceError: it names no video.
    """
    videos = []
    for _, line in read_lines(path, "a list with the path of a video a line"):
        name = re.sub(r"([\s,]+-?\d+)+$", "", line)
        absolute = is_url(name) or Path(name).is_absolute() or not root
        videos.append(VideoSource(name if absolute else f"{root.rstrip('/')}/{name}"))
    if not videos:
        raise SourceError(f"{path} names no video; expected the path of one a line.")
    return videos
