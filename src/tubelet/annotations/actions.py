"""What happens in a video, in the one form that data sets, results, metrics and the viewer share.

A `Label` says *what*, a `Segment` says *when*, a `Box` says *where* at one moment and a `Tube` follows one actor
through time. A `Video` carries them together with the facts that their units rest on; a `VideoSet` is many videos and
the names of the classes. Time is in seconds from the first frame, boxes are xyxy in [0, 1] of the displayed frame.

What an official file says beyond that (a link, a taxonomy, the number of a narration) stands in ``extra``, by the
file's own names and as plain JSON values, so that its writer gives it back.

Files are JSON: `{"format": "tubelet", "version": 1, "classes": [...], "videos": [...]}`; fields that are not known are
left out. docs/annotations.md describes every field.
"""

from __future__ import annotations

import io
import json
import math
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import MISSING, dataclass, field, fields
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table

from tubelet.errors import TubeletError, did_you_mean

FORMAT_VERSION = 1
_PRINTED_VIDEOS = 20


class AnnotationError(TubeletError):
    """An annotation, or a file of them, that cannot be what it should be."""


@dataclass(frozen=True)
class Label:
    """What happens in a whole video or clip; the score is in [0, 1], None for ground truth."""

    name: str
    score: float | None = None


@dataclass(frozen=True)
class Segment:
    """An action from ``start`` to ``end`` (seconds); raises `AnnotationError` when it ends before it starts.

    The label of a proposal, which says when but not what, is "". ``extra`` is what else the file says about it.
    """

    start: float
    end: float
    label: str
    score: float | None = None
    extra: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def __post_init__(self) -> None:
        if not (math.isfinite(self.start) and math.isfinite(self.end) and self.start <= self.end):
            raise AnnotationError(
                f"segment {self.label!r} runs from {self.start} to {self.end} s; expected finite times, start <= end."
            )


@dataclass(frozen=True)
class Box:
    """One actor at one moment: ``time`` in seconds, ``xyxy`` in [0, 1] of the displayed frame."""

    time: float
    xyxy: tuple[float, float, float, float]
    label: str
    score: float | None = None
    actor: str | None = None


@dataclass(frozen=True, eq=False)
class Tube:
    """One actor's boxes while it does one thing.

    Args:
        times: (K,) seconds, ascending.
        boxes: (K, 4) xyxy in [0, 1] of the displayed frame, a row for each time.
        label: name of the class.
        score: in [0, 1], None for ground truth.
        actor: identity within the video; tubes of one actor share it.

    Raises:
        AnnotationError: when the arrays hold no numbers, do not fit each other or the times do not ascend.
    """

    times: np.ndarray
    boxes: np.ndarray
    label: str
    score: float | None = None
    actor: str | None = None

    def __post_init__(self) -> None:
        times, boxes = self._numbers("times"), self._numbers("boxes")
        if times.ndim != 1 or len(times) == 0 or boxes.shape != (len(times), 4):
            raise AnnotationError(
                f"tube {self.label!r} has times of shape {times.shape} and boxes of shape {boxes.shape}; "
                "expected (K,) and (K, 4) with K >= 1."
            )
        if not (times[1:] > times[:-1]).all():
            raise AnnotationError(f"tube {self.label!r} has times that do not ascend.")
        object.__setattr__(self, "times", times)
        object.__setattr__(self, "boxes", boxes)

    def _numbers(self, name: str) -> np.ndarray:
        values = getattr(self, name)
        try:
            array = np.asarray(values)
        except ValueError:  # rows of different lengths
            array = np.empty(0, object)
        if array.dtype.kind not in "fiu":
            raise AnnotationError(f"tube {self.label!r} has the {name} {values!r:.80}; expected numbers.")
        return array.astype(np.float64, copy=False)

    def __eq__(self, other: object) -> bool:
        """Equal when every field is, arrays to the last bit."""
        if not isinstance(other, Tube):
            return NotImplemented
        same = (self.label, self.score, self.actor) == (other.label, other.score, other.actor)
        return same and np.array_equal(self.times, other.times) and np.array_equal(self.boxes, other.boxes)

    @property
    def start(self) -> float:
        """Seconds of the first box."""
        return float(self.times[0])

    @property
    def end(self) -> float:
        """Seconds of the last box."""
        return float(self.times[-1])


@dataclass(frozen=True)
class Video:
    """A video and the actions in it.

    Args:
        path: file, or the data set's identifier where there is none.
        duration: seconds.
        frame_rate: frames a second.
        width: of the displayed frame, pixels.
        height: of the displayed frame, pixels.
        num_frames: frames in the file.
        subset: "train", "val", "test" or the data set's own word.
        labels: what happens in it as a whole.
        segments: when something happens.
        boxes: where, at single moments.
        tubes: where, through time.
        extra: what else the file says about it.
    """

    path: str
    duration: float | None = None
    frame_rate: float | None = None
    width: int | None = None
    height: int | None = None
    num_frames: int | None = None
    subset: str | None = None
    labels: tuple[Label, ...] = ()
    segments: tuple[Segment, ...] = ()
    boxes: tuple[Box, ...] = ()
    tubes: tuple[Tube, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict, hash=False)

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as they stand in the JSON file; what is None or empty is left out."""
        plain = {name: getattr(self, name) for name in _FACTS}
        plain |= {kind: [_plain(action) for action in getattr(self, kind)] for kind in _ACTIONS}
        plain["extra"] = dict(self.extra)
        return {key: value for key, value in plain.items() if value not in (None, [], {})}

    @classmethod
    def from_dict(cls, plain: Any, where: str = "the video") -> Video:
        """The inverse of `to_dict`.

        Args:
            plain: the values.
            where: file and video, for the error.

        Raises:
            AnnotationError: with the place and the value, on a field that is unknown, missing or of another type.
        """
        _check_fields(cls, plain, where)
        actions = {kind: _actions(action, plain.get(kind, ()), where) for kind, action in _ACTIONS.items()}
        return cls(**{**plain, **actions})

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """A table of the actions, the best first."""
        table = Table(title=self.path, title_justify="left")
        for heading in ("what", "from", "to", "score"):
            table.add_column(heading, justify="left" if heading == "what" else "right")
        rows: list[tuple[str, float | None, float | None, float | None]] = [
            *((label.name, None, None, label.score) for label in self.labels),
            *((s.label, s.start, s.end, s.score) for s in self.segments),
            *((t.label, t.start, t.end, t.score) for t in self.tubes),
            *((b.label, b.time, None, b.score) for b in self.boxes),
        ]
        for name, *numbers, score in rows:
            times = ["" if value is None else f"{value:.2f} s" for value in numbers]
            table.add_row(name, *times, "" if score is None else f"{score:.3f}")
        yield table

    def __str__(self) -> str:
        """The table, without colours."""
        return _printed(self)


_FACTS = ("path", "duration", "frame_rate", "width", "height", "num_frames", "subset")
_ACTIONS: dict[str, type] = {"labels": Label, "segments": Segment, "boxes": Box, "tubes": Tube}


@dataclass(frozen=True)
class VideoSet:
    """Videos and the names of the classes that their actions refer to, in the order of the class indices.

    ``extra`` is what the file says about the set as a whole, such as its version.
    """

    videos: tuple[Video, ...]
    classes: tuple[str, ...] = ()
    extra: Mapping[str, Any] = field(default_factory=dict, hash=False)
    _index: dict[str, int] = field(default_factory=dict, init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        self._index.update({name: i for i, name in enumerate(self.classes)})

    def __len__(self) -> int:
        return len(self.videos)

    def __iter__(self) -> Iterator[Video]:
        return iter(self.videos)

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """A table of the first videos, and how much happens in each."""
        table = Table(title=f"{len(self):,} videos, {len(self.classes):,} classes", title_justify="left")
        table.add_column("video", overflow="fold")
        for heading in ("seconds", *_ACTIONS):
            table.add_column(heading, justify="right")
        for video in self.videos[:_PRINTED_VIDEOS]:
            counts = (len(getattr(video, kind)) for kind in _ACTIONS)
            seconds = "" if video.duration is None else f"{video.duration:.2f}"
            table.add_row(video.path, seconds, *(f"{count:,}" if count else "" for count in counts))
        yield table
        if len(self) > _PRINTED_VIDEOS:
            yield f"... and {len(self) - _PRINTED_VIDEOS:,} more"

    def __str__(self) -> str:
        """The table, without colours."""
        return _printed(self)

    def class_index(self, name: str) -> int:
        """Index of a class; raises `AnnotationError` when there is no such class."""
        if name not in self._index:
            raise AnnotationError(f"class {name!r} is not among the {len(self.classes)} classes of this set.")
        return self._index[name]


def _printed(table: Video | VideoSet) -> str:
    console = Console(file=io.StringIO(), width=100, color_system=None)
    console.print(table)
    return str(console.file.getvalue()).rstrip("\n")  # type: ignore[attr-defined]  # a StringIO


def save_videos(
    path: str | os.PathLike[str],
    videos: Iterable[Video],
    classes: Sequence[str] = (),
    extra: Mapping[str, Any] | None = None,
) -> None:
    """Write videos as JSON, under a temporary name that is renamed when it is whole.

    Raises:
        AnnotationError: when the file cannot be written.
    """
    content = {
        "format": "tubelet",
        "version": FORMAT_VERSION,
        "classes": list(classes),
        **({"extra": dict(extra)} if extra else {}),
        "videos": [video.to_dict() for video in videos],
    }
    path = Path(path)
    part = path.with_name(f".{path.name}.part")
    try:
        part.write_text(json.dumps(content, ensure_ascii=False, allow_nan=False, indent=1) + "\n", encoding="utf-8")
        part.replace(path)
    except OSError as error:
        part.unlink(missing_ok=True)
        raise AnnotationError(f"{path} cannot be written ({error.strerror}).") from None


def load_videos(path: str | os.PathLike[str]) -> VideoSet:
    """Read what `save_videos` wrote.

    Raises:
        AnnotationError: when the file is not such a file, is cut short, or is of a newer version.
    """
    try:
        content = json.loads(Path(path).read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise AnnotationError(f"{path}: no such file; expected annotations as JSON.") from None
    except OSError as error:
        raise AnnotationError(f"{path} cannot be read ({error.strerror}); expected annotations as JSON.") from None
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise AnnotationError(f"{path} is not whole JSON: {error}.") from None
    if not isinstance(content, dict) or content.get("format") != "tubelet":
        raise AnnotationError(f'{path} is not a tubelet annotation file; expected {{"format": "tubelet", ...}}.')
    if content.get("version") != FORMAT_VERSION:
        raise AnnotationError(f"{path} has version {content.get('version')}; this tubelet reads {FORMAT_VERSION}.")
    _check_fields(_File, {name: value for name, value in content.items() if name in _TYPES[_File]}, str(path))
    unnamed = next((name for name in content["classes"] if not isinstance(name, str)), None)
    if unnamed is not None:
        raise AnnotationError(f"{path} has the class {unnamed!r:.80}; expected its name.")
    videos = tuple(
        Video.from_dict(plain, f"{path}: video {_name(plain, number)}")
        for number, plain in enumerate(content["videos"], start=1)
    )
    return VideoSet(videos, tuple(content["classes"]), content.get("extra", {}))


def _plain(action: Label | Segment | Box | Tube) -> dict[str, Any]:
    values = {name: getattr(action, name) for name in action.__dataclass_fields__}
    values = {key: value.tolist() if isinstance(value, np.ndarray) else value for key, value in values.items()}
    return {key: value for key, value in values.items() if value is not None and value != {}}


@dataclass(frozen=True)
class _File:
    """What a file holds beside its format and version."""

    videos: list[Any]
    classes: list[Any]
    extra: Mapping[str, Any] = field(default_factory=dict)


_NUMBER = frozenset({int, float})
_JSON_TYPES: dict[str, frozenset[type]] = {
    "str": frozenset({str}),
    "int": frozenset({int}),
    "float": _NUMBER,
    "Mapping[str, Any]": frozenset({dict}),
}
"""A field's type -> the types of its value in a file; any other field is a list there."""

_WORDS = {str: "text", float: "a number", int: "a whole number", dict: "an object", list: "a list"}


def _json_types(kind: type) -> dict[str, frozenset[type]]:
    """The types that each field may have in a file."""
    types = {}
    for one in fields(kind):
        name, _, optional = str(one.type).partition(" | ")
        types[one.name] = _JSON_TYPES.get(name, frozenset({list})) | ({type(None)} if optional else set())
    return types


def _required(kind: type) -> tuple[str, ...]:
    return tuple(one.name for one in fields(kind) if one.default is MISSING and one.default_factory is MISSING)


_IN_FILE = (_File, Video, *_ACTIONS.values())
_TYPES = {kind: _json_types(kind) for kind in _IN_FILE}
_REQUIRED = {kind: _required(kind) for kind in _IN_FILE}


def _check_fields(kind: type, plain: Any, where: str) -> None:
    """Raise `AnnotationError` unless these are the values of such a dataclass in a file."""
    types = _TYPES[kind]
    if not isinstance(plain, dict):
        raise AnnotationError(f"{where} is {plain!r:.80}; expected an object with the fields {', '.join(types)}.")
    try:
        for name in plain:
            if type(plain[name]) not in types[name]:
                raise AnnotationError(f"{where} has the {name} {plain[name]!r:.80}; expected {_expected(types[name])}.")
    except KeyError:
        raise AnnotationError(f"{where} has the unknown field {name!r}; {did_you_mean(name, types)}") from None
    for name in _REQUIRED[kind]:
        if name not in plain:
            raise AnnotationError(f"{where} has no {name}; expected {_expected(types[name])}.")


def _expected(types: frozenset[type]) -> str:
    return next(word for one, word in _WORDS.items() if one in types)


def _actions(kind: type, rows: Iterable[Any], where: str) -> tuple[Any, ...]:
    place = f"{where}, {kind.__name__.lower()}"
    return tuple(_action(kind, plain, f"{place} {number}") for number, plain in enumerate(rows, start=1))


def _action(kind: type, plain: Any, where: str) -> Any:
    """A `Label`, `Segment`, `Box` or `Tube` from its values in a file; raises `AnnotationError` with the place."""
    _check_fields(kind, plain, where)
    if kind is Box:
        xyxy = plain["xyxy"]
        if len(xyxy) != 4 or not _NUMBER.issuperset(map(type, xyxy)):
            raise AnnotationError(f"{where} has the xyxy {xyxy!r:.80}; expected four numbers.")
        plain = plain | {"xyxy": tuple(xyxy)}
    try:
        return kind(**plain)
    except AnnotationError as error:
        raise AnnotationError(f"{where}: {error}") from None


def _name(plain: Any, number: int) -> str:
    """What to call a video in an error: its path, or its number where it has none."""
    path = plain.get("path") if isinstance(plain, dict) else None
    return repr(path) if isinstance(path, str) else str(number)
