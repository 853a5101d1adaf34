"""The ActivityNet-style dictionaries of the cases as the tables that the evaluators take."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from evaluator_case import EvaluatorCase

from tubelet.metrics.tables import Segments

THUMOS14 = {
    7: "BaseballPitch",
    9: "BasketballDunk",
    12: "Billiards",
    21: "CleanAndJerk",
    22: "CliffDiving",
    23: "CricketBowling",
    24: "CricketShot",
    26: "Diving",
    31: "FrisbeeCatch",
    33: "GolfSwing",
    36: "HammerThrow",
    40: "HighJump",
    45: "JavelinThrow",
    51: "LongJump",
    68: "PoleVault",
    79: "Shotput",
    85: "SoccerPenalty",
    92: "TennisSwing",
    93: "ThrowDiscus",
    97: "VolleyballSpiking",
}


@dataclass(frozen=True)
class Task:
    """Ground truth and predictions with the names behind their numbers."""

    truth: Segments
    predictions: Segments
    classes: list[Any]
    videos: list[str]


def activitynet_files(case: EvaluatorCase) -> tuple[dict[str, Any], dict[str, Any]]:
    """The ground truth's database and the predictions by video, wherever the case has them."""
    if "same_inputs_as" in case.said:
        return activitynet_files(case.sibling(case["same_inputs_as"]))
    truth, predictions = case["ground_truth"], case["predictions"]
    if "recipe" in truth:
        videos = truth.get("videos")
        videos = videos if isinstance(videos, list) else None
        files = [case.annotations(file) for file in truth["files"]]
        truth = case.recipes.activitynet_ground_truth(*files, videos=videos)
    elif "file" in truth:
        truth = case.recipes.load_json(case.annotations(truth["file"]))
    database = truth["database"]
    if isinstance(predictions.get("file"), str):
        predictions = case.recipes.load_json(case.annotations(predictions["file"]))
        predictions = predictions.get("results", predictions)
    elif isinstance(predictions.get("recipe"), str):
        predictions = made(case, predictions, database=database)
    return database, predictions


def made(case: EvaluatorCase, said: dict[str, str], **names: Any) -> Any:
    """What a stated call of a recipe gives, checked against its digest."""
    call = said["recipe"].split(";")[0]
    value = eval(call, {"__builtins__": {}, **vars(case.recipes)}, names)
    return case.checked(value, said["sha256"])


def as_task(
    database: dict[str, Any],
    predictions: dict[str, Any],
    subset: str | None,
    classes: Sequence[Any] | None = None,
    label_of: Any = lambda entry: entry.get("label"),
) -> Task:
    """The tables; unknown videos and classes get numbers of their own after the known ones."""
    known = {name: entry for name, entry in database.items() if subset is None or entry["subset"] == subset}
    instances = [(name, entry) for name, video in known.items() for entry in video["annotations"]]
    found = [(name, entry) for name, video in predictions.items() for entry in video]
    videos = list(dict.fromkeys([*known, *predictions]))
    if classes is None:
        classes = list(dict.fromkeys(label_of(entry) for _, entry in [*instances, *found]))
    numbers = {name: number for number, name in enumerate(videos)}
    labels = {name: number for number, name in enumerate(classes)}
    truth = _segments(instances, numbers, labels, label_of)
    scores = np.array([float(entry["score"]) for _, entry in found])
    table = _segments(found, numbers, labels, label_of)
    table = Segments(table.videos, table.starts, table.ends, table.labels, scores)
    return Task(truth, table, list(classes), videos)


def _segments(rows: Iterable[tuple[str, Any]], videos: Any, labels: Any, label_of: Any) -> Segments:
    rows = list(rows)
    times = np.array([[float(time) for time in entry["segment"]] for _, entry in rows]).reshape(-1, 2)
    numbers = [labels[label_of(entry)] for _, entry in rows]
    return Segments(np.array([videos[name] for name, _ in rows], int), *times.T, np.array(numbers, int))


def thumos14_rows(case: EvaluatorCase, file: str) -> dict[str, list[dict[str, Any]]]:
    """Detections by video from a file with a video, start, end, class and score a row."""
    found: dict[str, list[dict[str, Any]]] = {}
    for line in gzip.decompress(case.annotations(file).read_bytes()).decode().splitlines():
        video, start, end, number, score = line.split()
        entry = {"segment": [float(start), float(end)], "label": THUMOS14[int(float(number))], "score": float(score)}
        found.setdefault(video.removesuffix(".mp4"), []).append(entry)
    return found
