"""AVA's csv files: boxes on the key frames of movies, one row for every label of every box.

Gu et al., AVA, CVPR 2018. A row is ``video, second, x1, y1, x2, y2 (fractions), action id`` without a header; ground
truth of v2.2 adds the person's number, predictions add the score. A row of video and second alone is a frame without
boxes. The second is the time in the movie (902 to 1798, one key frame each), and so is `Box.time`. Action ids count
from 1; the label map of the 60 evaluated classes leaves numbers out, so a set keeps its ids in
``extra["label_ids"]``.
"""

from __future__ import annotations

import gc
from collections import defaultdict
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import count

import numpy as np
from numpy.typing import NDArray

from tubelet.annotations.actions import AnnotationError, Box, Video, VideoSet
from tubelet.annotations.ava_lists import read_ava_label_map
from tubelet.annotations.box_numbers import check_boxes
from tubelet.annotations.losses import report_losses
from tubelet.annotations.text_files import PathLike, read_text, write_lines

EMPTY_FRAMES = "frames_without_boxes"
_ROW = "video,second,x1,y1,x2,y2,action_id"


@dataclass(frozen=True, eq=False)
class AvaColumns:
    """The N rows of a file, and the frames without boxes.

    Args:
        names: of the videos, in the order of the file.
        videos: (N,) index into ``names``.
        seconds: (N,) time in the movie.
        boxes: (N, 4) xyxy, fractions of the frame.
        labels: (N,) action ids, from 1.
        scores: (N,), None for ground truth.
        actors: (N,) the persons' numbers, None where the file has none.
        empty: (M, 2) index of the video and second of the frames without boxes.
    """

    names: tuple[str, ...]
    videos: NDArray[np.int64]
    seconds: NDArray[np.int64]
    boxes: NDArray[np.float64]
    labels: NDArray[np.int64]
    scores: NDArray[np.float64] | None
    actors: NDArray[np.int64] | None
    empty: NDArray[np.int64]


def read_ava_columns(path: PathLike, *, predictions: bool = False) -> AvaColumns:
    """Read a csv as columns, for the evaluators: every row of the file in its order.

    Args:
        path: the csv; may be gzipped.
        predictions: whether the eighth column is a score; it is the person's number otherwise. Boxes of predictions may
            be empty or leave the frame: evaluators have their own rules for them.

    Raises:
        AnnotationError: with file, line and value, where a row is not what was expected.
    """
    lines = read_text(path, f"rows of {_ROW}").splitlines()
    commas = np.array([line.count(",") for line in lines], np.int64)
    whole = (commas == 6) | (commas == 7)
    blank = []
    for place in np.flatnonzero(~whole).tolist():
        line = lines[place]
        if commas[place] and not any(line.split(",")[2:]):
            blank.append(place)
        elif line.strip():
            raise AnnotationError(
                f"{path}: line {place + 1} has {commas[place] + 1} cells; expected 7 or 8, {_ROW}, or 2 for a frame "
                f"without boxes: {line!r}."
            )
    places = np.flatnonzero(whole)
    width = int(commas[places[0]]) + 1 if len(places) else 7
    if predictions and len(places) and width != 8:
        raise AnnotationError(f"{path}: line {places[0] + 1} has no score; expected {_ROW},score.")
    uneven = places[commas[places] != width - 1]
    if len(uneven):
        raise AnnotationError(
            f"{path}: line {uneven[0] + 1} has {commas[uneven[0]] + 1} cells; expected {width} as in line "
            f"{places[0] + 1}."
        )
    order: dict[str, int] = defaultdict(count().__next__)
    rows = _Rows.of(path, lines, places.tolist(), width, order)
    empty = _Rows.of(path, lines, blank, 2, order)
    boxes = np.stack([rows.finite(column) for column in range(2, 6)], axis=1)
    if not predictions:
        check_boxes(boxes, 1, 1, lambda row: f"{path}: line {places[row] + 1}")
    frames = np.stack([empty.videos, empty.integers(1, "a second")], axis=1)
    return AvaColumns(
        tuple(order),
        rows.videos,
        rows.integers(1, "a second"),
        boxes,
        rows.integers(6, "an action id from 1", least=1),
        rows.finite(7) if predictions and width == 8 else None,
        rows.integers(7, "a person's number") if not predictions and width == 8 else None,
        frames,
    )


def read_ava(
    path: PathLike,
    *,
    label_map: PathLike | Mapping[int, str] | None = None,
    predictions: bool = False,
    subset: str | None = None,
) -> VideoSet:
    """Read ground truth or predictions: a `Box` for every row, of one actor where the rows have one person's number.

    Args:
        path: the csv; may be gzipped.
        label_map: the names of the action ids, or their file (.pbtxt); None calls the 80 actions "1" to "80".
        predictions: whether the eighth column is a score; it is the person's number otherwise.
        subset: what the videos' ``subset`` shall say.

    Raises:
        AnnotationError: with file, line and value, where a row or an action id is not what was expected.
    """
    columns = read_ava_columns(path, predictions=predictions)
    names = _names(label_map)
    unknown = ~np.isin(columns.labels, list(names))
    if unknown.any():
        row = int(np.flatnonzero(unknown)[0])
        raise AnnotationError(
            f"{path}: {columns.names[columns.videos[row]]} at {columns.seconds[row]} s has the action id "
            f"{columns.labels[row]}; expected one of the {len(names)} of the label map."
        )
    with _no_collection():
        by_video = _boxes(columns, names)
    empty: list[list[int]] = [[] for _ in columns.names]
    for video, second in columns.empty.tolist():
        empty[video].append(second)
    videos = [
        Video(name, subset=subset, boxes=tuple(by_video[i]), extra={EMPTY_FRAMES: empty[i]} if empty[i] else {})
        for i, name in enumerate(columns.names)
    ]
    return VideoSet(tuple(videos), tuple(names.values()), {"label_ids": list(names)})


def write_ava(path: PathLike, videos: VideoSet) -> None:
    """Write a csv, ground truth or predictions; the inverse of `read_ava`, videos one after the other.

    Rows end with the score if the first box has one, else with the actor if it has one. Numbers of up to three decimals
    are written with three, as AVA's are, all others in full.

    Raises:
        AnnotationError: when a label is none of the classes, a time is no whole second, or only some boxes have a score
            or an actor.
    """
    report_losses(path, videos, "boxes", scores=True)
    ids = videos.extra.get("label_ids", range(1, len(videos.classes) + 1))
    id_of = {name: str(label) for name, label in zip(videos.classes, ids, strict=True)}
    first = next((box for video in videos for box in video.boxes), None)
    kind = None if first is None else "score" if first.score is not None else "actor" if first.actor else None
    lines: list[str] = []
    for video in videos:
        rows = [(box.time, _line(path, video.path, box, id_of, kind)) for box in video.boxes]
        empty = [(float(second), f"{video.path},{second:04d}") for second in video.extra.get(EMPTY_FRAMES, ())]
        rows = sorted(rows + empty, key=lambda row: row[0]) if empty else rows
        lines.extend(line for _, line in rows)
    write_lines(path, lines)


def _names(label_map: PathLike | Mapping[int, str] | None) -> Mapping[int, str]:
    if label_map is None:
        return {label: str(label) for label in range(1, 81)}
    return label_map if isinstance(label_map, Mapping) else read_ava_label_map(label_map)


def _boxes(columns: AvaColumns, names: Mapping[int, str]) -> list[list[Box]]:
    """The boxes of each video."""
    none = [None] * len(columns.labels)
    boxes = map(
        Box,
        columns.seconds.astype(np.float64).tolist(),
        zip(*columns.boxes.T.tolist(), strict=True),
        map(names.__getitem__, columns.labels.tolist()),
        none if columns.scores is None else columns.scores.tolist(),
        none if columns.actors is None else map(str, columns.actors.tolist()),
    )
    by_video: list[list[Box]] = [[] for _ in columns.names]
    for video, box in zip(columns.videos.tolist(), boxes, strict=True):
        by_video[video].append(box)
    return by_video


@contextmanager
def _no_collection() -> Iterator[None]:
    """No garbage collection: it walks over all boxes made so far again and again, half of the time."""
    collects = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if collects:
            gc.enable()


def _line(path: PathLike, name: str, box: Box, id_of: Mapping[str, str], kind: str | None) -> str:
    if box.label not in id_of:
        raise AnnotationError(f"{name} has the label {box.label!r}; expected one of the {len(id_of)} classes.")
    if box.time != int(box.time):
        raise AnnotationError(f"{name} has a box at {box.time} s; {path} can hold whole seconds only.")
    cells = [name, f"{int(box.time):04d}", *map(number_text, box.xyxy), id_of[box.label]]
    if kind is not None:
        last = box.score if kind == "score" else box.actor
        if last is None:
            raise AnnotationError(f"{name} has a box at {box.time} s without the {kind} that others have.")
        cells.append(repr(last) if kind == "score" else str(last))
    return ",".join(cells)


def number_text(value: float) -> str:
    """A number with three decimals if that is all of it, else in full."""
    text = f"{value:.3f}"
    return text if float(text) == value else repr(value)


@dataclass(frozen=True, eq=False)
class _Rows:
    """Some lines of a file.

    Args:
        path: of the file.
        places: of the N lines, from 0.
        texts: of the lines.
        numbers: (N, C) the cells; the number of the video in the place of its name, NaN for what is no number.
    """

    path: PathLike
    places: list[int]
    texts: list[str]
    numbers: NDArray[np.float64]

    @classmethod
    def of(cls, path: PathLike, lines: list[str], places: list[int], width: int, order: dict[str, int]) -> _Rows:
        """The first ``width`` cells of the lines at ``places``; ``order`` gives a new name the next number."""
        texts = [lines[place] for place in places]
        if not texts:
            return cls(path, places, texts, np.zeros((0, width)))
        try:
            numbers = np.loadtxt(
                texts,
                comments=None,
                delimiter=",",
                converters={0: order.__getitem__},
                usecols=range(width),
                ndmin=2,
                encoding="utf-8",
            )
        except ValueError:  # a cell is no number, or one that only Python reads
            cells = [text.split(",")[:width] for text in texts]
            numbers = np.array([[order[name], *map(_number_or_nan, others)] for name, *others in cells])
        return cls(path, places, texts, numbers)

    @property
    def videos(self) -> NDArray[np.int64]:
        """(N,) the numbers of the videos."""
        return self.numbers[:, 0].astype(np.int64)

    def finite(self, column: int) -> NDArray[np.float64]:
        """(N,) the numbers of a column of the file."""
        numbers = self.numbers[:, column]
        self._check(np.isfinite(numbers), column, "a finite number")
        return numbers

    def integers(self, column: int, expected: str, least: int = 0) -> NDArray[np.int64]:
        """(N,) likewise, where they are whole and not below ``least``."""
        numbers = self.finite(column)
        self._check((numbers == np.rint(numbers)) & (numbers >= least), column, expected)
        return numbers.astype(np.int64)

    def _check(self, good: NDArray[np.bool_], column: int, expected: str) -> None:
        if not good.all():
            row = int(np.argmin(good))
            cell = self.texts[row].split(",")[column]
            raise AnnotationError(f"{self.path}: line {self.places[row] + 1} has {cell!r}; expected {expected}.")


def _number_or_nan(cell: str) -> float:
    try:
        return float(cell)
    except ValueError:
        return float("nan")
