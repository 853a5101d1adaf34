"""The official lists of Kinetics-400, 600 and 700: csv with ``label,youtube_id,time_start,time_end,split``.

Kay et al., The Kinetics Human Action Video Dataset, 2017. A video of the list is a piece of one on YouTube; its file is
called ``<youtube_id>_<start>_<end>.mp4`` with six digits each. Copies lack videos that YouTube has lost.
"""

import warnings
from collections.abc import Sequence

from tubelet.annotations.actions import AnnotationError, Label, Video, VideoSet
from tubelet.annotations.text_files import PathLike, class_names, read_lines, split_row
from tubelet.annotations.video_files import MissingVideosWarning, find_videos

_COLUMNS = ("youtube_id", "time_start", "time_end")


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
    lines = read_lines(path, expected)
    header = split_row(path, *lines[0], ",") if lines else []
    lacking = [column for column in _COLUMNS if column not in header]
    if lacking:
        raise AnnotationError(f"{path}: no column {lacking[0]!r} in its first line; expected {expected}.")
    names = class_names(classes) if classes is not None else None
    known = set(names or ())
    videos = []
    for number, line in lines[1:]:
        cells = split_row(path, number, line, ",")
        if len(cells) != len(header):
            raise AnnotationError(f"{path}: line {number} has {len(cells)} cells; expected {len(header)}: {line!r}.")
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


def _seconds(path: PathLike, number: int, value: str) -> float:
    try:
        seconds = float(value)
    except ValueError:
        seconds = -1.0
    if not 0 <= seconds < 1e6:
        raise AnnotationError(f"{path}: line {number} has the time {value!r}; expected seconds.")
    return seconds
