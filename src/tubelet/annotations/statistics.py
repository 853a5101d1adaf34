"""What data-set papers report of their annotation: how much there is, how long it lasts, how it is spread over classes.

The figures are those of FineAction's (Liu et al., TIP 2022) and MultiSports' (Li et al., ICCV 2021) tables and plots.
An instance is a segment or a tube. The share of overlapping instances is that of the instances which have more than a
moment in common with another instance of their video, of whichever class; papers that print one rarely define it.
"""

from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table

from tubelet.annotations.actions import Box, Segment, Tube, Video, VideoSet

HISTOGRAM_EDGES = (0.0, 0.5, 1.0, 2.0, 5.0, 10.0, 20.0, 30.0, 60.0, 120.0, float("inf"))
"""Seconds that part the durations; a bin has its lower edge and not its upper."""


@dataclass(frozen=True)
class Durations:
    """How long instances or videos last.

    Args:
        count: how many have a known duration; the others are not looked at.
        mean: seconds; like the next two, None where the count is 0.
        minimum: seconds.
        maximum: seconds.
        histogram: how many fall between each two of `HISTOGRAM_EDGES`.
    """

    count: int
    mean: float | None
    minimum: float | None
    maximum: float | None
    histogram: tuple[int, ...]


@dataclass(frozen=True)
class ClassCounts:
    """How often a class occurs: videos that have it, its segments, its tubes, and its boxes, in tubes or alone."""

    name: str
    videos: int
    segments: int
    tubes: int
    boxes: int

    @property
    def total(self) -> int:
        """Instances where there are any, else boxes, else videos: what the long tail is sorted by."""
        return self.segments + self.tubes or self.boxes or self.videos


@dataclass(frozen=True)
class SetStatistics:
    """The figures of a `VideoSet`; prints itself as tables.

    Args:
        videos: how many there are.
        empty_videos: those in which nothing happens.
        instances: segments and tubes whose label is a class of the set.
        other_instances: those with another label, such as THUMOS'14's Ambiguous; no other figure counts them.
        boxes: in tubes or alone.
        instance_durations: a tube's last box is shown for one frame, where the frame rate is known.
        video_durations: of the videos.
        overlapping: share in [0, 1] of the instances that overlap another in time, see above; None without instances.
        zero_length: instances that end where they start.
        late: instances that end after their video, where its duration is known.
        classes: those that occur, the most frequent first (the long tail).
    """

    videos: int
    empty_videos: int
    instances: int
    other_instances: int
    boxes: int
    instance_durations: Durations
    video_durations: Durations
    overlapping: float | None
    zero_length: int
    late: int
    classes: tuple[ClassCounts, ...]

    @property
    def instances_per_video(self) -> float:
        """Mean over all videos, also the empty ones."""
        return self.instances / self.videos if self.videos else 0.0

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """The figures, the durations and the classes, a table each."""
        figures = _table("", "figure", "value")
        for name, value in (
            ("videos", f"{self.videos:,}"),
            ("videos in which nothing happens", f"{self.empty_videos:,}"),
            ("instances", f"{self.instances:,}"),
            ("instances of no class", f"{self.other_instances:,}"),
            ("instances a video", f"{self.instances_per_video:.2f}"),
            ("overlapping instances", "" if self.overlapping is None else f"{self.overlapping:.1%}"),
            ("instances of no length", f"{self.zero_length:,}"),
            ("instances that end after the video", f"{self.late:,}"),
            ("boxes", f"{self.boxes:,}"),
            ("classes that occur", f"{len(self.classes):,}"),
        ):
            figures.add_row(name, value)
        yield figures

        durations = _table("durations", "seconds", "instances", "videos")
        both = (self.instance_durations, self.video_durations)
        for name, get in _SUMMARY.items():
            durations.add_row(name, *("" if get(one) is None else f"{get(one):.2f}" for one in both))
        for index, (low, high) in enumerate(pairwise(HISTOGRAM_EDGES)):
            durations.add_row(
                f"{low:g} to {high:g}" if high < float("inf") else f"{low:g} or more",
                *(f"{one.histogram[index]:,}" for one in both),
            )
        yield durations

        classes = _table("classes, the most frequent first", "class", "videos", "segments", "tubes", "boxes")
        for one in self.classes:
            classes.add_row(one.name, *(f"{count:,}" for count in (one.videos, one.segments, one.tubes, one.boxes)))
        yield classes


_SUMMARY: dict[str, Callable[[Durations], float | None]] = {
    "mean": lambda durations: durations.mean,
    "shortest": lambda durations: durations.minimum,
    "longest": lambda durations: durations.maximum,
}


def compute_statistics(videos: VideoSet) -> SetStatistics:
    """The figures of a set; where it names no classes, every label is one."""
    known = set(videos.classes) or None
    spans = [_instance_spans(video, known) for video in videos]
    starts_ends = np.concatenate([np.zeros((0, 2)), *spans])
    lengths = starts_ends[:, 1] - starts_ends[:, 0]
    overlapping = sum(int(_overlaps(span).sum()) for span in spans)
    late = sum(
        sum(action.end > video.duration for action in _instances(video, known))
        for video in videos
        if video.duration is not None
    )
    all_instances = sum(len(video.segments) + len(video.tubes) for video in videos)
    classes = _count_classes(videos, known)
    return SetStatistics(
        videos=len(videos),
        empty_videos=sum(not (video.labels or video.segments or video.boxes or video.tubes) for video in videos),
        instances=len(lengths),
        other_instances=all_instances - len(lengths),
        boxes=sum(one.boxes for one in classes),
        instance_durations=_durations(lengths),
        video_durations=_durations(np.array([video.duration for video in videos if video.duration is not None])),
        overlapping=overlapping / len(lengths) if len(lengths) else None,
        zero_length=int((lengths == 0).sum()),
        late=late,
        classes=classes,
    )


def _instances(video: Video, known: set[str] | None) -> list[Segment | Tube]:
    instances: tuple[Segment | Tube, ...] = (*video.segments, *video.tubes)
    return [one for one in instances if known is None or one.label in known]


def _instance_spans(video: Video, known: set[str] | None) -> NDArray[np.float64]:
    frame = 1 / video.frame_rate if video.frame_rate else 0.0
    spans = [(one.start, one.end + frame * isinstance(one, Tube)) for one in _instances(video, known)]
    return np.array(spans, np.float64).reshape(-1, 2)


def _overlaps(spans: NDArray[np.float64]) -> NDArray[np.bool_]:
    """Which of the (N, 2) starts and ends have more than a moment in common with another; the order is not kept."""
    spans = spans[spans[:, 1] > spans[:, 0]]
    spans = spans[np.argsort(spans[:, 0], kind="stable")]
    if len(spans) < 2:
        return np.zeros(len(spans), bool)
    into_earlier = np.maximum.accumulate(spans[:-1, 1]) > spans[1:, 0]
    into_later = spans[1:, 0] < spans[:-1, 1]
    return np.concatenate([[False], into_earlier]) | np.concatenate([into_later, [False]])


def _durations(seconds: NDArray[np.float64]) -> Durations:
    histogram = tuple(int(count) for count in np.histogram(seconds, HISTOGRAM_EDGES)[0])
    if not len(seconds):
        return Durations(0, None, None, None, histogram)
    return Durations(len(seconds), float(seconds.mean()), float(seconds.min()), float(seconds.max()), histogram)


def _names(video: Video) -> set[str]:
    actions: tuple[Segment | Box | Tube, ...] = (*video.segments, *video.boxes, *video.tubes)
    return {label.name for label in video.labels} | {action.label for action in actions}


def _count_classes(videos: VideoSet, known: set[str] | None) -> tuple[ClassCounts, ...]:
    present = Counter(name for video in videos for name in _names(video))
    segments = Counter(segment.label for video in videos for segment in video.segments)
    tubes = Counter(tube.label for video in videos for tube in video.tubes)
    boxes = Counter(box.label for video in videos for box in video.boxes)
    for video in videos:
        for tube in video.tubes:
            boxes[tube.label] += len(tube.times)
    counts = (
        ClassCounts(name, present[name], segments[name], tubes[name], boxes[name])
        for name in present
        if known is None or name in known
    )
    return tuple(sorted(counts, key=lambda one: (-one.total, one.name)))


def _table(title: str, *headings: str) -> Table:
    table = Table(title=title or None, title_justify="left")
    for index, heading in enumerate(headings):
        table.add_column(heading, justify="right" if index else "left", overflow="fold")
    return table
