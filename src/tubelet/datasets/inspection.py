"""A data set looked over before hours are spent on it: its annotations, their subsets, and its video files.

Annotation files that cannot be read at all raise, with file and line, as they do everywhere; what can be read is
gathered as `tubelet.datasets.findings`.
"""

from __future__ import annotations

import json
import os
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from itertools import chain
from typing import Any

import numpy as np
from numpy.typing import NDArray

from tubelet.annotations import AnnotationError, Box, Segment, Tube, Video
from tubelet.datasets.annotation_sources import AnnotationSource, read_source
from tubelet.datasets.file_inspection import find_copies, find_files, open_files
from tubelet.datasets.findings import Fault, Findings, group_faults

_FEW = 20  # classes that are named one by one
MOMENT = 1e-6
"""Seconds, and shares of a frame, that are rounding."""


def check_data(
    *paths: str | os.PathLike[str],
    format: str | None = None,
    videos: str | os.PathLike[str] | None = None,
    decode: bool = False,
    examples: int = 3,
    progress: Callable[[int, int], None] | None = None,
    **options: Any,
) -> Findings:
    """Look over a data set.

    Args:
        paths: annotation files of any format, folders with a folder of videos for every class, or plain folders of
            videos. Several are one data set: a video of two of them, such as of a list for training and one for
            testing, is in two subsets.
        format: of all files, a name of `tubelet.annotations.FORMATS`; None recognises each.
        videos: folder that holds the video files, which are then looked for and opened. Folders of videos are their
            own.
        decode: decode every frame, which finds damage in the middle of a file and takes as long as it takes.
        examples: places that are kept of each kind of finding.
        progress: called with (files done, files in all) as the video files are opened.
        options: what the format's reader takes beside the path.

    Raises:
        AnnotationError: when annotations cannot be read, ``videos`` is no folder, or a video fits two files in it.
    """
    if not paths:
        raise AnnotationError("there is nothing to check; expected annotation files or folders of videos.")
    sources = [read_source(path, format, videos, options) for path in paths]
    files, faults = find_files(sources)
    durations, wrong = open_files(files, decode, progress)
    every = [video for source in sources for video in source.videos]
    return Findings(
        sources=tuple(str(source.path) for source in sources),
        videos=len(every),
        instances=sum(len(video.segments) + len(video.tubes) for video in every),
        boxes=sum(len(video.boxes) + sum(len(tube.times) for tube in video.tubes) for video in every),
        files=len(files),
        findings=group_faults(chain(faults, wrong, find_copies(files), _in_annotations(sources, durations)), examples),
    )


def _in_annotations(sources: Sequence[AnnotationSource], durations: dict[str, float]) -> Iterator[Fault]:
    yield from _listings(sources)
    for source in sources:
        known = [
            video if video.duration is not None else replace(video, duration=durations.get(source.identity(video)))
            for video in source.videos
        ]
        yield from _times(known)
        yield from _boxes(known)
        yield from _repeated(known)
        yield from _unknown_labels(source)
    yield from _classes(sources)


def _listings(sources: Sequence[AnnotationSource]) -> Iterator[Fault]:
    """Videos that are listed more than once, in one subset or in several."""
    listed: dict[str, list[tuple[AnnotationSource, Video]]] = defaultdict(list)
    for source in sources:
        for video in source.videos:
            listed[source.identity(video)].append((source, video))
    for (source, video), *others in listed.values():
        subsets = dict.fromkeys(one.subset(other) for one, other in [(source, video), *others])
        if len(subsets) > 1:
            yield Fault("video in two subsets", video.path, " and ".join(subsets))
        elif others:
            yield Fault("video listed twice", video.path, f"{len(others) + 1} times in {source.path.name}")


def _times(videos: Sequence[Video]) -> Iterator[Fault]:
    for video in videos:
        for row in video.extra.get("reversed_segments", ()):
            yield Fault("segment ends before it starts", video.path, json.dumps(row, ensure_ascii=False))
    owners = [(video, action) for video in videos for action in _actions(video)]
    spans = np.array([_span(action) for _, action in owners], np.float64).reshape(-1, 2)
    durations = np.array([np.inf if video.duration is None else video.duration for video, _ in owners])
    segments = np.array([isinstance(action, Segment) for _, action in owners], bool)
    outside = (spans[:, 0] < -MOMENT) | (spans[:, 0] >= durations)
    late = ~outside & (spans[:, 1] > durations + MOMENT)
    empty = segments & (spans[:, 0] == spans[:, 1])
    for kind, wrong in (
        ("starts outside the video", outside),
        ("ends after the video", late),
        ("segment of no length", empty),
    ):
        for row in np.flatnonzero(wrong):
            video, action = owners[row]
            lasts = "" if video.duration is None else f"; the video lasts {video.duration:.6g} s"
            yield Fault(kind, video.path, f"{_described(action)}{lasts}")


def _boxes(videos: Sequence[Video]) -> Iterator[Fault]:
    owners: list[tuple[Video, Tube | Box]] = []
    arrays: list[NDArray[np.float64]] = []
    for video in videos:
        owners += [(video, tube) for tube in video.tubes]
        arrays += [tube.boxes for tube in video.tubes]
        if video.boxes:
            owners += [(video, box) for box in video.boxes]
            arrays.append(np.array([box.xyxy for box in video.boxes], np.float64))
    if not arrays:
        return
    boxes = np.concatenate(arrays)  # (N, 4)
    lengths = [len(owner.times) if isinstance(owner, Tube) else 1 for _, owner in owners]
    firsts = np.cumsum([0, *lengths[:-1]])
    low, high = boxes[:, :2], boxes[:, 2:]
    flat = ~(low < high).all(axis=1)  # a NaN has no area either
    away = ~flat & ((high <= MOMENT) | (low >= 1 - MOMENT)).any(axis=1)
    beyond = ~flat & ~away & ((low < -MOMENT) | (high > 1 + MOMENT)).any(axis=1)
    for kind, wrong in (
        ("box without area", flat),
        ("box outside the frame", away),
        ("box reaches out of the frame", beyond),
    ):
        for row in np.flatnonzero(wrong):
            place = int(np.searchsorted(firsts, row, side="right")) - 1
            video, owner = owners[place]
            time = owner.times[row - firsts[place]] if isinstance(owner, Tube) else owner.time
            corners = ", ".join(f"{corner:.4g}" for corner in boxes[row])
            yield Fault(kind, video.path, f"{owner.label!r} at {time:.2f} s: [{corners}]")


def _repeated(videos: Sequence[Video]) -> Iterator[Fault]:
    """Actions that are the same as another of their video to the last bit."""
    for video in videos:
        seen: set[Any] = set()
        for label in video.labels:
            if label in seen:
                yield Fault("same instance twice", video.path, repr(label.name))
            seen.add(label)
        for action in _actions(video):
            key = _key(action)
            if key in seen:
                yield Fault("same instance twice", video.path, _described(action))
            seen.add(key)


def _unknown_labels(source: AnnotationSource) -> Iterator[Fault]:
    classes = {*source.videos.classes, ""}
    for video in source.videos if source.videos.classes else ():
        for name, times in Counter(_labels(video)).items():
            if name not in classes:
                yield Fault("label is no class", video.path, repr(name), times)


def _classes(sources: Sequence[AnnotationSource]) -> Iterator[Fault]:
    """Classes that do not occur, or in training or in testing alone."""
    by_subset: dict[str, set[str]] = defaultdict(set)
    for source in sources:
        for video in source.videos:
            by_subset[source.subset(video)].update(_labels(video))
    occurring = set(chain.from_iterable(by_subset.values()))
    classes = tuple(dict.fromkeys(name for source in sources for name in source.videos.classes)) or sorted(occurring)
    names = " + ".join(source.path.name for source in sources)
    absent = [name for name in classes if name not in occurring]
    if len(absent) > max(len(occurring), _FEW):  # as of EPIC-KITCHENS' pairs of a verb and a noun
        yield Fault("class does not occur", names, f"{len(absent):,} of the {len(classes):,} classes")
    else:
        yield from (Fault("class does not occur", names, repr(name)) for name in absent)

    labelled = {subset for subset, labels in by_subset.items() if labels}
    # THUMOS'14 trains on the subset "val"
    training = {name for name in labelled if "train" in name.lower()} or {
        name for name in labelled if name.lower().startswith("val")
    }
    testing = labelled - training
    if not training or not testing:
        return
    trained, tested = (set(chain.from_iterable(by_subset[name] for name in part)) for part in (training, testing))
    for name in classes:
        if name in tested - trained:
            yield Fault("class is tested but not trained", " + ".join(sorted(testing)), repr(name))
        elif name in trained - tested:
            yield Fault("class is trained but not tested", " + ".join(sorted(training)), repr(name))


def _actions(video: Video) -> tuple[Segment | Tube | Box, ...]:
    return (*video.segments, *video.tubes, *video.boxes)


def _labels(video: Video) -> Iterator[str]:
    yield from (label.name for label in video.labels)
    yield from (action.label for action in _actions(video))


def _span(action: Segment | Tube | Box) -> tuple[float, float]:
    return (action.time, action.time) if isinstance(action, Box) else (action.start, action.end)


def _key(action: Segment | Tube | Box) -> Any:
    if isinstance(action, Tube):
        return action.label, action.times.tobytes(), action.boxes.tobytes(), action.score
    return replace(action, extra={}) if isinstance(action, Segment) else action


def _described(action: Segment | Tube | Box) -> str:
    if isinstance(action, Box):
        return f"{action.label!r} at {action.time:.2f} s"
    return f"{action.label!r} {action.start:.6g} to {action.end:.6g} s"
