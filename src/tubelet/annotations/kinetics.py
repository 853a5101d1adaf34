"""The official lists of Kinetics-400, 600 and 700: csv with ``label,youtube_id,time_start,time_end,split``.

Kay et al., The Kinetics Human Action Video Dataset, 2017. A video of the list is a piece of one on YouTube; its file is
called ``<youtube_id>_<start>_<end>.mp4`` with six digits each. Copies lack videos that YouTube has lost.
"""

import re
import warnings
from collections.abc import Sequence
from pathlib import Path

from tubelet.annotations.actions import AnnotationError, Label, Video, VideoSet
from tubelet.annotations.losses import report_losses
from tubelet.annotations.text_files import PathLike, class_names, read_table, write_rows
from tubelet.annotations.video_files import MissingVideosWarning, find_videos

_COLUMNS = ("youtube_id", "time_start", "time_end")
_KNOWN = {*_COLUMNS, "label", "split"}


def read_kinetics(
    path: PathLike, *, classes: PathLike | Sequence[str] | None = None, root: PathLike | None = None
) -> VideoSet:
    """Read an official list.

    Args:
        path: the csv file; may be gzipped.
        classes: names in the order of the indices, or a file with one a line; None sorts those of the list.
        root: folder of the videos in any layout. With it, only the videos that are there are returned, with paths
            relative to it, and a `MissingVideosWarning` lists the others.

    Returns:
        Videos with their duration and subset; lists of test videos without a column ``label`` give none.

    Raises:
        AnnotationError: with file, line and value, where the list is not what was expected.
    """
    expected = f"a csv file with the columns label,{','.join(_COLUMNS)},split"
    header, rows = read_table(path, _COLUMNS, expected)
    names = class_names(classes) if classes is not None else None
    known = set(names or ())
    videos = []
    for number, cells in rows:
        row = dict(zip(header, cells, strict=True))
        start, end = _seconds(path, number, row["time_start"]), _seconds(path, number, row["time_end"])
        label = row.get("label", "")
        if label and names is not None and label not in known:
            raise AnnotationError(
                f"{path}: line {number} has the class {label!r}, not one of the {len(names)} classes."
            )
        videos.append(
            Video(
                f"{row['youtube_id']}_{int(start):06d}_{int(end):06d}.mp4",
                duration=end - start,
                subset=row.get("split") or None,
                labels=(Label(label),) if label else (),
                extra={column: cell for column, cell in row.items() if column not in _KNOWN},
            )
        )
    if names is None:
        names = tuple(sorted({label.name for video in videos for label in video.labels}))
    found = VideoSet(tuple(videos), names)
    if root is None:
        return found
    found, missing = find_videos(found, root)
    if missing:
        warnings.warn(MissingVideosWarning(path, root, missing, len(videos)), stacklevel=2)
    return found


def write_kinetics(path: PathLike, videos: VideoSet) -> None:
    """Write an official list; without the column ``label`` when no video has one.

    Raises:
        AnnotationError: when a video's name is not ``<youtube_id>_<start>_<end>``.
    """
    report_losses(path, videos, "labels", one_label=True)
    labelled = any(video.labels for video in videos)
    others = tuple({column: None for video in videos for column in video.extra})
    rows: list[list[object]] = [[*(("label",) if labelled else ()), *_COLUMNS, "split", *others]]
    for video in videos:
        match = re.fullmatch(r"(.+)_(\d{6})_(\d{6})", Path(video.path).stem)
        if match is None:
            raise AnnotationError(f"{video.path} is not called <youtube_id>_<start>_<end>, with six digits each.")
        label = [video.labels[0].name if video.labels else ""] if labelled else []
        extra = [video.extra.get(column, "") for column in others]
        rows.append([*label, match[1], int(match[2]), int(match[3]), video.subset or "", *extra])
    write_rows(path, rows)


def _seconds(path: PathLike, number: int, value: str) -> float:
    try:
        seconds = float(value)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < 1e6:
        raise AnnotationError(f"{path}: line {number} has the time {value!r}; expected seconds.")
    return seconds
