"""AVA: mean average precision of boxes on key frames, by the rules of the tool that a paper used.

Ground truth and predictions as the official csv, or tubelet's JSON with boxes at whole seconds of the movie. The label
map says which classes count; without one, the 60 of the challenge do.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tubelet.annotations import load_videos
from tubelet.annotations.ava import AvaColumns, read_ava_columns
from tubelet.annotations.ava_lists import read_ava_excluded, read_ava_label_map
from tubelet.annotations.box_numbers import OUTSIDE
from tubelet.metrics.ava import ALPHACTION_CSV, MMACTION2, OFFICIAL, SLOWFAST, AvaRules, ava_frame_map, group_means
from tubelet.metrics.tables import Boxes
from tubelet.scoring.columns import numbered
from tubelet.scoring.files import Files, ScoringError, checked_scores
from tubelet.scoring.result import Score, detection_score, reported

FLAVOURS: Mapping[str, AvaRules] = {
    "official": OFFICIAL,
    "slowfast": SLOWFAST,
    "alphaction": ALPHACTION_CSV,
    "mmaction2": MMACTION2,
}
NUM_ACTIONS = 80
EVALUATED = (
    *(1, *range(3, 16), 17, 20, 22, 24, *range(26, 31), 34, *range(36, 39), 41, 43, *range(45, 50)),
    *(51, 52, 54, *range(56, 71), *range(72, 75), *range(76, 81)),
)
"""The 60 actions that count, of 80."""

_SECONDS = 10**6  # more than a movie has


def ava(files: Files, flavour: str) -> Score:
    """Frame-mAP at an overlap of 0.5."""
    names = {label: str(label) for label in EVALUATED} if files.classes is None else read_ava_label_map(files.classes)
    truth = _columns(files.ground_truth, names, predictions=False)
    found = _columns(files.predictions, names, predictions=True)
    outside = _outside(found, files.predictions)
    videos = numbered(truth.names, found.names)
    excluded = () if files.excluded is None else read_ava_excluded(files.excluded)
    left_out = np.array([videos[name] * _SECONDS + second for name, second in excluded if name in videos], np.int64)
    keys = [_keys(columns, videos) for columns in (truth, found)]
    frames = np.unique(np.concatenate([*keys, left_out]))
    numbers = np.full(max(NUM_ACTIONS, *names) + 1, -1)
    numbers[list(names)] = np.arange(len(names))
    tables = [
        Boxes(np.searchsorted(frames, key), columns.boxes, numbers[columns.labels], columns.scores)
        for columns, key in zip((truth, found), keys, strict=True)
    ]
    figures = ava_frame_map(
        tables[1],
        tables[0],
        list(names.values()),
        FLAVOURS[flavour],
        np.searchsorted(frames, left_out),
        frames // _SECONDS,
    )
    score = detection_score(reported("frame-mAP", figures, [0.5]), official=_official_lines(flavour, figures.average))
    notes = dict(figures.ignored)
    if outside:
        notes["predictions of boxes that leave the frame a little; they count as they are"] = outside
    groups = group_means(figures, list(names)) if flavour == "mmaction2" else {}
    rows = {name: value for name, value in groups.items() if np.isfinite(value)}
    return Score(
        {**score.figures, **rows},
        score.by_class,
        [*score.official, *(f"{name}: {value:.4f}" for name, value in rows.items())],
        notes,
        score.detections,
    )


def _official_lines(flavour: str, mean: float) -> list[str]:
    if flavour == "mmaction2":
        return [f"overall: {mean:.4f}"]
    return [f"{{'PascalBoxes_Precision/mAP@0.5IOU': {mean}}}"]


def _columns(path: Path, names: Mapping[int, str], *, predictions: bool) -> AvaColumns:
    """The rows of a file; action ids that no label map can have are refused."""
    if path.name.removesuffix(".gz").endswith(".json"):
        columns = _from_videos(path, names, predictions)
    else:
        columns = read_ava_columns(path, predictions=predictions)
    if not len(columns.labels):
        raise ScoringError(f"{path} has no boxes; expected rows of video, second, box and action id.")
    most = max(NUM_ACTIONS, *names)
    wrong = np.flatnonzero(columns.labels > most)
    if len(wrong):
        row = int(wrong[0])
        raise ScoringError(
            f"{_place(path, columns, row)} has the action id {columns.labels[row]}; expected 1 to {most}."
        )
    return columns


def _from_videos(path: Path, names: Mapping[int, str], predictions: bool) -> AvaColumns:
    videos = load_videos(path)
    if predictions:
        checked_scores(videos, path)
    ids = {name: label for label, name in names.items()}
    rows = [(number, video.path, box) for number, video in enumerate(videos) for box in video.boxes]
    for _, video, box in rows:
        if box.label not in ids or box.time != int(box.time):
            raise ScoringError(
                f"{path}: {video} has {box.label!r} at {box.time} s; expected one of the {len(ids)} classes of the "
                "label map, at a whole second of the movie."
            )
    return AvaColumns(
        tuple(video.path for video in videos),
        np.array([number for number, *_ in rows], np.int64),
        np.array([box.time for *_, box in rows], np.int64),
        np.array([box.xyxy for *_, box in rows], np.float64).reshape(-1, 4),
        np.array([ids[box.label] for *_, box in rows], np.int64),
        np.array([box.score for *_, box in rows], np.float64) if predictions else None,
        None,
        np.zeros((0, 2), np.int64),
    )


def _outside(found: AvaColumns, path: Path) -> int:
    """How many boxes leave their frame a little; raises `ScoringError` with the first that leaves it by much."""
    beyond = np.maximum(-found.boxes, found.boxes - 1.0).max(axis=1, initial=-1.0)
    far = np.flatnonzero(beyond > OUTSIDE)
    if len(far):
        row = int(far[0])
        raise ScoringError(
            f"{_place(path, found, row)} has the box {found.boxes[row].tolist()}; expected fractions of the frame, "
            "0 to 1."
        )
    return int(np.count_nonzero(beyond > 0.001))


def _place(path: Path, columns: AvaColumns, row: int) -> str:
    return f"{path}: line {row + 1}, {columns.names[columns.videos[row]]} at {columns.seconds[row]} s,"


def _keys(columns: AvaColumns, videos: Mapping[str, int]) -> NDArray[np.int64]:
    own = np.array([videos[name] for name in columns.names], np.int64)
    return own[columns.videos] * _SECONDS + columns.seconds
