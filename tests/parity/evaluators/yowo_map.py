"""YOWO: frame-mAP with both ways of average precision, Viterbi linking and video-mAP."""

from __future__ import annotations

import re

import numpy as np
from evaluator_case import EvaluatorCase, Figure, by_name
from evaluators import tube_tables

from tubelet.metrics.tables import Boxes
from tubelet.metrics.viterbi_linking import link_every_frame
from tubelet.metrics.yowo import yowo_frame_map, yowo_video_map


def run(case: EvaluatorCase) -> list[Figure]:
    """All figures of a case."""
    truth = case.recipes.jhmdb_truth(case.annotations(case["ground_truth"]["file"]))
    said = case["ground_truth"]["videos"]
    videos = said if isinstance(said, list) else sorted(truth["test_videos"][0])
    truth = case.recipes.only(truth, videos)
    names, rows = _rows(case, truth, videos)
    labels, official = truth["labels"], case["official"]
    with case.clock():
        index = {video: number for number, video in enumerate(videos)}
        stride = tube_tables.FRAMES
        frames = np.array([index[name[:-10]] * stride + int(name[-9:-4]) for name in names], np.int64)
        boxes = Boxes(frames[rows[:, 0].astype(np.int64)], rows[:, 2:6], rows[:, 1] - 1, rows[:, 6])
        true_tubes = tube_tables.true_tubes(truth, videos)
        true_boxes = tube_tables.boxes_of(true_tubes)
        videos_of_frames = np.repeat(np.arange(len(videos)), stride)
        frame_maps = [
            yowo_frame_map(boxes, true_boxes, labels, eleven_point=eleven, videos_of_frames=videos_of_frames)
            for eleven in (False, True)
        ]
        for one in frame_maps:
            assert np.isfinite(one.average)
    figures = []
    for key, ours in zip(("frame_mAP@0.5", "frame_mAP@0.5_eleven_point"), frame_maps, strict=True):
        by_class = dict(zip(labels, ours.average_precision[0], strict=True))
        figures += [Figure(key, ours.average, official[key]["mAP"]), *by_name(f"{key} ", by_class, official[key]["ap"])]
    figures.append(Figure("detections", len(boxes), official["detections"]))
    thresholds = [float(key.split("@")[1]) for key in official if re.fullmatch(r"video_mAP@[\d.]+", key)]
    with case.clock():
        counts = np.array([truth["nframes"][video] for video in videos])
        tubes = link_every_frame(boxes, np.arange(len(videos)) * stride + 1, counts)
        video_map = yowo_video_map(tubes, true_tubes, labels, thresholds)
        assert np.isfinite(video_map.average)
    for row, threshold in enumerate(thresholds):
        result = official[f"video_mAP@{threshold:g}"]
        figures.append(Figure(f"video_mAP@{threshold:g}", video_map.by_threshold[row], result["mAP"]))
        figures.append(Figure(f"video_mAP@{threshold:g} ap", video_map.average_precision[row], result["ap"]))
    return figures


def _rows(case: EvaluatorCase, truth: dict, videos: list[str]) -> tuple[list[str], np.ndarray]:
    """The frames' names, and rows of frame, class from 1, box and score."""
    if "boxes" not in case.said:
        return list(case.arrays["frames"]), case.arrays["rows"]
    recipe = case["boxes"]["recipe"]
    seed = int(re.search(r"videos, (\d+)", recipe)[1])
    options = {
        key: float(value) if "." in value else int(value) for key, value in re.findall(r"(\w+)=([\d.]+)", recipe)
    }
    found = case.recipes.frame_boxes(truth, videos, seed, **options)
    case.checked(found, case["boxes"]["sha256"])
    blocks = [
        np.column_stack([np.full((len(rows), 2), (frame, label)), rows])
        for frame, name in enumerate(found)
        for label, rows in found[name].items()
    ]
    return list(found), np.concatenate(blocks)
