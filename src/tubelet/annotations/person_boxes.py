"""Boxes of persons that a detector found before the action is asked for: SlowFast's csv, and the pickle of proposals.

SlowFast's ``ava_detection_*_boxes_and_labels.csv`` has ``video, second, x1, y1, x2, y2, label, score`` where the
label may be empty. FAIR's ``ava_dense_proposals_*.pkl``, as mmaction2 uses them for AVA and MultiSports, are
{"video,0902": (n, 5) x1, y1, x2, y2, score}. Boxes are fractions of the frame; the number is the second in the movie
for AVA (one "frame" a second) and the frame from 1 for MultiSports. A person without a label has the label "".
"""

import csv
import io
from typing import Literal

import numpy as np

from tubelet.annotations.actions import AnnotationError, Box, Video, VideoSet
from tubelet.annotations.ava import EMPTY_FRAMES
from tubelet.annotations.box_numbers import check_boxes
from tubelet.annotations.losses import report_losses
from tubelet.annotations.pickles import load_pickle, save_pickle
from tubelet.annotations.text_files import PathLike, read_text, write_lines
from tubelet.annotations.units import frame_to_seconds, seconds_to_frame

_ROW = "video,second,x1,y1,x2,y2,label,score"
_PICKLE = 'a pickle of {"video,0902": boxes of shape (n, 5)}'


def read_slowfast_boxes(path: PathLike) -> VideoSet:
    """Read SlowFast's csv of person boxes; labels are the action ids as text, or "".

    Raises:
        AnnotationError: with file, line and value, where a row is not what was expected.
    """
    boxes: dict[str, list[Box]] = {}
    rows = csv.reader(io.StringIO(read_text(path, f"rows of {_ROW}")))
    numbers, found = [], []
    for cells in rows:
        try:
            video, second, *xyxy, label, score = cells
            corners = [float(cell) for cell in xyxy]
            found.append((video, Box(float(int(second)), _four(corners), label.strip(), float(score))))
        except ValueError:
            if cells:
                raise AnnotationError(
                    f"{path}: line {rows.line_num} is {','.join(cells)!r}; expected {_ROW}."
                ) from None
        else:
            numbers.append(rows.line_num)
    check_boxes([box.xyxy for _, box in found], 1, 1, lambda row: f"{path}: line {numbers[row]}")
    for video, box in found:
        boxes.setdefault(video, []).append(box)
    labels = sorted({box.label for _, box in found} - {""}, key=lambda label: (len(label), label))
    return VideoSet(tuple(Video(name, boxes=tuple(some)) for name, some in boxes.items()), tuple(labels))


def write_slowfast_boxes(path: PathLike, videos: VideoSet) -> None:
    """Write SlowFast's csv; the inverse of `read_slowfast_boxes`, a box without a score gets 1."""
    report_losses(path, videos, "boxes", scores=True)
    write_lines(
        path,
        (
            ",".join(
                [
                    video.path,
                    f"{round(box.time):04d}",
                    *map(repr, box.xyxy),
                    box.label,
                    repr(1.0 if box.score is None else box.score),
                ]
            )
            for video in videos
            for box in video.boxes
        ),
    )


def read_proposals(path: PathLike, *, frame_rate: float = 1.0, first: Literal[0, 1] = 0) -> VideoSet:
    """Read a pickle of proposals.

    Args:
        path: the pickle; may be gzipped.
        frame_rate: of the numbers in the keys: 1 for AVA's seconds, 25 for the frames of MultiSports.
        first: the number of a video's first frame: 0 for AVA's seconds, 1 for the frames of MultiSports.

    Raises:
        AnnotationError: with file, key and value, where the file is not what was expected.
    """
    content = load_pickle(path, _PICKLE)
    if not isinstance(content, dict):
        raise AnnotationError(f"{path} holds {type(content).__name__}; expected {_PICKLE}.")
    boxes: dict[str, list[Box]] = {}
    empty: dict[str, list[int]] = {}
    kinds = set()
    for key, value in content.items():
        video, _, number = str(key).rpartition(",")
        rows = np.asarray(value)
        if rows.size == 0:
            rows = rows.reshape(0, 5)
        if not video or not number.isdigit() or rows.ndim != 2 or rows.shape[1] != 5 or rows.dtype.kind not in "fiu":
            raise AnnotationError(f"{path}: {key!r} has the shape {rows.shape}; expected {_PICKLE}.")
        kinds.add(rows.dtype.name)
        check_boxes(rows[:, :4], 1, 1, lambda row, key=key: f"{path}: {key!r}, row {row}")  # type: ignore[misc]
        time = float(frame_to_seconds(int(number), frame_rate, first=first))
        boxes.setdefault(video, []).extend(Box(time, _four(row[:4]), "", row[4]) for row in rows.tolist())
        if not len(rows):
            empty.setdefault(video, []).append(int(number))
    videos = [
        Video(name, boxes=tuple(some), extra={EMPTY_FRAMES: empty[name]} if name in empty else {})
        for name, some in boxes.items()
    ]
    return VideoSet(tuple(videos), (), {"dtype": kinds.pop()} if len(kinds) == 1 else {})


def write_proposals(path: PathLike, videos: VideoSet, *, frame_rate: float = 1.0, first: Literal[0, 1] = 0) -> None:
    """Write a pickle of proposals; the inverse of `read_proposals`. A box without a score gets 1."""
    report_losses(path, videos, "boxes", scores=True)
    content: dict[str, list[list[float]]] = {}
    for video in videos:
        numbers = seconds_to_frame([box.time for box in video.boxes], frame_rate, first=first).tolist()
        for number, box in zip(numbers, video.boxes, strict=True):
            score = 1.0 if box.score is None else box.score
            content.setdefault(f"{video.path},{number:04d}", []).append([*box.xyxy, score])
        for number in video.extra.get(EMPTY_FRAMES, ()):
            content[f"{video.path},{number:04d}"] = []
    kind = videos.extra.get("dtype", "float64")
    save_pickle(path, {key: np.array(rows, kind).reshape(-1, 5) for key, rows in content.items()})


def _four(values: list[float]) -> tuple[float, float, float, float]:
    left, top, right, bottom = values
    return left, top, right, bottom
