"""Charades: the official csv of videos and list of classes, and PointTAD's json.

Sigurdsson et al., Hollywood in Homes, ECCV 2016. A row of the csv is a video; its column ``actions`` has
``c092 11.90 21.20;c147 0.00 12.60``, seconds. The list has a line ``c000 Holding some clothes`` for each of the 157
classes. Actions that end after their video stay; those that end before they start are left out with a warning
(`tubelet.annotations.segment_rows`).
"""

from collections.abc import Sequence
from typing import Any

from tubelet.annotations.actions import AnnotationError, Segment, Video, VideoSet
from tubelet.annotations.dense_json import read_dense_json, write_dense_json
from tubelet.annotations.losses import report_losses
from tubelet.annotations.segment_rows import KEY, number_from_0, segment_times, warn_of_reversed, with_reversed
from tubelet.annotations.text_files import PathLike, read_lines, read_table, write_rows

NUM_CLASSES = 157


def read_charades_classes(path: PathLike) -> tuple[str, ...]:
    """The names of the classes, from lines such as "c000 Holding some clothes".

    Raises:
        AnnotationError: with file, line and value, where a line is not what was expected.
    """
    names: list[str] = []
    for number, line in read_lines(path, 'lines such as "c000 Holding some clothes"'):
        code, _, name = line.partition(" ")
        if code != f"c{len(names):03d}" or not name.strip():
            raise AnnotationError(f'{path}: line {number} is {line!r}; expected "c{len(names):03d} <name>".')
        names.append(name.strip())
    return tuple(names)


def read_charades(path: PathLike, *, classes: PathLike | None = None, subset: str | None = None) -> VideoSet:
    """Read the official csv.

    Args:
        path: the csv file; may be gzipped.
        classes: the official list of classes; None calls them "c000" to "c156".
        subset: what the videos' ``subset`` shall say.

    Returns:
        Videos by their ids, with the other columns (script, objects, ...) in ``extra``.

    Raises:
        AnnotationError: with file, line and value, where a file is not what was expected.
    """
    names = _class_names(classes)
    header, rows = read_table(path, ("id", "actions", "length"), "Charades' csv with the columns id, actions, length")
    videos = []
    for number, cells in rows:
        row, where = dict(zip(header, cells, strict=True)), f"{path}: line {number}"
        segments, reversed_rows = _read_actions(where, row["actions"], names)
        videos.append(
            Video(
                row["id"],
                duration=number_from_0(where, "length", row["length"]),
                subset=subset,
                segments=segments,
                extra={key: cell for key, cell in row.items() if key not in ("id", "actions", "length")}
                | reversed_rows,
            )
        )
    warn_of_reversed(path, videos)
    return VideoSet(tuple(videos), names)


def write_charades(path: PathLike, videos: VideoSet) -> None:
    """Write the official csv: times with two decimals, columns that are not known left empty.

    Raises:
        AnnotationError: when a video has no duration, or a label is not among the classes.
    """
    report_losses(path, videos, "segments")
    others = ("subject", "scene", "quality", "relevance", "verified", "script", "objects", "descriptions")
    rows: list[Sequence[object]] = [("id", *others, "actions", "length")]
    for video in videos:
        if video.duration is None:
            raise AnnotationError(f"{video.path} has no duration; Charades' csv needs it.")
        actions = [f"c{videos.class_index(s.label):03d} {s.start:.2f} {s.end:.2f}" for s in video.segments]
        extra = [video.extra.get(key, "") for key in others]
        rows.append((video.path, *extra, ";".join(with_reversed(actions, video.extra)), f"{video.duration:.2f}"))
    write_rows(path, rows)


def read_charades_json(path: PathLike, *, classes: PathLike | None = None) -> VideoSet:
    """Read PointTAD's json; the arguments and the errors are those of `read_charades`."""
    return read_dense_json(path, _class_names(classes), first=0)


def write_charades_json(path: PathLike, videos: VideoSet) -> None:
    """Write PointTAD's json; raises `AnnotationError` when a label is not among the classes."""
    write_dense_json(path, videos, first=0)


def _class_names(classes: PathLike | None) -> tuple[str, ...]:
    if classes is not None:
        return read_charades_classes(classes)
    return tuple(f"c{index:03d}" for index in range(NUM_CLASSES))


def _read_actions(where: str, cell: str, names: Sequence[str]) -> tuple[tuple[Segment, ...], dict[str, Any]]:
    codes = {f"c{index:03d}": name for index, name in enumerate(names)}
    segments: list[Segment] = []
    reversed_rows: list[list[Any]] = []
    for index, action in enumerate(cell.split(";") if cell else ()):
        code, *times = action.split()
        if code not in codes:
            raise AnnotationError(f"{where} has the action {action!r}; expected c000 to c{len(names) - 1:03d}.")
        start, end = segment_times(where, times)
        if end < start:
            reversed_rows.append([index, action])
        else:
            segments.append(Segment(start, end, codes[code]))
    return tuple(segments), {KEY: reversed_rows} if reversed_rows else {}
