"""PointTAD evaluate.py on MultiTHUMOS and Charades."""

import numpy as np
from evaluator_case import EvaluatorCase, Figure
from segment_tables import as_task, made

from tubelet.metrics.score_order import reversed_rising
from tubelet.metrics.temporal_detection import POINTTAD, temporal_detection


def run(case: EvaluatorCase) -> list[Figure]:
    said, official = case["ground_truth"], case["official"]
    path = case.annotations(said["file"])
    names = {"path": path}
    truth = eval(said["recipe"], {"__builtins__": {}, **vars(case.recipes)}, {**names, "True": True, "False": False})
    predictions = (
        made(case, case["predictions"], truth=truth) if "recipe" in case["predictions"] else case["predictions"]
    )
    task = as_task(truth, predictions, "testing", classes=range(len(official["ap"])))
    with case.clock():
        ours = temporal_detection(
            task.truth, task.predictions, task.classes, np.array(official["tiou"]), POINTTAD, reversed_rising
        )
        ap = ours.average_precision
    return [
        Figure("mAP", ours.by_threshold, official["mAP"]),
        Figure("average mAP", ours.average, official["average_mAP"]),
        Figure("AP", ap.T, official["ap"]),
        Figure("predictions", len(task.predictions), official["predictions"]),
    ]
