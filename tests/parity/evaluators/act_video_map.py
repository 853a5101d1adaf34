"""ACT: frame boxes, linked tubes, frame- and video-mAP, from tubelets or from tubes."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from evaluator_case import Either, EvaluatorCase, Figure
from evaluators import tube_tables

from tubelet.metrics.act import (
    HIGH_OVERLAPS,
    act_frame_map,
    act_video_map,
    boxes_of_tubelets,
    suppress_tubes,
)
from tubelet.metrics.detection_figures import DetectionFigures
from tubelet.metrics.tables import Boxes, Tubes
from tubelet.metrics.tube_linking import LinkedTubes, Tubelets, link_tubelets
from tubelet.metrics.tube_overlap import ACT

TOLERANCE = 2e-6


def run(case: EvaluatorCase) -> list[Figure]:
    """All figures of a case."""
    truth = _truth(case)
    videos, labels = truth["test_videos"][0], truth["labels"]
    if "tubelets" in case.said:
        return _from_tubelets(case, truth, videos, labels)
    tubes, frame_rows = _tubes(case, truth, videos)
    with case.clock():
        true_tubes = tube_tables.true_tubes(truth, videos)
    figures = _video_figures(case, tubes, true_tubes, labels)
    if frame_rows is not None:
        with case.clock():
            boxes, videos_of_frames = tube_tables.detections(frame_rows)
        figures += _frame_figures(case, boxes, true_tubes, labels, videos_of_frames)
    return figures + _by_hand(case, tubes, true_tubes, videos)


def _truth(case: EvaluatorCase) -> dict[str, Any]:
    said = case["ground_truth"]
    if "file" not in said:
        return said
    recipes, file = case.recipes, case.annotations(said["file"])
    if "jhmdb" in said["file"]:
        truth = recipes.jhmdb_truth(file)
        test = truth["test_videos"][said.get("split", 1) - 1]
    else:
        truth = recipes.ucf24_truth(file, case.annotations("ucf24/testlist01.txt"))
        test = truth["test_videos"][0]
    chosen = said["videos"] if isinstance(said["videos"], list) else test
    return recipes.only(truth, chosen)


def _from_tubelets(
    case: EvaluatorCase, truth: Mapping[str, Any], videos: Sequence[str], labels: Sequence[str]
) -> list[Figure]:
    recipe = case["tubelets"]["recipe"]
    positional = re.search(r"videos, (\d+), (\d+), (\d+)", recipe)
    options = {
        key: float(value) if "." in value else int(value) for key, value in re.findall(r"(\w+)=([\d.]+)", recipe)
    }
    found = case.recipes.tubelets(truth, videos, *map(int, positional.groups()), **options)
    case.checked(found, case["tubelets"]["sha256"])
    with case.clock():
        tubelets = _tubelet_table(found, videos, int(positional[2]))
        true_tubes = tube_tables.true_tubes(truth, videos)
        boxes = boxes_of_tubelets(tubelets, np.arange(len(videos)) * tube_tables.FRAMES)
        linked = link_tubelets(tubelets)
    videos_of_frames = np.repeat(np.arange(len(videos)), tube_tables.FRAMES)
    return [
        *_frame_figures(case, boxes, true_tubes, labels, videos_of_frames),
        *_video_figures(case, linked.tubes, true_tubes, labels),
        *_outputs(case, boxes, linked, videos),
    ]


def _tubelet_table(found: Mapping[str, Any], videos: Sequence[str], num_frames: int) -> Tubelets:
    numbers, labels, starts, rows = zip(
        *(
            (number, label - 1, start, rows)
            for number, video in enumerate(videos)
            for start, by_label in found[video].items()
            for label, rows in by_label.items()
            if len(rows)
        ),
        strict=True,
    )
    counts = np.fromiter(map(len, rows), np.int64)
    columns = (np.repeat(np.array(column, np.int64), counts) for column in (numbers, labels, starts))
    boxes = np.concatenate(rows)
    return Tubelets(*columns, boxes[:, :-1].reshape(-1, num_frames, 4), boxes[:, -1])


def _tubes(case: EvaluatorCase, truth: Mapping[str, Any], videos: Sequence[str]) -> tuple[Tubes, np.ndarray | None]:
    """Predicted tubes, and rows of boxes where the case has them."""
    index = {name: number for number, name in enumerate(videos)}
    if "recipe" not in case["tubes"]:
        rows = [
            (index[video], int(label), score, np.asarray(tube))
            for video, by_label in case["tubes"].items()
            for label, listed in by_label.items()
            for tube, score in listed
        ]
        return tube_tables.tubes(rows), None
    recipe = case["tubes"]["recipe"]
    seed = int(re.search(r"videos, (\d+)", recipe)[1])
    options = {key: float(value) for key, value in re.findall(r"(\w+)=([\d.]+)", recipe)}
    options |= {key: int(options[key]) for key in ("copies", "score_digits") if key in options}
    found = case.recipes.tube_predictions(truth, videos, seed, **options)
    case.checked(found, case["tubes"]["sha256"])
    with case.clock():
        # by label and then by video: the official order
        rows = [
            (index[video], label, score, tube)
            for label, listed in found.items()
            for video, score, tube in sorted(listed, key=lambda one: index[one[0]])
        ]
        table = tube_tables.tubes(rows, np.float32)
    return table, case.recipes.frame_detections(truth, found)


def _results(case: EvaluatorCase, key: str) -> list[Any]:
    return [one[key] for one in case.variants if key in one]


def _frame_figures(
    case: EvaluatorCase, boxes: Boxes, truth: Tubes, labels: Sequence[str], videos_of_frames: np.ndarray
) -> list[Figure]:
    with case.clock():
        ours = act_frame_map(boxes, tube_tables.boxes_of(truth), labels, videos_of_frames=videos_of_frames)
        assert np.isfinite(ours.average)
    return _row(ours, 0, "frame_mAP@0.5", _results(case, "frame_mAP@0.5"))


def _video_figures(case: EvaluatorCase, tubes: Tubes, truth: Tubes, labels: Sequence[str]) -> list[Figure]:
    thresholds = [float(key.split("@")[1]) for key in case["official"] if re.fullmatch(r"video_mAP@[\d.]+", key)]
    with case.clock():
        ours = act_video_map(tubes, truth, labels, thresholds)
        assert np.isfinite(ours.average)
    figures = []
    for row, threshold in enumerate(thresholds):
        key = f"video_mAP@{threshold:g}"
        figures += _row(ours, row, key, _results(case, key))
    mean = _results(case, "video_mAP@0.50:0.95")
    if mean:
        with case.clock():
            average = act_video_map(tubes, truth, labels, HIGH_OVERLAPS).average
        figures.append(Figure("video_mAP@0.50:0.95", average, Either(mean), TOLERANCE))
    return figures


def _row(ours: DetectionFigures, row: int, key: str, official: Sequence[Mapping[str, Any]]) -> list[Figure]:
    return [
        Figure(f"{key} mAP", ours.by_threshold[row], Either([one["mAP"] for one in official]), TOLERANCE),
        Figure(f"{key} ap", ours.average_precision[row], Either([one["ap"] for one in official]), TOLERANCE),
    ]


def _outputs(case: EvaluatorCase, boxes: Boxes, linked: LinkedTubes, videos: Sequence[str]) -> list[Figure]:
    """The frame boxes and linked tubes that the case stores."""
    outputs, tubes = case["outputs"], linked.tubes
    figures = [Figure("number of frame boxes", len(boxes), outputs["frame_detections_rows"])]
    if "tube_scores" not in outputs:
        return [*figures, Figure("number of tubes", len(tubes), outputs["tubes"])]
    arrays = case.arrays
    for video, by_label in outputs["tube_scores"].items():
        for label, scores in enumerate(by_label):
            mine = tubes.scores[(tubes.videos == videos.index(video)) & (tubes.labels == label)]
            figures.append(Figure(f"tube scores {video} {label}", np.sort(mine), np.sort(scores), 1e-6))
    offsets = tubes.offsets
    for number, (video, label, score) in enumerate(outputs["tubes"]):
        same = (tubes.videos == videos.index(video)) & (tubes.labels == label) & (np.abs(tubes.scores - score) < 1e-6)
        rows = slice(offsets[np.flatnonzero(same)[0]], offsets[np.flatnonzero(same)[0] + 1])
        mine = np.column_stack([tubes.frames[rows], tubes.boxes[rows], linked.box_scores[rows]])
        figures.append(Figure(f"tube {number}", mine, arrays[f"tube_{number}"], 1e-3))
    video_and_frame = np.stack(np.divmod(boxes.frames, tube_tables.FRAMES), axis=1)
    rows = np.column_stack([video_and_frame, boxes.labels, boxes.scores, boxes.boxes])
    stride = outputs["frame_detections_stride"]
    figures.append(Figure("frame boxes", rows[::stride], arrays["frame_detections"], 1e-4))
    sums = outputs["sums"]
    figures.append(Figure("sum of scores", boxes.scores.sum() / sums["frame_score"], 1.0, 1e-6))
    figures.append(Figure("sum of boxes", boxes.boxes.sum(axis=0) / sums["frame_boxes"], np.ones(4), 1e-6))
    return figures


def _by_hand(case: EvaluatorCase, tubes: Tubes, truth: Tubes, videos: Sequence[str]) -> list[Figure]:
    """Overlaps of tubes, and which the suppression keeps."""
    figures = []
    kept = suppress_tubes(tubes, 0.3, ACT)
    for field in ("tube_iou", "nms_keep"):
        for key, values in case.get(field, {}).get("values", {}).items():
            video, label = videos.index(key.split("|")[0]), int(key.split("|")[1])
            mine, theirs = (np.flatnonzero((t.videos == video) & (t.labels == label)) for t in (tubes, truth))
            if field == "tube_iou":
                ours = tube_tables.overlap_table(tubes, mine, truth, theirs, ACT)
            else:
                ours = [list(mine).index(row) for row in kept if row in mine]
            figures.append(Figure(f"{field} {key}", ours, values))
    return figures
