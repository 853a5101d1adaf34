"""The files of a benchmark, and how each is read: in any format that the benchmark knows, or refused in one sentence.

Ground truth and predictions are recognised by what is in them. Videos of the ground truth are those of one subset,
where the file has subsets.
"""

from __future__ import annotations

import math
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Any

from tubelet.annotations import FORMATS, Box, Label, Segment, Tube, Video, VideoSet, read_annotations, recognise
from tubelet.annotations.video_files import VIDEO_SUFFIXES
from tubelet.errors import TubeletError, did_you_mean

Options = Mapping[str, Any]
Action = Label | Segment | Box | Tube


class ScoringError(TubeletError):
    """Files that cannot be scored, or an option that a benchmark does not have."""


@dataclass(frozen=True)
class Files:
    """What is scored.

    Args:
        ground_truth: in one of the benchmark's own formats, or tubelet's JSON.
        predictions: likewise, with scores.
        boxes: boxes on frames with scores, for the frame-mAP of benchmarks whose ``predictions`` are tubes.
        classes: names of the classes, or AVA's label map.
        excluded: AVA's excluded timestamps.
        lists: a folder of EPIC-KITCHENS-100's lists of classes, tails and participants; None for the ground truth's.
        info: a csv of videos with what the ground truth does not say: subsets (BSN) or numbers of frames (MultiTHUMOS).
        test_list: UCF101-24's list of test videos.
        subset: of the ground truth; None for the one that papers report on.
        split: of UCF101, HMDB51, JHMDB and UCF101-24, from 1.
    """

    ground_truth: Path
    predictions: Path
    boxes: Path | None = None
    classes: Path | None = None
    excluded: Path | None = None
    lists: Path | None = None
    info: Path | None = None
    test_list: Path | None = None
    subset: str | None = None
    split: int = 1


def read_known(path: Path, formats: Mapping[str, Options]) -> VideoSet:
    """Read a file in one of some formats.

    Args:
        path: of the file or folder.
        formats: names of `tubelet.annotations.FORMATS`, and what options each is read with.

    Raises:
        ScoringError: when the file is in another format.
        AnnotationError: when it is in none, or not what was expected.
    """
    name = recognise(path)
    if name not in formats:
        expected = "; ".join(FORMATS[one].title for one in formats)
        raise ScoringError(f"{path} looks like the format {name} ({FORMATS[name].title}); expected one of: {expected}.")
    return read_annotations(path, name, **formats[name])


def of_subset(videos: VideoSet, path: Path, asked: str | None, usual: Collection[str] = ()) -> VideoSet:
    """The videos of a subset.

    Args:
        videos: the set; where no video has a subset, all of them are returned.
        path: its file, for the error.
        asked: the subset, upper or lower case.
        usual: names of the subset that is meant when none is asked for; none of them takes all videos.

    Raises:
        ScoringError: when no video is in it.
    """
    present = {video.subset for video in videos if video.subset}
    wanted = {asked.lower()} if asked else {name.lower() for name in usual}
    if not wanted or (not present and not asked):
        return videos
    chosen = tuple(video for video in videos if (video.subset or "").lower() in wanted)
    if not chosen:
        has = f"it has {', '.join(sorted(present))}" if present else "it has no subsets"
        raise ScoringError(f"{path} has no video in the subset {' or '.join(sorted(wanted))}; {has}.")
    return VideoSet(chosen, videos.classes, videos.extra)


def checked_scores(videos: VideoSet, path: Path) -> VideoSet:
    """The same videos, if all that happens in them has a score; raises `ScoringError` with the first that has none."""
    for video in videos:
        for number, action in enumerate(_actions(video), start=1):
            if action.score is None or not math.isfinite(action.score):
                what = "no score" if action.score is None else f"the score {action.score}"
                kind = type(action).__name__.lower()
                raise ScoringError(
                    f"{path}: video {video.path}, result {number} is a {kind} {_label(action)!r} with {what}; "
                    "expected a number."
                )
    return videos


def checked_labels(videos: VideoSet, path: Path, known: Collection[str]) -> None:
    """Raise `ScoringError` with the first action whose label is not a known class."""
    for video in videos:
        for number, action in enumerate(_actions(video), start=1):
            if _label(action) not in known:
                some = (
                    f"expected one of the {len(known)} classes of the ground truth, such as {next(iter(known), '')!r}."
                )
                raise ScoringError(
                    f"{path}: video {video.path}, result {number} has the label {_label(action)!r}; "
                    f"{did_you_mean(_label(action), known, some)}"
                )


def video_name(path: str) -> str:
    """What a video is called in results, whatever folder and format its file is in."""
    name = PurePosixPath(path)
    return name.stem if name.suffix.lower() in VIDEO_SUFFIXES else name.name


def videos_by_name(videos: VideoSet, path: Path) -> dict[str, Video]:
    """The videos by `video_name`; raises `ScoringError` when two have the same."""
    named: dict[str, Video] = {}
    for video in videos:
        name = video_name(video.path)
        if name in named:
            raise ScoringError(f"{path}: the video {name} is there twice, as {named[name].path} and {video.path}.")
        named[name] = video
    return named


def check_some_known(given: Collection[str], known: Collection[str], files: Files) -> None:
    """Raise `ScoringError` when predictions name no video of the ground truth: other names, or another subset."""
    if given and set(given).isdisjoint(known):
        raise ScoringError(
            f"{files.predictions} has predictions for {len(set(given))} videos, the first {next(iter(given))!r}, and "
            f"none of them is among the {len(known)} of {files.ground_truth}, such as {next(iter(known), None)!r}."
        )


def _actions(video: Video) -> Iterator[Action]:
    yield from video.labels
    yield from video.segments
    yield from video.boxes
    yield from video.tubes


def _label(action: Action) -> str:
    return action.name if isinstance(action, Label) else action.label
