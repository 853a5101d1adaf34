"""EPIC-KITCHENS-100 evaluate_detection_json_ek100.py."""

import csv
import gzip

import numpy as np
from evaluator_case import EvaluatorCase, Figure, by_name
from segment_tables import as_task, made

from tubelet.metrics.score_order import reversed_rising
from tubelet.metrics.temporal_detection import EPIC, temporal_detection


def run(case: EvaluatorCase) -> list[Figure]:
    truth = _ground_truth(case)
    predictions = (
        made(case, case["predictions"], truth=truth) if "recipe" in case["predictions"] else case["predictions"]
    )
    figures = []
    for name, label_of in TASKS.items():
        if name not in case["official"]:
            continue
        official = case["official"][name]
        task = as_task(truth, predictions, None, label_of=label_of)
        with case.clock():
            ours = temporal_detection(
                task.truth, task.predictions, task.classes, np.array(case["tiou"]), EPIC, reversed_rising
            )
            ap = ours.average_precision
        figures += [
            Figure(f"{name} mAP", ours.by_threshold, official["mAP"]),
            Figure(f"{name} average mAP", ours.average, official["average_mAP"]),
            Figure(f"{name} classes", len(ours.classes), official["classes"]),
        ]
        if official["ap"]:
            figures += by_name(f"{name} AP ", dict(zip(ours.classes, ap.T, strict=True)), official["ap"])
    return figures


def _verb(entry):
    return int(entry["label"].split(",")[0])


def _noun(entry):
    return int(entry["label"].split(",")[1])


TASKS = {"verb": _verb, "noun": _noun, "action": lambda entry: _verb(entry) * 300 + _noun(entry)}


def _ground_truth(case):
    said = case["ground_truth"]
    wanted, database = set(said["videos"]), {}
    with gzip.open(case.annotations(said["file"]), "rt") as file:
        for row in csv.DictReader(file):
            if row["video_id"] in wanted:
                segment = [_seconds(row["start_timestamp"]), _seconds(row["stop_timestamp"])]
                entry = database.setdefault(row["video_id"], {"subset": "val", "annotations": []})
                entry["annotations"].append({"segment": segment, "label": f"{row['verb_class']},{row['noun_class']}"})
    for entry in database.values():
        entry["duration"] = max(one["segment"][1] for one in entry["annotations"]) + 5.0
    return {video: database[video] for video in said["videos"]}


def _seconds(stamp):
    hours, minutes, seconds = stamp.split(":")
    return int(hours) * 3600 + int(minutes) * 60 + float(seconds)
