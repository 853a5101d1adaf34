"""MultiSports: frame- and video-mAP, their means, and the error analysis; a recipe's or stored tubes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from evaluator_case import Either, EvaluatorCase, Figure, by_name
from evaluators import tube_tables

from tubelet.metrics.detection_figures import DetectionFigures
from tubelet.metrics.multisports import (
    CHALLENGE_OVERLAPS,
    HIGH_OVERLAPS,
    LOW_OVERLAPS,
    multisports_error_shares,
    multisports_frame_map,
    multisports_video_map,
)
from tubelet.metrics.tables import Boxes, TableError, Tubes
from tubelet.metrics.tube_linking import mmaction2_tubes
from tubelet.metrics.tube_overlap import MULTISPORTS

RANGES = {"0.05:0.45": LOW_OVERLAPS, "0.10:0.90": CHALLENGE_OVERLAPS, "0.50:0.95": HIGH_OVERLAPS}
SHARES = {
    "repeat": "repeat",
    "extra": "extra",
    "loc": "location",
    "cls": "class",
    "time": "time",
    "cls_time": "class and time",
    "cls_loc": "class and location",
    "time_loc": "time and location",
    "cls_time_loc": "class, time and location",
    "missed": "missed",
}


def run(case: EvaluatorCase) -> list[Figure]:
    """All figures of a case; of tubes that mmaction2 links, the linking too."""
    labels, truth, predictions, rows = _inputs(case)
    official = case.variants
    with case.clock():
        boxes, videos_of_frames = tube_tables.detections(rows)
        true_boxes = tube_tables.boxes_of(truth)
        frame_map = multisports_frame_map(boxes, true_boxes, labels, videos_of_frames)
        assert np.isfinite(frame_map.average)
    figures = _figures("frame_mAP@0.5", frame_map, 0.5, [one["frame_mAP@0.5"] for one in official])
    if "linked_as_mmaction2_does" in case.said:
        return figures + _linked(case, labels, truth, boxes, videos_of_frames, predictions)
    return figures + _video_figures(case, labels, truth, predictions, official)


def _inputs(case: EvaluatorCase) -> tuple[Sequence[str], Tubes, Tubes, np.ndarray]:
    """Class names, ground truth, predicted tubes, and rows of boxes."""
    inputs = case["inputs"]
    if "recipe" not in inputs:
        videos = {name: number for number, name in enumerate(case["videos"])}
        arrays = case.arrays
        truth = [(videos[v], label, None, arrays[f"gt_{i}"]) for i, (v, label) in enumerate(inputs["gt"])]
        found = [(label, videos[v], s, arrays[f"tube_{i}"]) for i, (label, v, s) in enumerate(inputs["tubes"])]
        rows = arrays["det"] if len(arrays["det"]) else _rows(found)
        tubes = tube_tables.tubes((video, label, score, tube) for label, video, score, tube in found)
        return case["labels"], tube_tables.tubes(truth), tubes, rows
    recipes = case.recipes
    labels = recipes.load_json(case.annotations(inputs["labels"]))
    labels = labels if isinstance(labels, list) else list(labels)
    made = inputs["recipe"].split(";")
    numbers = [int(n) for n in re.findall(r"\d+", made[0])]
    truth = recipes.multisports_ground_truth(labels, numbers[0], numbers[1], tuple(numbers[2:4]), numbers[4])
    case.checked(truth, inputs["sha256_truth"])
    videos = truth["test_videos"][0]
    seed = int(re.search(r"videos, (\d+)", made[1])[1])
    options = {key: float(value) for key, value in re.findall(r"(\w+)=([\d.]+)", made[1])}
    options |= {key: int(options[key]) for key in ("copies", "score_digits") if key in options}
    found = recipes.tube_predictions(truth, videos, seed, **options)
    case.checked(found, inputs["sha256_tubes"])
    index = {name: number for number, name in enumerate(videos)}
    with case.clock():
        tubes = tube_tables.tubes((index[v], label, s, t) for label, listed in found.items() for v, s, t in listed)
        table = tube_tables.true_tubes(truth, videos)
    return labels, table, tubes, recipes.frame_detections(truth, found)


def _rows(found: Sequence[tuple[int, int, float, np.ndarray]]) -> np.ndarray:
    """The boxes of tubes as rows of boxes: labels in order, tubes in order."""
    blocks = []
    for label, video, _, tube in sorted(found, key=lambda one: one[0]):
        blocks.append(
            np.column_stack(
                [np.full((len(tube), 2), (video, 0)), np.full(len(tube), label), tube[:, [5]], tube[:, 1:5]]
            )
        )
        blocks[-1][:, 1] = tube[:, 0]
    return np.concatenate(blocks)


def _figures(
    name: str, ours: DetectionFigures, threshold: float, official: Sequence[Mapping[str, Any]]
) -> list[Figure]:
    row = int(np.argmin(np.abs(ours.thresholds - threshold)))
    by_class = dict(zip(ours.classes, ours.average_precision[row], strict=True))
    mean = Figure(f"{name} mAP", ours.by_threshold[row], Either([one["mAP"] for one in official]))
    return [mean, *by_name(f"{name} ", by_class, *(one["ap"] for one in official))]


def _video_figures(
    case: EvaluatorCase, labels: Sequence[str], truth: Tubes, tubes: Tubes, official: Sequence[Mapping[str, Any]]
) -> list[Figure]:
    with case.clock():
        ours = multisports_video_map(tubes, truth, labels, (0.2, 0.5))
        assert np.isfinite(ours.average)
    figures = []
    for threshold in (0.2, 0.5):
        key = f"video_mAP@{threshold}"
        figures += _figures(key, ours, threshold, [one[key] for one in official])
    for name, mean in case["official"].get("video_mAP_ranges_4_digits", {}).items():
        figures.append(Figure(name, multisports_video_map(tubes, truth, labels, RANGES[name]).average, mean, 6e-5))
    shares = case["official"].get("error_analysis_percent@0.2")
    if shares is not None:
        figures += _error_shares(labels, truth, tubes, shares)
    return figures + _overlaps(case, labels, truth, tubes)


def _error_shares(labels: Sequence[str], truth: Tubes, tubes: Tubes, official: Mapping[str, Any]) -> list[Figure]:
    try:
        ours = multisports_error_shares(tubes, truth, labels)
    except TableError:
        return [Figure("error analysis raises", 1, int("raises" in official))]
    mine = {"AP": ours.average_precision, **{short: ours.errors[name] for short, name in SHARES.items()}}
    return by_name("error ", {name: 100 * share for name, share in mine.items()}, official, tolerance=6e-3)


def _overlaps(case: EvaluatorCase, labels: Sequence[str], truth: Tubes, tubes: Tubes) -> list[Figure]:
    figures = []
    for key, values in case.get("tube_iou", {}).get("values", {}).items():
        video, label = key.split("|")
        cell = case["videos"].index(video), labels.index(label)
        mine, theirs = (np.flatnonzero((t.videos == cell[0]) & (t.labels == cell[1])) for t in (tubes, truth))
        figures.append(Figure(key, tube_tables.overlap_table(tubes, mine, truth, theirs, MULTISPORTS), values))
    return figures


def _linked(
    case: EvaluatorCase, labels: Sequence[str], truth: Tubes, boxes: Boxes, videos_of_frames: np.ndarray, stored: Tubes
) -> list[Figure]:
    """mmaction2's linking with its slip and without, and the video-mAP of both."""
    figures = []
    slip, own = case["linked_as_mmaction2_does"], case["linked_with_box_scores"]
    for field, own_scores, scores in (("slip", False, slip["tube_scores"]), ("own", True, own["tube_scores"])):
        linked = mmaction2_tubes(boxes, videos_of_frames, own_scores).tubes
        mine = {str(label): linked.scores[linked.labels == label] for label in map(int, scores)}
        figures += [Figure(f"{field} scores {label}", np.sort(mine[label]), np.sort(scores[label])) for label in scores]
        ours = multisports_video_map(linked, truth, labels, (0.2, 0.5))
        for threshold in (0.2, 0.5):
            key = f"video_mAP@{threshold}"
            results = [own["video"][key]] if own_scores else [case["official"][key]]
            figures += _figures(f"{field} {key}", ours, threshold, results)
        if own_scores:
            figures.append(Figure("linked boxes", linked.boxes, stored.boxes, 1e-3))
            continue
        for name, mean in case["official"].get("video_mAP_ranges_4_digits", {}).items():
            figures.append(Figure(name, multisports_video_map(linked, truth, labels, RANGES[name]).average, mean, 6e-5))
        figures += _error_shares(labels, truth, linked, case["official"]["error_analysis_percent@0.2"])
    return figures
