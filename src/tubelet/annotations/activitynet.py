"""The ground truth of ActivityNet, and of the many data sets that keep its layout.

Caba Heilbron et al., ActivityNet, CVPR 2015. ``{"version", "taxonomy", "database": {video: {"subset", "duration",
"resolution", "url", "annotations": [{"segment": [start, end], "label"}]}}}``; FineAction and ActionFormer add ``fps``
and ``label_id``, THUMOS'14 as AFSD publishes it has segments as strings: one reader takes them all.
The published file has segments of no length and segments that end after their video. They stay.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from tubelet.annotations.actions import AnnotationError, Video, VideoSet
from tubelet.annotations.losses import report_losses
from tubelet.annotations.segment_rows import KEY, number_from_0, read_segments, warn_of_reversed, with_reversed
from tubelet.annotations.text_files import PathLike, class_names, read_json, write_json

_EXPECTED = 'ActivityNet\'s layout, {"database": {video: {"subset", "annotations": [{"segment", "label"}]}}}'
_DEFAULTS = {"version": "VERSION 1.3", "taxonomy": []}


def read_activitynet(path: PathLike, *, classes: PathLike | Sequence[str] | None = None) -> VideoSet:
    """Read a ground truth.

    Args:
        path: the json file; may be gzipped.
        classes: names in the order of the indices, or a file with one a line. None takes the order of the
            ``label_id`` where there are any, else the sorted names of the taxonomy's leaves or of the annotations.

    Returns:
        Videos by their identifiers, with whatever else the file says in ``extra``.

    Raises:
        AnnotationError: with file, video and value, where the file is not what was expected.
    """
    content = read_json(path, _EXPECTED)
    database = content.get("database") if isinstance(content, dict) else None
    if not isinstance(database, dict):
        raise AnnotationError(f"{path} has no database; expected {_EXPECTED}.")
    for name, entry in database.items():
        if not isinstance(entry, dict):
            raise AnnotationError(f"{path}: video {name} is {entry!r}; expected {_EXPECTED}.")
    names = class_names(classes) if classes is not None else _class_order(path, content)
    indices = {name: index for index, name in enumerate(names)}
    videos = tuple(_read_video(f"{path}: video {name}", name, entry, indices) for name, entry in database.items())
    warn_of_reversed(path, videos)
    return VideoSet(videos, names, {key: value for key, value in content.items() if key != "database"})


def write_activitynet(path: PathLike, videos: VideoSet) -> None:
    """Write a ground truth as the official evaluator reads it."""
    report_losses(path, videos, "segments")
    write_json(path, {**_DEFAULTS, **videos.extra, "database": database_of(videos)})


def database_of(videos: VideoSet, *, label_ids: bool = False) -> dict[str, dict[str, Any]]:
    """The part ``database`` of the file.

    Args:
        videos: a set whose segments' labels are among its classes.
        label_ids: whether every annotation shall also have the index of its class.

    Raises:
        AnnotationError: when ``label_ids`` and a label is not among the classes.
    """
    database = {}
    for video in videos:
        facts: dict[str, Any] = {
            "subset": video.subset,
            "duration": video.duration,
            "fps": video.frame_rate,
            "frame": video.num_frames,
            "resolution": None if video.width is None else f"{video.width}x{video.height}",
        }
        annotations = [
            {"segment": [segment.start, segment.end], "label": segment.label}
            | ({"label_id": videos.class_index(segment.label)} if label_ids else {})
            | dict(segment.extra)
            for segment in video.segments
        ]
        database[video.path] = {
            **{key: value for key, value in facts.items() if value is not None},
            **{key: value for key, value in video.extra.items() if key != KEY},
            "annotations": with_reversed(annotations, video.extra),
        }
    return database


def _class_order(path: PathLike, content: Mapping[str, Any]) -> tuple[str, ...]:
    # Rows that are none are left to `read_segments`, which says where they are.
    annotations = [
        row
        for entry in content["database"].values()
        for row in entry.get("annotations") or ()
        if isinstance(row, dict) and isinstance(row.get("label"), str)
    ]
    if any("label_id" in row for row in annotations):
        by_id = {row.get("label_id"): row["label"] for row in annotations}
        if set(by_id) != set(range(len(by_id))) or len(set(by_id.values())) < len(by_id):
            raise AnnotationError(
                f"{path}: the label_id of {len(by_id)} classes are not 0 to {len(by_id) - 1}, each with one label; "
                "pass the names of all classes."
            )
        return tuple(by_id[index] for index in range(len(by_id)))
    taxonomy = content.get("taxonomy") or []
    parents = {node.get("parentName") for node in taxonomy}
    leaves = {node["nodeName"] for node in taxonomy if node.get("nodeName") not in parents | {None}}
    return tuple(sorted(leaves | {row["label"] for row in annotations}))


def _read_video(where: str, name: str, entry: dict[str, Any], indices: Mapping[str, int]) -> Video:
    segments, reversed_rows = read_segments(where, entry.get("annotations"), indices, left_out=("label_id",))
    for row in entry["annotations"]:
        if "label_id" in row and row["label_id"] != indices[row["label"]]:
            raise AnnotationError(
                f"{where} has the label {row['label']!r} with label_id {row['label_id']!r}; "
                f"expected {indices[row['label']]}."
            )
    size = re.fullmatch(r"([1-9]\d*)x([1-9]\d*)", str(entry.get("resolution")))
    known = {"subset", "duration", "fps", "frame", "annotations"} | ({"resolution"} if size else set())
    return Video(
        name,
        duration=None if entry.get("duration") is None else number_from_0(where, "duration", entry["duration"]),
        frame_rate=None if entry.get("fps") is None else number_from_0(where, "fps", entry["fps"]),
        num_frames=None if entry.get("frame") is None else int(number_from_0(where, "frame", entry["frame"])),
        width=int(size[1]) if size else None,
        height=int(size[2]) if size else None,
        subset=entry.get("subset"),
        segments=segments,
        extra={key: value for key, value in entry.items() if key not in known} | reversed_rows,
    )
