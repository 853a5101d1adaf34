"""MultiSports beside its ground-truth pickle (`act_tubes`): class lists, mmaction2's csv, and the two result files.

Li et al., MultiSports, ICCV 2021. Frames count from 1 at 25 frames a second. ``frame_detections.pkl`` is (N, 8):
index of the video in the ground truth's test list, frame, label from 0, score, x1, y1, x2, y2 in pixels.
``video_detections.pkl`` is {label: [(video, score, (n, 6) frame, x1, y1, x2, y2, score of the box)]}; the boxes' own
scores stand in ``extra["box_scores"]``, a list a tube. The csv has fractions: ``sport/video.mp4, frame, x1, y1, x2,
y2, label from 0, entity id``.
"""

import os
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from tubelet.annotations.actions import AnnotationError, Box, Tube, Video, VideoSet
from tubelet.annotations.ava import number_text
from tubelet.annotations.box_numbers import OUTSIDE, check_boxes, file_pixels
from tubelet.annotations.losses import report_losses
from tubelet.annotations.pickles import load_pickle, save_pickle
from tubelet.annotations.text_files import PathLike, class_names, read_json, read_lines, write_lines
from tubelet.annotations.units import frame_to_seconds, seconds_to_frame, to_fractions

FRAME_RATE = 25.0

_ROW = "sport/video.mp4,frame,x1,y1,x2,y2,label,entity_id"
_FRAMES = "a pickle of an array (N, 8): video, frame, label, score, x1, y1, x2, y2"
_TUBES = "a pickle of {label: [(video, score, (n, 6) array)]}"


def read_multisports_classes(path: PathLike) -> tuple[str, ...]:
    """The names of the classes, from ``labels.json`` or from mmaction2's ``label_map.txt`` ("0: aerobic_push_up")."""
    if str(path).endswith(".json"):
        names = read_json(path, "a list of names")
        if not isinstance(names, list) or not all(isinstance(name, str) for name in names):
            raise AnnotationError(f"{path} holds {names!r:.80}; expected a list of names.")
        return class_names(names)
    found: list[str] = []
    for number, line in read_lines(path, '"0: aerobic_push_up" on every line'):
        index, _, name = line.partition(":")
        if index.strip() != str(len(found)) or not name.strip():
            raise AnnotationError(f'{path}: line {number} is {line!r}; expected "{len(found)}: <class>".')
        found.append(name.strip())
    return class_names(found)


def read_multisports_csv(path: PathLike, *, classes: PathLike | Sequence[str]) -> VideoSet:
    """Read mmaction2's csv: rows that follow each other with one video, entity and label are a `Tube`.

    Args:
        path: the csv; may be gzipped.
        classes: names in the order of the labels, or a file that `read_multisports_classes` reads.

    Raises:
        AnnotationError: with file, line and value, where a row is not what was expected.
    """
    names = read_multisports_classes(classes) if isinstance(classes, str | os.PathLike) else class_names(classes)
    keys, frames, corners, lines = [], [], [], []
    for number, line in read_lines(path, f"rows of {_ROW}"):
        try:
            video, frame, *xyxy, label, entity = line.split(",")
            left, top, right, bottom = map(float, xyxy)
            keys.append((video, entity.strip(), int(label)))
            frames.append(int(frame))
        except ValueError:
            raise AnnotationError(f"{path}: line {number} is {line!r}; expected {_ROW}.") from None
        if not 0 <= int(label) < len(names):
            raise AnnotationError(f"{path}: line {number} has the label {label}; expected 0 to {len(names) - 1}.")
        corners.append((left, top, right, bottom))
        lines.append(number)
    boxes = check_boxes(corners, 1, 1, lambda row: f"{path}: line {lines[row]}")
    times = frame_to_seconds(frames, FRAME_RATE, first=1)
    tubes: dict[str, list[Tube]] = {}
    first = 0
    for row in range(1, len(keys) + 1):
        if row == len(keys) or keys[row] != keys[first] or frames[row] <= frames[row - 1]:
            video, entity, index = keys[first]
            tube = Tube(times[first:row], boxes[first:row], names[index], actor=entity)
            tubes.setdefault(video, []).append(tube)
            first = row
    videos = [Video(name, frame_rate=FRAME_RATE, tubes=tuple(some)) for name, some in tubes.items()]
    return VideoSet(tuple(videos), names)


def write_multisports_csv(path: PathLike, videos: VideoSet) -> None:
    """Write mmaction2's csv; the inverse of `read_multisports_csv`. A tube without an actor gets its number."""
    report_losses(path, videos, "tubes")
    lines: list[str] = []
    for video in videos:
        for index, tube in enumerate(video.tubes):
            frames = seconds_to_frame(tube.times, FRAME_RATE, first=1).tolist()
            label, actor = videos.class_index(tube.label), tube.actor or index
            lines.extend(
                ",".join([video.path, str(frame), *map(number_text, box), str(label), str(actor)])
                for frame, box in zip(frames, tube.boxes.tolist(), strict=True)
            )
    write_lines(path, lines)


def read_multisports_frame_detections(path: PathLike, ground_truth: VideoSet) -> VideoSet:
    """Read ``frame_detections.pkl``: a `Box` a row.

    Args:
        path: the pickle; may be gzipped.
        ground_truth: as `read_act_tubes` gives it; it has the order, the sizes and the classes.

    Returns:
        The videos of the test list, each with its detections in the order of the file.

    Raises:
        AnnotationError: with file, row and value, where the file is not what was expected.
    """
    rows = np.asarray(load_pickle(path, _FRAMES))
    if rows.ndim != 2 or rows.shape[1] != 8 or rows.dtype.kind not in "fiu":
        raise AnnotationError(f"{path} has the shape {rows.shape} and type {rows.dtype}; expected {_FRAMES}.")
    tested = _tested(ground_truth)

    def where(row: int) -> str:
        return f"{path}: row {row}"

    for column, what, count in ((0, "video", len(tested)), (2, "label", len(ground_truth.classes))):
        bad = ~((rows[:, column] >= 0) & (rows[:, column] < count))
        _refuse(where, bad, rows[:, column], what, f"0 to {count - 1}")
    _refuse(where, ~np.isfinite(rows).all(axis=1), rows, "numbers", "finite ones")
    index = rows[:, 0].astype(np.int64)
    sizes = np.array([(video.width, video.height) for video in tested], np.float64).reshape(-1, 2)[index]
    lengths = np.array([video.num_frames or np.inf for video in tested])[index]
    _check_rows(where, rows[:, 1], rows[:, 4:], lengths, sizes)
    fractions = np.asarray(rows[:, 4:], np.float64) / np.tile(sizes, 2)
    times = frame_to_seconds(rows[:, 1], FRAME_RATE, first=1)
    boxes: list[list[Box]] = [[] for _ in tested]
    for video, time, (x1, y1, x2, y2), label, score in zip(
        index.tolist(),
        times.tolist(),
        fractions.tolist(),
        rows[:, 2].astype(int).tolist(),
        rows[:, 3].tolist(),
        strict=True,
    ):
        boxes[video].append(Box(time, (x1, y1, x2, y2), ground_truth.classes[label], score))
    videos = [replace(video, tubes=(), boxes=tuple(some)) for video, some in zip(tested, boxes, strict=True)]
    return VideoSet(tuple(videos), ground_truth.classes)


def write_multisports_frame_detections(path: PathLike, videos: VideoSet, ground_truth: VideoSet) -> None:
    """Write ``frame_detections.pkl`` (float64); the inverse of `read_multisports_frame_detections`."""
    report_losses(path, videos, "boxes", scores=True)
    order = {video.path: index for index, video in enumerate(_tested(ground_truth))}
    parts = [np.empty((0, 8))]
    for video in videos:
        if not video.boxes:
            continue
        times, labels, scores = zip(*((box.time, box.label, _score(video, box)) for box in video.boxes), strict=True)
        frames = seconds_to_frame(times, FRAME_RATE, first=1)
        indices = [ground_truth.class_index(label) for label in labels]
        pixels = file_pixels([box.xyxy for box in video.boxes], *_size(video))
        place = np.full(len(frames), _place(order, video))
        parts.append(np.concatenate([np.stack([place, frames, indices, scores], axis=1), pixels], axis=1))
    save_pickle(path, np.concatenate(parts))


def read_multisports_video_detections(path: PathLike, ground_truth: VideoSet) -> VideoSet:
    """Read ``video_detections.pkl``: a `Tube` an entry; arguments, result and errors as the frames' reader."""
    content = load_pickle(path, _TUBES)
    tested = {video.path: video for video in _tested(ground_truth)}
    tubes: dict[str, list[tuple[Tube, list[float]]]] = {name: [] for name in tested}
    if not isinstance(content, dict):
        raise AnnotationError(f"{path} holds {type(content).__name__}; expected {_TUBES}.")
    for label, entries in content.items():
        if not isinstance(label, int | np.integer) or not 0 <= label < len(ground_truth.classes):
            raise AnnotationError(f"{path} has the label {label!r}; expected 0 to {len(ground_truth.classes) - 1}.")
        for number, entry in enumerate(entries):
            where = f"{path}: label {label}, tube {number}"
            tube, name, scores = _read_tube(where, entry, ground_truth.classes[int(label)], tested)
            tubes[name].append((tube, scores))
    videos = [
        replace(
            video,
            tubes=tuple(tube for tube, _ in tubes[name]),
            extra={"box_scores": [scores for _, scores in tubes[name]]} if tubes[name] else {},
        )
        for name, video in tested.items()
    ]
    return VideoSet(tuple(videos), ground_truth.classes)


def write_multisports_video_detections(path: PathLike, videos: VideoSet) -> None:
    """Write ``video_detections.pkl``; the inverse of `read_multisports_video_detections`.

    A box without a score of its own (``extra["box_scores"]``) has its tube's. Frames that a tube leaves out between its
    first and last are an error: the evaluator looks for each of them.
    """
    report_losses(path, videos, "tubes", scores=True)
    content: dict[int, list[tuple[str, float, np.ndarray]]] = {index: [] for index in range(len(videos.classes))}
    for video in videos:
        scores_of = video.extra.get("box_scores", ())
        for index, tube in enumerate(video.tubes):
            frames, score = seconds_to_frame(tube.times, FRAME_RATE, first=1), _score(video, tube)
            if np.any(np.diff(frames) != 1):
                raise AnnotationError(
                    f"{video.path} has a tube {tube.label!r} with frames left out; {path} must have all."
                )
            scores = scores_of[index] if len(scores_of) == len(video.tubes) else np.full(len(frames), score)
            rows = np.concatenate(
                [frames[:, None], file_pixels(tube.boxes, *_size(video)), np.asarray(scores)[:, None]], axis=1
            )
            content[videos.class_index(tube.label)].append((video.path, score, rows))
    save_pickle(path, content)


def _read_tube(where: str, entry: Any, label: str, tested: dict[str, Video]) -> tuple[Tube, str, list[float]]:
    try:
        name, score, rows = str(entry[0]), float(entry[1]), np.asarray(entry[2], np.float64)
    except (IndexError, KeyError, TypeError, ValueError):
        raise AnnotationError(f"{where} is {entry!r:.80}; expected (video, score, (n, 6) array).") from None
    if name not in tested:
        raise AnnotationError(f"{where} has the video {name!r}; expected one of the {len(tested)} of the test list.")
    where = f"{where} of {name!r}"
    if rows.ndim != 2 or rows.shape[1] != 6 or len(rows) == 0:
        raise AnnotationError(f"{where} has boxes of shape {rows.shape}; expected (n, 6).")
    if not np.isfinite(score):
        raise AnnotationError(f"{where} has the score {score}; expected a finite number.")
    not_finite = np.logical_not(np.isfinite(rows).all(axis=1))
    _refuse(lambda row: f"{where}, row {row}", not_finite, rows, "numbers", "finite ones")
    video = tested[name]
    lengths, sizes = np.full(len(rows), video.num_frames or np.inf), np.tile(_size(video), (len(rows), 1))
    _check_rows(lambda row: f"{where}, row {row}", rows[:, 0], rows[:, 1:5], lengths, sizes)
    times = frame_to_seconds(rows[:, 0], FRAME_RATE, first=1)
    try:
        tube = Tube(times, to_fractions(rows[:, 1:5], *_size(video)), label, score)
    except AnnotationError as error:
        raise AnnotationError(f"{where}: {error}") from None
    return tube, name, rows[:, 5].tolist()


def _tested(ground_truth: VideoSet) -> list[Video]:
    """The videos of the first test list in its order, for result files name videos by it."""
    if "test_videos" not in ground_truth.extra:
        return [video for video in ground_truth if video.subset == "test"]
    by_name = {video.path: video for video in ground_truth}
    return [by_name[name] for name in ground_truth.extra["test_videos"][0] if name in by_name]


def _refuse(where: Callable[[int], str], bad: np.ndarray, values: np.ndarray, what: str, expected: str) -> None:
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise AnnotationError(f"{where(row)} has the {what} {values[row].tolist()}; expected {expected}.")


def _check_rows(
    where: Callable[[int], str], frames: np.ndarray, boxes: np.ndarray, lengths: np.ndarray, sizes: np.ndarray
) -> None:
    """Raise `AnnotationError` with the first row whose frame is none of its video or whose box lies out of the picture.

    Args:
        where: file and place of a row.
        frames: (N,) from 1.
        boxes: (N, 4) xyxy, pixels.
        lengths: (N,) frames of the row's video.
        sizes: (N, 2) its width and height.
    """
    elsewhere = np.flatnonzero((frames != np.rint(frames)) | (frames < 1) | (frames > lengths))
    if len(elsewhere):
        row = int(elsewhere[0])
        raise AnnotationError(
            f"{where(row)} has the frame {frames[row]:g}; expected a whole number from 1 to {lengths[row]:g}."
        )
    edges = np.tile(sizes, 2)
    outside = np.flatnonzero(((boxes < -OUTSIDE * edges) | (boxes > (1 + OUTSIDE) * edges)).any(axis=1))
    if len(outside):
        row, (width, height) = int(outside[0]), sizes[outside[0]]
        raise AnnotationError(
            f"{where(row)} has the box {boxes[row].tolist()} on frame {frames[row]:g}; "
            f"expected pixels inside the frame of {width:g} x {height:g}."
        )


def _score(video: Video, action: Box | Tube) -> float:
    if action.score is None:
        raise AnnotationError(f"{video.path} has {action.label!r} without a score; detections need one.")
    return action.score


def _size(video: Video) -> tuple[int, int]:
    if video.width is None or video.height is None:
        raise AnnotationError(f"{video.path} lacks its width or height; detections are in pixels.")
    return video.width, video.height


def _place(order: dict[str, int], video: Video) -> int:
    if video.path not in order:
        raise AnnotationError(f"{video.path} is not in the test list of the ground truth.")
    return order[video.path]
