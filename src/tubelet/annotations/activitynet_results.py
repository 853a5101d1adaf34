"""Results as the ActivityNet server takes them: detections, proposals and classifications in one layout.

``{"version", "results": {video: [{"label", "score", "segment"}]}, "external_data"}``. A detection has all three, a
proposal no label, a classification no segment. Videos are called by their identifiers without ``v_``.
"""

from collections.abc import Sequence
from typing import Any

from tubelet.annotations.actions import AnnotationError, Label, Segment, Video, VideoSet
from tubelet.annotations.losses import report_losses
from tubelet.annotations.segment_rows import finite_number, segment_times
from tubelet.annotations.text_files import PathLike, class_names, read_json, write_json

_EXPECTED = '{"results": {video: [{"label", "score", "segment"}]}}'
_DEFAULTS = {"version": "VERSION 1.3", "external_data": {"used": False, "details": ""}}


def read_activitynet_results(path: PathLike, *, classes: PathLike | Sequence[str] | None = None) -> VideoSet:
    """Read results.

    Args:
        path: the json file; may be gzipped.
        classes: names in the order of the indices, or a file with one a line; None sorts those of the results.

    Returns:
        Videos with scored segments (label "" for proposals) or scored labels, in the order of the file.

    Raises:
        AnnotationError: with file, video and value, where the file is not what was expected.
    """
    content = read_json(path, _EXPECTED)
    results = content.get("results") if isinstance(content, dict) else None
    if not isinstance(results, dict):
        raise AnnotationError(f"{path} has no results; expected {_EXPECTED}.")
    names = class_names(classes) if classes is not None else None
    videos = tuple(_read_video(path, name, entries, names) for name, entries in results.items())
    if names is None:
        actions = {segment.label for video in videos for segment in video.segments}
        names = tuple(sorted((actions | {label.name for video in videos for label in video.labels}) - {""}))
    return VideoSet(videos, names, {key: value for key, value in content.items() if key != "results"})


def write_activitynet_results(path: PathLike, videos: VideoSet) -> None:
    """Write results; segments whose label is "" become proposals.

    Raises:
        AnnotationError: when an action has no score.
    """
    report_losses(path, videos, "labels", "segments", scores=True)
    results = {}
    for video in videos:
        entries: list[dict[str, Any]] = [
            ({"label": segment.label} if segment.label else {})
            | {"score": segment.score, "segment": [segment.start, segment.end], **segment.extra}
            for segment in video.segments
        ]
        entries += [{"label": label.name, "score": label.score} for label in video.labels]
        unscored = next((entry for entry in entries if entry["score"] is None), None)
        if unscored is not None:
            raise AnnotationError(f"{video.path} has a result without a score: {unscored}; a submission needs one.")
        results[video.path] = entries
    write_json(path, {**_DEFAULTS, **videos.extra, "results": results})


def _read_video(path: PathLike, name: str, entries: Any, names: tuple[str, ...] | None) -> Video:
    if not isinstance(entries, list):
        raise AnnotationError(f"{path}: video {name} has {entries!r}; expected a list of results.")
    labels: list[Label] = []
    segments: list[Segment] = []
    known = None if names is None else set(names)
    for number, entry in enumerate(entries, start=1):
        where = f"{path}: video {name}, result {number}"
        if not isinstance(entry, dict) or "score" not in entry or not {"label", "segment"} & set(entry):
            raise AnnotationError(f"{where} is {entry!r}; expected a score, and a label or a segment or both.")
        label, score = entry.get("label", ""), finite_number(where, "score", entry["score"])
        if "label" in entry and (not isinstance(label, str) or (known is not None and label not in known)):
            raise AnnotationError(f"{where} has the label {label!r}; expected the name of a class of the data set.")
        if "segment" not in entry:
            labels.append(Label(label, score))
            continue
        start, end = segment_times(where, entry["segment"])
        if end < start:
            raise AnnotationError(f"{where} has the segment {entry['segment']!r}, which ends before it starts.")
        extra = {key: value for key, value in entry.items() if key not in ("label", "score", "segment")}
        segments.append(Segment(start, end, label, score, extra))
    return Video(name, labels=tuple(labels), segments=tuple(segments))
