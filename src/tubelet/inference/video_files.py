"""Which videos are meant: files, folders and patterns, as a person writes them on a command line."""

import glob
import os
from collections.abc import Iterable
from pathlib import Path

VIDEO_SUFFIXES = frozenset(
    [
        ".3gp",
        ".avi",
        ".flv",
        ".m2ts",
        ".m4v",
        ".mkv",
        ".mov",
        ".mp4",
        ".mpeg",
        ".mpg",
        ".mts",
        ".mxf",
        ".ogv",
        ".ts",
        ".vob",
        ".webm",
        ".wmv",
    ]
)


def find_videos(sources: Iterable[str | os.PathLike[str]]) -> list[Path]:
    """Videos in order of mention, each once.

    Args:
        sources: a file, whatever its suffix; a folder, of which all files with a video's suffix are taken, at any
            depth; or a glob pattern (`**` for any depth), of which the files are taken. What does not exist is given
            back as it is, so that opening it says so.
    """
    found: dict[Path, None] = {}
    for source in map(Path, sources):
        if source.is_dir():
            inside = (path for path in source.rglob("*") if path.suffix.lower() in VIDEO_SUFFIXES and path.is_file())
            found |= dict.fromkeys(sorted(inside))
        elif not source.exists() and glob.has_magic(str(source)):
            matches = (Path(match) for match in glob.glob(str(source), recursive=True))  # noqa: PTH207 (absolute patterns)
            found |= dict.fromkeys(sorted(match for match in matches if match.is_file()))
        else:
            found[source] = None
    return list(found)
