"""Label Studio's JSON export of videos: timeline labels, boxes that are followed, and choices.

A task has ``data.video`` and ``annotations[].result``. ``timelinelabels`` have ranges of frames, both ends included;
a ``videorectangle`` has a sequence of keyframes, boxes in percent of the frame, moved evenly in between; ``enabled:
false`` ends it at that frame, and without that it stays to the end of the video. Frames count from 1. ``choices`` say
what the whole video shows. Frames a second are ``framesCount / duration``, which stand with every rectangle, or what
the caller says. The first annotation of a task that was not cancelled counts.
"""

from typing import Any

import numpy as np

from tubelet.annotations.actions import AnnotationError, Label, Segment, Tube, Video, VideoSet
from tubelet.annotations.box_numbers import check_boxes
from tubelet.annotations.keyframes import between_keyframes
from tubelet.annotations.losses import report_losses
from tubelet.annotations.text_files import PathLike, read_json, write_json
from tubelet.annotations.units import frame_to_seconds, seconds_to_frame, to_fractions, to_pixels
from tubelet.annotations.used_classes import used_classes

_EXPECTED = "Label Studio's JSON export, a list of tasks"
_CONTROLS = {"timelinelabels": "timeline", "videorectangle": "box", "choices": "choice"}


def read_label_studio(
    path: PathLike, *, frame_rate: float | None = None, video_key: str = "video", subset: str | None = None
) -> VideoSet:
    """Read a JSON export (not JSON-MIN).

    Args:
        path: the export; may be gzipped.
        frame_rate: frames a second; None takes them from a task's rectangles, and raises where they are needed.
        video_key: of a task's ``data`` that holds the video.
        subset: what the videos' ``subset`` shall say.

    Raises:
        AnnotationError: with file, task and value, where the export is not what was expected.
    """
    tasks = read_json(path, _EXPECTED)
    if not isinstance(tasks, list):
        raise AnnotationError(f"{path} holds {type(tasks).__name__}; expected {_EXPECTED}.")
    videos = tuple(_read_task(path, number, task, frame_rate, video_key, subset) for number, task in enumerate(tasks))
    return VideoSet(videos, used_classes(videos))


def write_label_studio(path: PathLike, videos: VideoSet) -> None:
    """Write tasks for Label Studio's import, a task a video.

    Every box of a tube becomes a keyframe. docs/labelling.md has the labelling configuration whose controls it names.

    Raises:
        AnnotationError: when a video lacks its frame rate or length.
    """
    report_losses(path, videos, "labels", "segments", "tubes")
    tasks = []
    for number, video in enumerate(videos, start=1):
        results = []
        for index, (kind, value) in enumerate(_values(path, video)):
            control = {"from_name": _CONTROLS[kind], "to_name": "video"}
            results.append({"id": f"{number}_{index}", "type": kind, "origin": "manual", **control, "value": value})
        tasks.append({"id": number, "data": {"video": video.path}, "annotations": [{"id": number, "result": results}]})
    write_json(path, tasks)


def _read_task(
    path: PathLike, number: int, task: Any, frame_rate: float | None, video_key: str, subset: str | None
) -> Video:
    where = f"{path}: task {task.get('id', number) if isinstance(task, dict) else number}"
    try:
        source = task["data"][video_key]
        annotation: dict[str, Any] = next(
            (item for item in task["annotations"] if not item.get("was_cancelled")), {"result": []}
        )
        results = [(result["type"], result["value"], result) for result in annotation["result"]]
        counts = [
            (value["framesCount"], value["duration"])
            for _, value, _ in results
            if value.get("framesCount") and value.get("duration")
        ]
    except (AttributeError, KeyError, TypeError) as error:
        raise AnnotationError(f"{where} is not laid out as it should be ({error!r}); expected {_EXPECTED}.") from None
    frames, duration = counts[0] if counts else (None, None)
    rate: float = frame_rate or (frames / duration if frames and duration else 0.0)
    labels: list[Label] = []
    segments: list[Segment] = []
    tubes: list[Tube] = []
    for kind, value, result in results:
        place = f"{where}, result {result.get('id', '?')}"
        if kind in ("timelinelabels", "videorectangle") and not rate:
            raise AnnotationError(
                f"{place} counts frames, and the task does not say how many a second; pass frame_rate."
            )
        try:
            if kind == "choices":
                labels.extend(Label(name) for name in value["choices"])
            elif kind == "timelinelabels":
                segments.extend(
                    Segment((span["start"] - 1) / rate, span["end"] / rate, name)
                    for span in value["ranges"]
                    for name in value["timelinelabels"]
                )
            elif kind == "videorectangle":
                tubes.extend(_read_rectangle(place, value, rate, frames, str(result.get("id", len(tubes)))))
        except AnnotationError as error:
            raise AnnotationError(f"{place}: {str(error).removeprefix(f'{place} ')}") from None
        except (KeyError, TypeError, ValueError) as error:
            raise AnnotationError(f"{place} is not laid out as it should be ({error!r}); expected a {kind}.") from None
    return Video(
        source,
        duration,
        rate or None,
        num_frames=frames,
        subset=subset,
        labels=tuple(labels),
        segments=tuple(segments),
        tubes=tuple(tubes),
    )


def _read_rectangle(place: str, value: dict[str, Any], frame_rate: float, frames: int | None, actor: str) -> list[Tube]:
    """A tube for each label and for each stretch up to a keyframe that ends it."""
    sequence = sorted(value["sequence"], key=lambda item: item["frame"])
    if any(item.get("rotation") for item in sequence):
        raise AnnotationError("has a turned box; expected rotation 0.")
    numbers = np.array([[item["x"], item["y"], item["width"], item["height"]] for item in sequence], np.float64)
    numbers[:, 2:] += numbers[:, :2]
    keys = np.array([item["frame"] for item in sequence])
    boxes = check_boxes(numbers, 100, 100, lambda row: f"{place}, frame {keys[row]}")
    ends = [i for i, item in enumerate(sequence) if item.get("enabled") is False]
    stretches = np.split(np.arange(len(sequence)), np.array(ends, int) + 1)
    tubes: list[Tube] = []
    for rows in stretches:
        if not len(rows):
            continue
        last = frames if sequence[rows[-1]].get("enabled", True) else None
        every, moved = between_keyframes(keys[rows], boxes[rows], last=last)
        times = frame_to_seconds(every, frame_rate, first=1)
        tubes.extend(Tube(times, to_fractions(moved, 100, 100), name, actor=actor) for name in value["labels"])
    return tubes


def _values(path: PathLike, video: Video) -> list[tuple[str, dict[str, Any]]]:
    values: list[tuple[str, dict[str, Any]]] = []
    if video.labels:
        values.append(("choices", {"choices": [label.name for label in video.labels]}))
    if not video.segments and not video.tubes:
        return values
    rate = video.frame_rate
    frames = video.num_frames or (round(video.duration * rate) if video.duration and rate else None)
    if rate is None or frames is None:
        raise AnnotationError(f"{video.path} lacks its frame rate or length; they are needed to write {path}.")
    length = {"framesCount": frames, "duration": frames / rate}
    for segment in video.segments:
        start, end = seconds_to_frame([segment.start, segment.end], rate).tolist()
        span = {"start": start + 1, "end": max(end, start + 1)}
        values.append(("timelinelabels", {"ranges": [span], "timelinelabels": [segment.label], **length}))
    for tube in video.tubes:
        keys = seconds_to_frame(tube.times, rate, first=1).tolist()
        sequence = [
            {
                "frame": key,
                "time": time,
                "enabled": key != keys[-1],
                "rotation": 0,
                "x": left,
                "y": top,
                "width": right - left,
                "height": bottom - top,
            }
            for key, time, (left, top, right, bottom) in zip(
                keys, tube.times.tolist(), to_pixels(tube.boxes, 100, 100).tolist(), strict=True
            )
        ]
        values.append(("videorectangle", {**length, "sequence": sequence, "labels": [tube.label]}))
    return values
