"""Spatio-temporal detection: JHMDB and UCF101-24 as ACT measures them, and MultiSports.

Ground truth as the benchmarks' pickles. Predictions are tubes (MultiSports' ``video_detections.pkl``, or tubelet's JSON
with tubes), boxes on frames (``frame_detections.pkl``, or JSON with boxes), or ACT's tubelets, an npz of ``videos`` (V
names), ``video`` (N,) index into them, ``label`` (N,), ``start`` (N,) first frame from 1, ``boxes`` (N, K, 4) xyxy in
pixels and ``score`` (N,). For JHMDB and UCF101-24 tubelets and boxes are linked as ACT does it. The frame-mAP of tubes
is that of their boxes, where ``boxes`` names no file of detections.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tubelet.annotations import Video, VideoSet, load_videos
from tubelet.annotations.box_numbers import OUTSIDE
from tubelet.annotations.multisports import (
    FRAME_RATE,
    read_multisports_frame_detections,
    read_multisports_video_detections,
)
from tubelet.annotations.pickles import load_pickle
from tubelet.metrics import act, multisports, yowo
from tubelet.metrics.detection_figures import DetectionFigures
from tubelet.metrics.tables import Boxes, Tubes
from tubelet.metrics.tube_errors import tube_errors
from tubelet.metrics.tube_linking import ACT_LINKING, Tubelets, link_tubelets, mmaction2_tubes
from tubelet.metrics.tube_overlap import ACT, MULTISPORTS
from tubelet.metrics.viterbi_linking import link_every_frame
from tubelet.scoring.columns import Frames, numbered
from tubelet.scoring.files import (
    Files,
    Options,
    ScoringError,
    check_some_known,
    checked_labels,
    checked_scores,
    of_subset,
    read_known,
)
from tubelet.scoring.result import Score, at_thresholds, detection_score, reported
from tubelet.scoring.video_scores import read_arrays

JHMDB_RATE, UCF24_RATE = 30.0, 25.0
_ARRAYS = ("videos", "video", "label", "start", "boxes", "score")
_ALL_OVERLAPS = 0.05 * np.arange(1.0, 20.0)


@dataclass(frozen=True, eq=False)
class Found:
    """What a file of predictions holds: boxes, tubes or tubelets, whichever there are."""

    boxes: Boxes | None = None
    tubes: Tubes | None = None
    tubelets: Tubelets | None = None


def jhmdb(files: Files, flavour: str) -> Score:
    """JHMDB, the test videos of a split. "yowo" measures boxes, and links them, as YOWO's code does."""
    formats: dict[str, Options] = {"tubelet": {}, "act_tubes": {"frame_rate": JHMDB_RATE, "split": files.split}}
    return _act(files, flavour, read_known(files.ground_truth, formats))


def ucf24(files: Files, flavour: str) -> Score:
    """UCF101-24, by the corrected annotation and a list of test videos, or by ACT's pickle."""
    listed = {"test_list": files.test_list}
    formats: dict[str, Options] = {
        "tubelet": {},
        "act_tubes": {"frame_rate": UCF24_RATE, "split": files.split},
        "ucf24_pickle": listed,
        "ucf24_matlab": listed,
    }
    return _act(files, flavour, read_known(files.ground_truth, formats))


def multisports_score(files: Files, flavour: str) -> Score:
    """MultiSports. "corrected" counts the last frame of tubes in, "mmaction2" links boxes as that tool does."""
    truth = read_known(files.ground_truth, {"tubelet": {}, "act_tubes": {"frame_rate": FRAME_RATE}})
    truth = of_subset(truth, files.ground_truth, files.subset, ("test", "val", "validation"))
    frames, labels = Frames.of(truth), numbered(truth.classes)
    instances = frames.tubes_of(truth, labels)
    found = _read(files, truth, frames, labels)
    if found.tubelets is not None:
        raise ScoringError(f"{files.predictions} holds tubelets; MultiSports takes tubes, or boxes on frames.")
    tubes, dropped = found.tubes, 0
    if flavour == "mmaction2":
        if found.boxes is None:
            raise ScoringError(f"{files.predictions} holds tubes; the flavour mmaction2 links boxes, and needs those.")
        linked = mmaction2_tubes(found.boxes, frames.videos_of_frames)
        tubes, dropped = linked.tubes, linked.dropped
    boxes = found.boxes
    if boxes is None:
        assert found.tubes is not None
        boxes = frames.boxes_of_tubes(found.tubes)
    parts: dict[str, DetectionFigures] = {}
    diagnose = None
    if tubes is not None:
        convention = multisports.LAST_FRAME_COUNTED if flavour == "corrected" else MULTISPORTS
        figures = multisports.multisports_video_map(tubes, instances, truth.classes, _ALL_OVERLAPS, convention)
        parts = {"video-mAP@0.1:0.9": at_thresholds(figures, multisports.CHALLENGE_OVERLAPS)}
        parts |= reported("video-mAP", figures, [0.2, 0.5])
        parts |= {
            "video-mAP@0.05:0.45": at_thresholds(figures, multisports.LOW_OVERLAPS),
            "video-mAP@0.5:0.95": at_thresholds(figures, multisports.HIGH_OVERLAPS),
        }
        diagnose = partial(tube_errors, tubes, instances, truth.classes, 0.5, multisports.LAST_FRAME_COUNTED)
    frame_map = multisports.multisports_frame_map(
        boxes, frames.boxes_of_tubes(instances), truth.classes, frames.videos_of_frames
    )
    parts |= reported("frame-mAP", frame_map, [0.5])
    return _score(parts, diagnose, dropped)


def _act(files: Files, flavour: str, truth: VideoSet) -> Score:
    truth = of_subset(truth, files.ground_truth, files.subset, ("test",))
    frames, labels = Frames.of(truth), numbered(truth.classes)
    instances = frames.tubes_of(truth, labels)
    found = _read(files, truth, frames, labels)
    if flavour == "yowo":
        return _yowo(files, truth, found, frames, instances)
    tubelets = found.tubelets
    if found.tubes is None and tubelets is None and found.boxes is not None:
        tubelets = _as_tubelets(found.boxes, frames)
    dropped = 0
    if tubelets is not None:
        boxes, linked = act.boxes_of_tubelets(tubelets, frames.first_frames), link_tubelets(tubelets)
        tubes, dropped = linked.tubes, linked.dropped
    else:
        assert found.tubes is not None  # a file holds one of the three
        tubes = found.tubes
        boxes = frames.boxes_of_tubes(tubes) if found.boxes is None else found.boxes
    figures = act.act_video_map(tubes, instances, truth.classes, [0.2, *act.HIGH_OVERLAPS])
    frame_map = act.act_frame_map(boxes, frames.boxes_of_tubes(instances), truth.classes, 0.5, frames.videos_of_frames)
    parts = reported("frame-mAP", frame_map, [0.5]) | reported("video-mAP", figures, [0.2, 0.5, 0.75])
    parts |= {"video-mAP@0.5:0.95": at_thresholds(figures, act.HIGH_OVERLAPS)}
    return _score(parts, partial(tube_errors, tubes, instances, truth.classes, 0.5, ACT), dropped)


def _yowo(files: Files, truth: VideoSet, found: Found, frames: Frames, instances: Tubes) -> Score:
    if found.boxes is None:
        raise ScoringError(f"{files.predictions} holds tubes; the flavour yowo links boxes, and needs those.")
    counts = np.array([video.num_frames or 0 for video in truth], np.int64)
    if not counts.all():
        raise ScoringError(
            f"{files.ground_truth} does not say how many frames its videos have; YOWO's linking needs it."
        )
    tubes = link_every_frame(found.boxes, frames.first_frames + 1, counts)
    figures = yowo.yowo_video_map(tubes, instances, truth.classes)
    frame_map = yowo.yowo_frame_map(
        found.boxes, frames.boxes_of_tubes(instances), truth.classes, videos_of_frames=frames.videos_of_frames
    )
    parts = reported("frame-mAP", frame_map, [0.5]) | reported("video-mAP", figures, [0.2, 0.5, 0.75])
    return _score(parts, partial(tube_errors, tubes, instances, truth.classes, 0.5, ACT))


def _score(parts: Mapping[str, DetectionFigures], diagnose: object, dropped: int = 0) -> Score:
    """The figures; ``dropped`` tubes were linked and not kept."""
    least = ACT_LINKING.least_length
    notes = {f"linked tubes of under {least} frames, or of hardly any score, are dropped": dropped} if dropped else {}
    for name, figures in parts.items():
        notes |= {f"{what} ({name.partition('@')[0]})": count for what, count in figures.ignored.items()}
    score = detection_score(parts)
    lines = [f"{name}: {100 * figure:.2f}" for name, figure in score.figures.items()]
    return replace(score, official=lines, notes=notes, diagnose=diagnose)  # type: ignore[arg-type]


def _read(files: Files, truth: VideoSet, frames: Frames, labels: Mapping[str, int]) -> Found:
    found = _read_one(files, files.predictions, truth, frames, labels)
    if files.boxes is None:
        return found
    boxes = _read_one(files, files.boxes, truth, frames, labels).boxes
    if boxes is None:
        raise ScoringError(f"{files.boxes} holds no boxes on frames; expected detections beside the tubes.")
    return replace(found, boxes=boxes)


def _read_one(files: Files, path: Path, truth: VideoSet, frames: Frames, labels: Mapping[str, int]) -> Found:
    kind = path.name.removesuffix(".gz").rpartition(".")[2]
    if kind == "npz":
        return Found(tubelets=_read_tubelets(path, frames, labels))
    if kind == "pkl":
        # the file's own videos count 25 frames a second, whatever the data set has
        tested = _in_test_order(truth, files.split)
        listed = VideoSet(tuple(replace(v, frame_rate=FRAME_RATE, subset="test") for v in tested), truth.classes)
        of_tubes = isinstance(load_pickle(path, "frame_detections.pkl or video_detections.pkl"), dict)
        reader = read_multisports_video_detections if of_tubes else read_multisports_frame_detections
        found = reader(path, listed)
    else:
        found = load_videos(path)
        _check_videos(found, path, files, truth)
        of_tubes = any(video.tubes for video in found)
    checked_scores(found, path)
    checked_labels(found, path, truth.classes)
    _check_inside(found, path)
    if of_tubes:
        if any(video.boxes for video in found):
            raise ScoringError(f"{path} has tubes and boxes; expected one of them, the boxes in a file of their own.")
        return Found(tubes=frames.tubes_of(found, labels))
    return Found(boxes=frames.boxes_of(found, labels))


def _in_test_order(truth: VideoSet, split: int) -> Sequence[Video]:
    """The videos as the test list of the split has them, for detections name a video by its place there."""
    lists = truth.extra.get("test_videos", ())
    place = {name: number for number, name in enumerate(lists[split - 1] if split <= len(lists) else ())}
    listed = all(video.path in place for video in truth)
    return sorted(truth, key=lambda video: place[video.path]) if listed else truth.videos


def _read_tubelets(path: Path, frames: Frames, labels: Mapping[str, int]) -> Tubelets:
    arrays = read_arrays(path, *_ARRAYS)
    count = len(arrays["video"])
    boxes = arrays["boxes"]
    if boxes.ndim != 3 or boxes.shape[2] != 4 or any(arrays[n].shape != (count,) for n in ("label", "start", "score")):
        raise ScoringError(f"{path} has boxes of shape {boxes.shape} for {count} tubelets; expected (N, K, 4).")
    numbers = numbered(frames.names)
    unknown = next((str(name) for name in arrays["videos"] if str(name) not in numbers), None)
    if unknown is not None:
        raise ScoringError(f"{path} has the video {unknown!r}, which the ground truth lacks.")
    last = frames.stride - boxes.shape[1]
    for name, bad, expected in (
        ("video", (arrays["video"] < 0) | (arrays["video"] >= len(arrays["videos"])), f"below {len(arrays['videos'])}"),
        ("label", (arrays["label"] < 0) | (arrays["label"] >= len(labels)), f"0 to {len(labels) - 1}"),
        ("start", (arrays["start"] < 1) | (arrays["start"] > last), f"1 to {last}"),
        ("score", ~np.isfinite(arrays["score"]), "a finite number"),
        ("boxes", ~np.isfinite(boxes).all(axis=(1, 2)), "finite numbers"),
    ):
        if bad.any():
            row = int(np.flatnonzero(bad)[0])
            raise ScoringError(
                f"{path}: tubelet {row} has the {name} {arrays[name][row].tolist()}; expected {expected}."
            )
    videos = np.array([numbers[str(name)] for name in arrays["videos"]], np.int64)[arrays["video"]]
    return Tubelets(videos, arrays["label"].astype(np.int64), arrays["start"].astype(np.int64), boxes, arrays["score"])


def _as_tubelets(boxes: Boxes, frames: Frames) -> Tubelets:
    """Boxes as tubelets of one frame."""
    assert boxes.scores is not None  # checked when read
    videos, starts = np.divmod(boxes.frames, frames.stride)
    return Tubelets(videos, boxes.labels, starts, boxes.boxes[:, None], boxes.scores)


def _check_videos(found: VideoSet, path: Path, files: Files, truth: VideoSet) -> None:
    known = {video.path for video in truth}
    check_some_known([video.path for video in found], known, files)
    unknown = next((video.path for video in found if video.path not in known), None)
    if unknown is not None:
        raise ScoringError(f"{path} has the video {unknown!r}, which {files.ground_truth} lacks in this subset.")


def _check_inside(found: VideoSet, path: Path) -> None:
    """Raise `ScoringError` with the first box that leaves its frame by more than `OUTSIDE`."""
    for video in found:
        boxes = _all_boxes(video)
        beyond = np.maximum(-boxes, boxes - 1.0).max(axis=1, initial=-1.0)
        wrong = np.flatnonzero((beyond > OUTSIDE) | ~np.isfinite(boxes).all(axis=1))
        if len(wrong):
            raise ScoringError(
                f"{path}: the video {video.path} has the box {boxes[wrong[0]].round(4).tolist()} (fractions of the "
                "frame), which lies outside of it."
            )


def _all_boxes(video: Video) -> NDArray[np.float64]:
    boxes = np.array([box.xyxy for box in video.boxes], np.float64).reshape(-1, 4)
    return np.concatenate([boxes, *(tube.boxes for tube in video.tubes)])
