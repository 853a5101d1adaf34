"""ActivityNet eval_detection.py."""

import numpy as np
from evaluator_case import Either, EvaluatorCase, Figure, by_name
from segment_tables import activitynet_files, as_task

from tubelet.metrics.temporal_detection import ACTIVITYNET_THRESHOLDS, temporal_detection


def run(case: EvaluatorCase) -> list[Figure]:
    database, predictions = activitynet_files(case)
    task = as_task(database, predictions, "validation")
    thresholds = np.array(case["official"].get("tiou", ACTIVITYNET_THRESHOLDS))
    with case.clock():
        figures = temporal_detection(task.truth, task.predictions, task.classes, thresholds)
        average = figures.average
    return [
        Figure("average mAP", average, Either([one["average_mAP"] for one in case.variants])),
        Figure("mAP", figures.by_threshold, Either([one["mAP"] for one in case.variants])),
        Figure("instances", len(task.truth), case["official"]["instances"]),
        Figure("predictions", len(task.predictions), case["official"]["predictions"]),
        *by_name(
            "AP ",
            dict(zip(figures.classes, figures.average_precision.T, strict=True)),
            *[one["ap"] for one in case.variants],
        ),
    ]
