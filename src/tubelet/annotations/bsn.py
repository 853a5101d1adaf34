"""ActivityNet as BSN and BMN keep it: a json of annotations and a csv of videos, both by ``v_<id>``.

Lin et al., BSN, ECCV 2018; BMN, ICCV 2019. json: ``{"v_<id>": {"duration_second", "duration_frame", "annotations",
"feature_frame"}}``; csv: ``video,numFrame,seconds,fps,rfps,subset,featureFrame``. The json has no subsets. The
features cover ``feature_frame`` of the ``duration_frame`` frames: see `feature_seconds`.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from tubelet.annotations.actions import AnnotationError, Video, VideoSet
from tubelet.annotations.losses import report_losses
from tubelet.annotations.segment_rows import (
    KEY,
    finite_number,
    number_from_0,
    read_segments,
    warn_of_reversed,
    with_reversed,
)
from tubelet.annotations.text_files import PathLike, class_names, read_json, read_table, write_json, write_rows

_EXPECTED = '{"v_<id>": {"duration_second", "duration_frame", "annotations", "feature_frame"}}'
_COLUMNS = ("video", "numFrame", "seconds", "fps", "rfps", "subset", "featureFrame")


def read_bsn(
    path: PathLike, *, info: PathLike | None = None, classes: PathLike | Sequence[str] | None = None
) -> VideoSet:
    """Read the json of annotations.

    Args:
        path: the json file; may be gzipped.
        info: the csv of videos, for their subsets and frame rates.
        classes: names in the order of the indices, or a file with one a line; None sorts those of the annotations.

    Returns:
        Videos by their identifiers, without ``v_``; ``extra`` has ``feature_frame``.

    Raises:
        AnnotationError: with file, video and value, where a file is not what was expected.
    """
    content = read_json(path, _EXPECTED)
    if not isinstance(content, dict):
        raise AnnotationError(f"{path} holds no videos; expected {_EXPECTED}.")
    facts = {} if info is None else {video.path: video for video in read_bsn_info(info)}
    names = class_names(classes) if classes is not None else None
    videos = []
    for name, entry in content.items():
        video = _read_video(path, name, entry, None if names is None else set(names))
        if info is not None:
            if video.path not in facts:
                raise AnnotationError(f"{path}: video {name} is not in {info}; expected a row for every video.")
            fact = facts[video.path]
            video = replace(video, subset=fact.subset, frame_rate=fact.frame_rate)
        videos.append(video)
    warn_of_reversed(path, videos)
    if names is None:
        names = tuple(sorted({segment.label for video in videos for segment in video.segments}))
    return VideoSet(tuple(videos), names)


def write_bsn(path: PathLike, videos: VideoSet) -> None:
    """Write the json of annotations.

    Raises:
        AnnotationError: when a video has no duration or no number of frames.
    """
    report_losses(path, videos, "segments")
    content = {}
    for video in videos:
        if video.duration is None or video.num_frames is None:
            raise AnnotationError(f"{video.path} has no duration or no number of frames; BSN's json needs both.")
        rows = [{"segment": [s.start, s.end], "label": s.label, **s.extra} for s in video.segments]
        content[f"v_{video.path}"] = {
            "duration_second": video.duration,
            "duration_frame": video.num_frames,
            "feature_frame": video.num_frames,
            **{key: value for key, value in video.extra.items() if key != KEY},
            "annotations": with_reversed(rows, video.extra),
        }
    write_json(path, content)


def read_bsn_info(path: PathLike) -> VideoSet:
    """Read the csv of videos: subset, duration, frame rate and number of frames, without any action."""
    expected = f"a csv file with the columns {','.join(_COLUMNS)}"
    header, rows = read_table(path, _COLUMNS, expected)
    videos = []
    for number, cells in rows:
        row, where = dict(zip(header, cells, strict=True)), f"{path}: line {number}"
        videos.append(
            Video(
                row["video"].removeprefix("v_"),
                duration=number_from_0(where, "seconds", row["seconds"]),
                frame_rate=number_from_0(where, "fps", row["fps"]),
                num_frames=int(finite_number(where, "numFrame", row["numFrame"])),
                subset=row["subset"],
                extra={
                    "feature_frame": int(finite_number(where, "featureFrame", row["featureFrame"])),
                    "rfps": finite_number(where, "rfps", row["rfps"]),
                },
            )
        )
    return VideoSet(tuple(videos))


def write_bsn_info(path: PathLike, videos: VideoSet) -> None:
    """Write the csv of videos.

    Raises:
        AnnotationError: when a video has no duration, frame rate, number of frames or subset.
    """
    report_losses(path, videos)
    rows: list[Sequence[object]] = [_COLUMNS]
    for video in videos:
        if video.duration is None or video.frame_rate is None or video.num_frames is None or video.subset is None:
            raise AnnotationError(
                f"{video.path} lacks a duration, a frame rate, a number of frames or a subset; the csv needs them all."
            )
        measured = video.extra.get("rfps", video.num_frames / video.duration)
        features = video.extra.get("feature_frame", video.num_frames)
        facts = (video.num_frames, video.duration, video.frame_rate, measured, video.subset, features)
        rows.append((f"v_{video.path}", *facts))
    write_rows(path, rows)


def feature_seconds(video: Video) -> float:
    """How much of a video its features cover, in seconds: what BMN divides segments by and multiplies proposals with.

    Raises:
        AnnotationError: when the video has no duration, number of frames or ``feature_frame``.
    """
    features = video.extra.get("feature_frame")
    if video.duration is None or not video.num_frames or features is None:
        raise AnnotationError(f"{video.path} lacks a duration, a number of frames or feature_frame.")
    return float(features) / video.num_frames * video.duration


def _read_video(path: PathLike, name: str, entry: Any, known: set[str] | None) -> Video:
    where = f"{path}: video {name}"
    needed = ("duration_second", "duration_frame", "annotations")
    if not isinstance(entry, dict) or any(key not in entry for key in needed):
        raise AnnotationError(f"{where} is {entry!r}; expected {_EXPECTED}.")
    segments, reversed_rows = read_segments(where, entry["annotations"], known)
    extra = {key: value for key, value in entry.items() if key not in needed}
    return Video(
        name.removeprefix("v_"),
        duration=number_from_0(where, "duration_second", entry["duration_second"]),
        num_frames=int(finite_number(where, "duration_frame", entry["duration_frame"])),
        segments=segments,
        extra=extra | reversed_rows,
    )
