"""THUMOS'14 as csv: AFSD's ``test_Annotation.csv`` and the ground truth of the proposal papers, both with Ambiguous.

``video,type,type_idx,start,end,startFrame,endFrame`` counts classes as UCF101 does and Ambiguous as 0; its frames are
those of the nominal frame rate, cut off. ``video-name,t-init,t-end,f-init,f-end,video-duration,frame-rate,video-frames,
label-idx`` counts the 20 classes from 0 and Ambiguous as -1; its frames are rounded. The seconds are what counts.
"""

from collections import defaultdict
from collections.abc import Sequence
from typing import Any

from tubelet.annotations.actions import AnnotationError, Segment, Video, VideoSet
from tubelet.annotations.losses import report_losses
from tubelet.annotations.segment_rows import finite_number, number_from_0, segment_times
from tubelet.annotations.text_files import PathLike, read_table, write_rows
from tubelet.annotations.thumos14 import AMBIGUOUS, THUMOS14_CLASSES, THUMOS14_NUMBERS

_COLUMNS = ("video", "type", "type_idx", "start", "end", "startFrame", "endFrame")
_PROPOSAL_COLUMNS = (
    *("video-name", "t-init", "t-end", "f-init", "f-end"),
    *("video-duration", "frame-rate", "video-frames", "label-idx"),
)
_NUMBERS = {AMBIGUOUS: 0, **THUMOS14_NUMBERS}
_INDICES = {AMBIGUOUS: -1, **{name: index for index, name in enumerate(THUMOS14_CLASSES)}}


def read_thumos14_csv(path: PathLike) -> VideoSet:
    """Read ``test_Annotation.csv``; a segment's frames are in its ``extra``.

    Raises:
        AnnotationError: with file, line and value, where a row is not what was expected.
    """
    header, rows = read_table(path, _COLUMNS, f"a csv file with the columns {','.join(_COLUMNS)}")
    segments: dict[str, list[Segment]] = defaultdict(list)
    for number, cells in rows:
        row, where = dict(zip(header, cells, strict=True)), f"{path}: line {number}"
        if str(_NUMBERS.get(row["type"])) != row["type_idx"]:
            raise AnnotationError(
                f"{where} has the class {row['type']!r} with the number {row['type_idx']!r}; "
                "expected a class of THUMOS'14 or Ambiguous, and its number among the 101 of UCF101 or 0."
            )
        start, end = _times(where, row["start"], row["end"])
        frames = {key: int(finite_number(where, key, row[key])) for key in ("startFrame", "endFrame")}
        segments[row["video"]].append(Segment(start, end, row["type"], extra=frames))
    videos = (Video(name, subset=_subset(name), segments=tuple(found)) for name, found in segments.items())
    return VideoSet(tuple(videos), THUMOS14_CLASSES)


def write_thumos14_csv(path: PathLike, videos: VideoSet) -> None:
    """Write ``test_Annotation.csv``.

    Raises:
        AnnotationError: when a label is neither a class nor Ambiguous, or a segment has no frames in its ``extra`` and
            its video no frame rate.
    """
    report_losses(path, videos, "segments")
    rows: list[Sequence[object]] = [_COLUMNS]
    for video in videos:
        for segment in video.segments:
            frames = [segment.extra.get(key) for key in ("startFrame", "endFrame")]
            if None in frames:
                rate = _known(video, "frame rate", video.frame_rate)
                frames = [int(round(rate) * time) for time in (segment.start, segment.end)]
            number = _number(video, segment, _NUMBERS)
            rows.append((video.path, segment.label, number, segment.start, segment.end, *frames))
    write_rows(path, rows)


def read_thumos14_proposal_csv(path: PathLike) -> VideoSet:
    """Read the ground truth of the proposal papers, which also tells duration, frame rate and number of frames.

    Raises:
        AnnotationError: with file, line and value, where a row is not what was expected.
    """
    header, rows = read_table(path, _PROPOSAL_COLUMNS, f"a csv file with the columns {','.join(_PROPOSAL_COLUMNS)}")
    names = {str(index): name for name, index in _INDICES.items()}
    facts: dict[str, dict[str, Any]] = {}
    segments: dict[str, list[Segment]] = defaultdict(list)
    for number, cells in rows:
        row, where = dict(zip(header, cells, strict=True)), f"{path}: line {number}"
        if row["label-idx"] not in names:
            raise AnnotationError(f"{where} has the class {row['label-idx']!r}; expected -1 for Ambiguous, or 0 to 19.")
        start, end = _times(where, row["t-init"], row["t-end"])
        facts[row["video-name"]] = {
            "duration": number_from_0(where, "duration", row["video-duration"]),
            "frame_rate": number_from_0(where, "frame rate", row["frame-rate"]),
            "num_frames": int(finite_number(where, "number of frames", row["video-frames"])),
        }
        segments[row["video-name"]].append(Segment(start, end, names[row["label-idx"]]))
    videos = (
        Video(name, **facts[name], subset=_subset(name), segments=tuple(segments[name])) for name in sorted(segments)
    )
    return VideoSet(tuple(videos), THUMOS14_CLASSES)


def write_thumos14_proposal_csv(path: PathLike, videos: VideoSet) -> None:
    """Write the ground truth of the proposal papers: Ambiguous first, then class by class.

    Raises:
        AnnotationError: when a label is neither a class nor Ambiguous, or a video lacks one of the facts.
    """
    report_losses(path, videos, "segments")
    rows: dict[int, list[Sequence[object]]] = {index: [] for index in _INDICES.values()}
    for video in videos:
        duration = _known(video, "duration", video.duration)
        rate = _known(video, "frame rate", video.frame_rate)
        num_frames = _known(video, "number of frames", video.num_frames)
        for segment in video.segments:
            index = _number(video, segment, _INDICES)
            frames = (round(segment.start * rate), round(segment.end * rate))
            rows[index].append(
                (video.path, segment.start, segment.end, *frames, duration, rate, int(num_frames), index)
            )
    write_rows(path, [_PROPOSAL_COLUMNS, *(row for of_class in rows.values() for row in of_class)])


def _times(where: str, start: str, end: str) -> tuple[float, float]:
    times = segment_times(where, (start, end))
    if times[1] < times[0]:
        raise AnnotationError(f"{where} runs from {start} to {end}; expected an end that is not before the start.")
    return times


def _subset(name: str) -> str | None:
    return "val" if name.startswith("video_validation") else "test" if name.startswith("video_test") else None


def _known(video: Video, what: str, value: float | None) -> float:
    if value is None:
        raise AnnotationError(f"{video.path} has no {what}; this csv file needs it.")
    return value


def _number(video: Video, segment: Segment, numbers: dict[str, int]) -> int:
    if segment.label not in numbers:
        raise AnnotationError(f"{video.path} has the label {segment.label!r}; expected a class of THUMOS'14.")
    return numbers[segment.label]
