"""EPIC-KITCHENS-100: the csv of narrated segments, and submissions of its detection challenge.

Damen et al., Rescaling Egocentric Vision, IJCV 2022. A segment has a verb and a noun; together they are its action.
Every file serves three tasks: a label is the name of the verb ("take"), of the noun ("plate"), or both ("take plate"),
and the index of an action is verb * number of nouns + noun. Names of the classes come from the csv files beside.
What a task does not look at is in ``Segment.extra`` by the column's name, so that the writer gives the row back.
"""

import os
import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from tubelet.annotations.actions import AnnotationError, Segment, Video, VideoSet
from tubelet.annotations.losses import report_losses
from tubelet.annotations.segment_rows import finite_number, number_from_0, segment_times
from tubelet.annotations.text_files import PathLike, class_names, read_json, read_table, write_json, write_rows

Task = Literal["verb", "noun", "action"]
Classes = PathLike | Sequence[str]

_COLUMNS = (
    *("narration_id", "participant_id", "video_id", "narration_timestamp", "start_timestamp", "stop_timestamp"),
    *("start_frame", "stop_frame", "narration", "verb", "verb_class", "noun", "noun_class"),
    *("all_nouns", "all_noun_classes"),
)
_VERB_FILE, _NOUN_FILE = "EPIC_100_verb_classes.csv", "EPIC_100_noun_classes.csv"
_EXPECTED = '{"results": {video: [{"verb", "noun", "action", "score", "segment"}]}}'
_DEFAULTS = {"version": "0.2", "challenge": "action_detection"}


@dataclass(frozen=True)
class EpicClasses:
    """The names of the verbs and nouns, each in the order of the indices."""

    verbs: tuple[str, ...]
    nouns: tuple[str, ...]

    def of_task(self, task: Task) -> tuple[str, ...]:
        """The classes of a task; those of "action" are all pairs of a verb and a noun."""
        if task == "action":
            return tuple(f"{verb} {noun}" for verb in self.verbs for noun in self.nouns)
        return self.verbs if task == "verb" else self.nouns


def read_epic_classes(verbs: Classes, nouns: Classes) -> EpicClasses:
    """The names of the classes, from the official csv files or from sequences."""
    return EpicClasses(*(_read_keys(source) for source in (verbs, nouns)))


def read_epic_kitchens(
    path: PathLike,
    *,
    task: Task = "action",
    verbs: Classes | None = None,
    nouns: Classes | None = None,
    info: PathLike | None = None,
    subset: str | None = None,
) -> VideoSet:
    """Read the csv of segments.

    Args:
        path: the csv file; may be gzipped.
        task: what the labels are.
        verbs: the verbs' names in order, or their csv file; None for the one beside ``path``.
        nouns: the nouns', likewise.
        info: the csv of videos, for duration, frame rate and size.
        subset: what the videos' ``subset`` shall say.

    Raises:
        AnnotationError: with file, line and value, where a file is not what was expected.
    """
    names = _classes(path, verbs, nouns)
    header, rows = read_table(path, _COLUMNS[1:], f"a csv file with the columns {','.join(_COLUMNS)}")
    segments: dict[str, list[Segment]] = defaultdict(list)
    for number, cells in rows:
        row, where = dict(zip(header, cells, strict=True)), f"{path}: line {number}"
        start, end = (_seconds(where, row[key]) for key in ("start_timestamp", "stop_timestamp"))
        if end < start:
            raise AnnotationError(f"{where} ends at {row['stop_timestamp']}, before it starts.")
        verb = _index(where, "verb", row["verb_class"], len(names.verbs))
        noun = _index(where, "noun", row["noun_class"], len(names.nouns))
        left_out = {"video_id", "start_timestamp", "stop_timestamp", *_class_columns(task)}
        extra = {key: cell for key, cell in row.items() if key not in left_out}
        segments[row["video_id"]].append(Segment(start, end, _label(task, names, verb, noun), extra=extra))
    facts = {} if info is None else read_epic_video_info(info)
    lacking = set(segments) - set(facts)
    if info is not None and lacking:
        raise AnnotationError(
            f"{info} has no row for the video {min(lacking)}; expected one for every video of {path}."
        )
    videos = (
        Video(name, **facts.get(name, {}), subset=subset, segments=tuple(found)) for name, found in segments.items()
    )
    return VideoSet(tuple(videos), names.of_task(task))


def write_epic_kitchens(
    path: PathLike, videos: VideoSet, *, verbs: Classes, nouns: Classes, task: Task = "action"
) -> None:
    """Write the csv of segments.

    Raises:
        AnnotationError: when a label is not among the classes, or a segment lacks the number of a frame and its video
            the frame rate, or ``task`` is not "action" and ``extra`` lacks the other class.
    """
    report_losses(path, videos, "segments")
    names = read_epic_classes(verbs, nouns)
    indices = {name: index for index, name in enumerate(names.of_task(task))}
    rows: list[Sequence[object]] = [_COLUMNS]
    for video in videos:
        for number, segment in enumerate(video.segments):
            if segment.label not in indices:
                raise AnnotationError(f"{video.path} has the label {segment.label!r}, which is no {task} of the set.")
            row = _row(video, number, segment) | _class_cells(task, names, indices[segment.label])
            lacking = [column for column in _COLUMNS if column not in row]
            if lacking:
                raise AnnotationError(f"{video.path}, segment {number} has no {lacking[0]}; the csv needs it.")
            rows.append([row[column] for column in _COLUMNS])
    write_rows(path, rows)


def read_epic_video_info(path: PathLike) -> dict[str, dict[str, Any]]:
    """The csv of videos: the ``duration``, ``frame_rate``, ``width`` and ``height`` of each, as `Video` has them."""
    columns = ("video_id", "duration", "fps", "resolution")
    header, rows = read_table(path, columns, f"a csv file with the columns {','.join(columns)}")
    facts = {}
    for number, cells in rows:
        row, where = dict(zip(header, cells, strict=True)), f"{path}: line {number}"
        size = re.fullmatch(r"(\d+)x(\d+)", row["resolution"])
        if size is None:
            raise AnnotationError(f"{where} has the resolution {row['resolution']!r}; expected <width>x<height>.")
        facts[row["video_id"]] = {
            "duration": number_from_0(where, "duration", row["duration"]),
            "frame_rate": number_from_0(where, "fps", row["fps"]),
            "width": int(size[1]),
            "height": int(size[2]),
        }
    return facts


def read_epic_results(path: PathLike, *, verbs: Classes, nouns: Classes, task: Task = "action") -> VideoSet:
    """Read a submission to the detection challenge; one list serves all three tasks.

    Args:
        path: the json file; may be gzipped.
        verbs: the verbs' names in order, or their csv file.
        nouns: the nouns', likewise.
        task: what the labels are; the classes that it does not look at are in ``extra``.

    Raises:
        AnnotationError: with file, video and value, where the file is not what was expected.
    """
    names = read_epic_classes(verbs, nouns)
    content = read_json(path, _EXPECTED)
    results = content.get("results") if isinstance(content, dict) else None
    if not isinstance(results, dict):
        raise AnnotationError(f"{path} has no results; expected {_EXPECTED}.")
    videos = []
    for name, entries in results.items():
        segments = []
        for number, entry in enumerate(entries, start=1):
            where = f"{path}: video {name}, result {number}"
            if not isinstance(entry, dict) or not {"verb", "noun", "score", "segment"} <= set(entry):
                raise AnnotationError(f"{where} is {entry!r}; expected {_EXPECTED}.")
            start, end = segment_times(where, entry["segment"])
            if end < start:
                raise AnnotationError(f"{where} has the segment {entry['segment']!r}, which ends before it starts.")
            verb = _index(where, "verb", entry["verb"], len(names.verbs))
            noun = _index(where, "noun", entry["noun"], len(names.nouns))
            extra = {"verb": {"noun_class": noun}, "noun": {"verb_class": verb}, "action": {}}[task]
            score = finite_number(where, "score", entry["score"])
            segments.append(Segment(start, end, _label(task, names, verb, noun), score, extra))
        videos.append(Video(name, segments=tuple(segments)))
    rest = {key: value for key, value in content.items() if key != "results"}
    return VideoSet(tuple(videos), names.of_task(task), rest)


def write_epic_results(path: PathLike, videos: VideoSet, *, verbs: Classes, nouns: Classes) -> None:
    """Write a submission to the detection challenge from scored actions (``task="action"``).

    Raises:
        AnnotationError: when a segment has no score, or its label is no action of the set.
    """
    report_losses(path, videos, "segments", scores=True)
    names = read_epic_classes(verbs, nouns)
    indices = {name: index for index, name in enumerate(names.of_task("action"))}
    results = {}
    for video in videos:
        entries = []
        for segment in video.segments:
            if segment.score is None or segment.label not in indices:
                raise AnnotationError(
                    f"{video.path} has a segment {segment.label!r} with the score {segment.score}; "
                    "expected a verb and a noun of the set, and a score."
                )
            verb, noun = divmod(indices[segment.label], len(names.nouns))
            entry = {"verb": verb, "noun": noun, "action": f"{verb},{noun}", "score": segment.score}
            entries.append(entry | {"segment": [segment.start, segment.end]})
        results[video.path] = entries
    write_json(path, {**_DEFAULTS, **videos.extra, "results": results})


def _read_keys(source: Classes) -> tuple[str, ...]:
    if not isinstance(source, str | os.PathLike):
        return class_names(source)
    header, rows = read_table(source, ("id", "key"), "a csv file with the columns id,key,instances,category")
    names: list[str] = []
    for number, cells in rows:
        row = dict(zip(header, cells, strict=True))
        if row["id"] != str(len(names)):
            raise AnnotationError(f"{source}: line {number} has the id {row['id']!r}; expected {len(names)}.")
        names.append(row["key"])
    return tuple(names)


def _classes(path: PathLike, verbs: Classes | None, nouns: Classes | None) -> EpicClasses:
    folder = Path(path).parent
    beside = [folder / name if (folder / name).exists() else folder / f"{name}.gz" for name in (_VERB_FILE, _NOUN_FILE)]
    return read_epic_classes(beside[0] if verbs is None else verbs, beside[1] if nouns is None else nouns)


def _label(task: Task, names: EpicClasses, verb: int, noun: int) -> str:
    parts = {"verb": names.verbs[verb], "noun": names.nouns[noun]}
    return f"{parts['verb']} {parts['noun']}" if task == "action" else parts[task]


def _class_columns(task: Task) -> tuple[str, ...]:
    return ("verb_class", "noun_class") if task == "action" else (f"{task}_class",)


def _class_cells(task: Task, names: EpicClasses, index: int) -> dict[str, object]:
    indices = divmod(index, len(names.nouns)) if task == "action" else (index,)
    return dict(zip(_class_columns(task), indices, strict=True))


def _row(video: Video, number: int, segment: Segment) -> dict[str, object]:
    """The cells of a segment but for its classes; those of a segment of our own are made up of what is known."""
    row: dict[str, object] = {
        "narration_id": f"{video.path}_{number}",
        "participant_id": video.path.partition("_")[0],
        "narration_timestamp": "",
        "narration": segment.label,
        "verb": segment.label.partition(" ")[0],
        "noun": segment.label.rpartition(" ")[2],
        "all_nouns": "[]",
        "all_noun_classes": "[]",
    }
    if video.frame_rate is not None:
        frames = (max(1, int(round(video.frame_rate) * time)) for time in (segment.start, segment.end))
        row |= dict(zip(("start_frame", "stop_frame"), frames, strict=True))
    times = {"start_timestamp": _timestamp(segment.start), "stop_timestamp": _timestamp(segment.end)}
    return row | dict(segment.extra) | times | {"video_id": video.path}


def _index(where: str, what: str, value: Any, count: int) -> int:
    if not re.fullmatch(r"\d+", str(value)) or int(value) >= count:
        raise AnnotationError(f"{where} has the {what} {value!r}; expected 0 to {count - 1}.")
    return int(value)


def _seconds(where: str, timestamp: str) -> float:
    match = re.fullmatch(r"(\d+):([0-5]\d):([0-5]\d(?:\.\d+)?)", timestamp)
    if match is None:
        raise AnnotationError(f"{where} has the time {timestamp!r}; expected hours:minutes:seconds, 00:01:02.34.")
    return int(match[1]) * 3600 + int(match[2]) * 60 + float(match[3])


def _timestamp(seconds: float) -> str:
    hundredths = round(seconds * 100)
    hours, rest = divmod(hundredths, 360000)
    minutes, rest = divmod(rest, 6000)
    return f"{hours:02d}:{minutes:02d}:{rest // 100:02d}.{rest % 100:02d}"
