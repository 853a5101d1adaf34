"""MultiTHUMOS and Charades as PointTAD keeps them: densely labelled videos, a row an action.

Tan et al., PointTAD, NeurIPS 2022. ``{video: {"subset", "duration", "actions": [[class, start, end]]}}`` in seconds;
MultiTHUMOS counts its 65 classes from 1, Charades its 157 from 0. Many actions of Charades end after their video, a few
end before they start (`tubelet.annotations.segment_rows`).
"""

from collections.abc import Sequence
from typing import Any, Literal

from tubelet.annotations.actions import AnnotationError, Segment, Video, VideoSet
from tubelet.annotations.losses import report_losses
from tubelet.annotations.segment_rows import KEY, number_from_0, segment_times, warn_of_reversed, with_reversed
from tubelet.annotations.text_files import PathLike, read_json, write_json

_EXPECTED = '{video: {"subset", "duration", "actions": [[class, start, end]]}}'


def read_dense_json(path: PathLike, classes: Sequence[str], *, first: Literal[0, 1]) -> VideoSet:
    """Read such a file.

    Args:
        path: the json file; may be gzipped.
        classes: names in the order of the indices.
        first: the index that the file gives the first class.

    Raises:
        AnnotationError: with file, video and value, where the file is not what was expected.
    """
    content = read_json(path, _EXPECTED)
    if not isinstance(content, dict):
        raise AnnotationError(f"{path} holds no videos; expected {_EXPECTED}.")
    videos = tuple(_read_video(f"{path}: video {name}", name, entry, classes, first) for name, entry in content.items())
    warn_of_reversed(path, videos)
    return VideoSet(videos, tuple(classes))


def write_dense_json(path: PathLike, videos: VideoSet, *, first: Literal[0, 1]) -> None:
    """Write such a file; raises `AnnotationError` when a label is not among the classes."""
    report_losses(path, videos, "segments")
    content = {}
    for video in videos:
        rows = [[videos.class_index(s.label) + first, s.start, s.end] for s in video.segments]
        facts = {"subset": video.subset, "duration": video.duration}
        content[video.path] = {
            **{key: value for key, value in facts.items() if value is not None},
            **{key: value for key, value in video.extra.items() if key != KEY},
            "actions": with_reversed(rows, video.extra),
        }
    write_json(path, content)


def _read_video(where: str, name: str, entry: Any, classes: Sequence[str], first: int) -> Video:
    rows = entry.get("actions") if isinstance(entry, dict) else None
    if not isinstance(rows, list):
        raise AnnotationError(f"{where} has no list of actions; expected {_EXPECTED}.")
    segments: list[Segment] = []
    reversed_rows: list[list[Any]] = []
    for number, row in enumerate(rows, start=1):
        place = f"{where}, action {number}"
        if not isinstance(row, list) or len(row) != 3:
            raise AnnotationError(f"{place} is {row!r}; expected [class, start, end].")
        if not isinstance(row[0], int) or not first <= row[0] < first + len(classes):
            raise AnnotationError(f"{place} has the class {row[0]!r}; expected {first} to {first + len(classes) - 1}.")
        start, end = segment_times(place, row[1:])
        if end < start:
            reversed_rows.append([number - 1, row])
        else:
            segments.append(Segment(start, end, classes[row[0] - first]))
    extra = {key: value for key, value in entry.items() if key not in ("subset", "duration", "actions")}
    return Video(
        name,
        duration=None if entry.get("duration") is None else number_from_0(where, "duration", entry["duration"]),
        subset=entry.get("subset"),
        segments=tuple(segments),
        extra=extra | ({KEY: reversed_rows} if reversed_rows else {}),
    )
