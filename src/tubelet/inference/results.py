"""What a recogniser found in a video: labels for the whole, and for a long video a timeline of sliding windows.

A result prints itself as a table, saves as JSON, and hands out `tubelet.annotations.Video`, the form that the viewer
draws and annotation files hold. It keeps the classes that were ever among the best, not all 400 of every window.
"""

import io
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from rich.console import Console, ConsoleOptions, Group, RenderResult
from rich.table import Table
from rich.text import Text

from tubelet.annotations import AnnotationError, Label, Segment, Video
from tubelet.errors import TubeletError

FORMAT = "tubelet.recognition"
VERSION = 1
PRINTED_SEGMENTS = 40


class ResultError(TubeletError):
    """A file that should hold results of a recogniser and does not."""


@dataclass(frozen=True, eq=False)
class Timeline:
    """Scores of the windows that slid over a long video.

    Args:
        windows: (W, 2) start and end in seconds, ascending.
        scores: (W, K) probabilities, float32.
        classes: K names: those that were among the best of some window.
    """

    windows: np.ndarray
    scores: np.ndarray
    classes: tuple[str, ...]

    def to_dict(self) -> dict[str, Any]:
        """Plain values, scores to five places."""
        return {
            "classes": list(self.classes),
            "windows": self.windows.round(4).tolist(),
            "scores": [[round(score, 5) for score in row] for row in self.scores.astype(float).tolist()],
        }

    @classmethod
    def from_dict(cls, plain: dict[str, Any]) -> "Timeline":
        """The inverse of `to_dict`."""
        classes = tuple(plain["classes"])
        windows = np.array(plain["windows"], np.float64).reshape(-1, 2)
        return cls(windows, np.array(plain["scores"], np.float32).reshape(len(windows), len(classes)), classes)


@dataclass(frozen=True)
class RecognitionResult:
    """What a model saw in one video.

    Args:
        video: the file's facts, its best labels with their scores, and for a long video the segments.
        model: name of the model and where its weights came from.
        timeline: the sliding windows of a long video; None for a short clip.
        warnings: what the reader said of damage in the file.
    """

    video: Video
    model: str
    timeline: Timeline | None = None
    warnings: tuple[str, ...] = ()

    @property
    def path(self) -> str:
        """The video file."""
        return self.video.path

    @property
    def labels(self) -> tuple[Label, ...]:
        """The best labels of the whole video, the best first."""
        return self.video.labels

    @property
    def segments(self) -> tuple[Segment, ...]:
        """When what happens; empty for a short clip."""
        return self.video.segments

    def to_dict(self) -> dict[str, Any]:
        """Plain values, as they stand in the JSON file."""
        plain: dict[str, Any] = {
            "format": FORMAT,
            "version": VERSION,
            "model": self.model,
            "video": self.video.to_dict(),
        }
        if self.timeline is not None:
            plain["timeline"] = self.timeline.to_dict()
        return plain | ({"warnings": list(self.warnings)} if self.warnings else {})

    @classmethod
    def from_dict(cls, plain: dict[str, Any]) -> "RecognitionResult":
        """The inverse of `to_dict`; raises `ResultError` when something is missing."""
        if plain.get("format") != FORMAT or plain.get("version") != VERSION:
            raise ResultError(
                f"expected a result with format {FORMAT!r} and version {VERSION}; "
                f"got {plain.get('format')!r} and {plain.get('version')!r}."
            )
        try:
            timeline = Timeline.from_dict(plain["timeline"]) if "timeline" in plain else None
            return cls(Video.from_dict(plain["video"]), plain["model"], timeline, tuple(plain.get("warnings", ())))
        except (AnnotationError, KeyError, TypeError, ValueError) as error:
            raise ResultError(f"a result's fields do not fit: {str(error).rstrip('.')}.") from None

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the result as JSON, under a temporary name that is renamed when it is whole."""
        path = Path(path)
        part = path.with_name(f".{path.name}.part")
        part.write_text(json.dumps(self.to_dict(), ensure_ascii=False, allow_nan=False) + "\n", encoding="utf-8")
        part.replace(path)

    @classmethod
    def load(cls, path: str | os.PathLike[str]) -> "RecognitionResult":
        """Read what `save` wrote; raises `ResultError` when the file is missing or is no such file."""
        try:
            plain = json.loads(Path(path).read_text(encoding="utf-8"))
        except FileNotFoundError:
            raise ResultError(f"{path}: no such file; expected a saved recognition result.") from None
        except (json.JSONDecodeError, UnicodeDecodeError) as error:
            raise ResultError(f"{path} is not whole JSON: {error}.") from None
        try:
            return cls.from_dict(plain if isinstance(plain, dict) else {})
        except ResultError as error:
            raise ResultError(f"{path}: {error}") from None

    def __str__(self) -> str:
        """The table, without colours."""
        console = Console(file=io.StringIO(), width=100, color_system=None)
        console.print(self)
        text = console.file.getvalue()  # type: ignore[attr-defined]  # a StringIO
        return "\n".join(line.rstrip() for line in str(text).splitlines()).strip("\n")

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """A heading, the labels with bars, and the segments of a long video."""
        yield Group(*self._parts())

    def _parts(self) -> Iterator[Text | Table]:
        facts = [
            f"{self.video.width} x {self.video.height}" if self.video.width else "",
            f"{self.video.frame_rate:.4g} frames/s" if self.video.frame_rate else "",
            f"{self.video.duration:.1f} s" if self.video.duration is not None else "",
        ]
        for warning in self.warnings:
            yield Text(f"warning: {warning}", style="yellow")
        yield Text.assemble((self.path, "bold"), "  ", ("  ".join(filter(None, facts)), "dim"))
        table = Table(box=None, padding=(0, 2), pad_edge=False, show_header=False)
        for label in self.labels:
            score = label.score or 0.0
            table.add_row(label.name, Text("█" * round(score * 24) or "▏", style="cyan"), f"{score:.1%}")
        yield table
        if self.timeline is None:
            return
        plural = "" if len(self.segments) == 1 else "s"
        yield Text(f"\n{len(self.segments)} segment{plural} in {len(self.timeline.windows)} windows", style="dim")
        table = Table(box=None, padding=(0, 2), pad_edge=False, header_style="dim")
        for heading in ("from", "to", "what", "score"):
            table.add_column(heading, justify="left" if heading == "what" else "right")
        for segment in self.segments[:PRINTED_SEGMENTS]:
            table.add_row(_clock(segment.start), _clock(segment.end), segment.label, f"{segment.score or 0.0:.1%}")
        if self.segments:
            yield table
        if len(self.segments) > PRINTED_SEGMENTS:
            yield Text(f"… and {len(self.segments) - PRINTED_SEGMENTS} more", style="dim")


def _clock(seconds: float) -> str:
    minutes, rest = divmod(round(seconds, 2), 60)
    return f"{int(minutes)}:{rest:05.2f}"
