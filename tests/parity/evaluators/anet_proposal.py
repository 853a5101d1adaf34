"""ActivityNet eval_proposal.py and OpenTAD recall.py."""

import numpy as np
from evaluator_case import Either, EvaluatorCase, Figure, by_name
from segment_tables import activitynet_files, as_task

from tubelet.metrics.proposals import proposal_recall
from tubelet.metrics.score_order import reversed_rising
from tubelet.metrics.temporal_detection import without_duplicates


def run(case: EvaluatorCase) -> list[Figure]:
    database, predictions = activitynet_files(case)
    task = as_task(database, predictions, "validation", label_of=lambda entry: 0)
    most = case["settings"]["max_avg_nr_proposals"]
    thresholds = np.array(case["official"]["tiou"])
    with case.clock():
        ours = proposal_recall(task.truth, task.predictions, most, thresholds)
        area = ours.area
    variants = case.variants

    def official(key):
        return Either([one[key] for one in variants])

    ar = {point: ours.at(int(point)) for point in case["official"]["AR"]}
    figures = [
        Figure("AUC", area, official("AUC")),
        Figure("area", area * ours.per_video[-1], official("area")),
        Figure("average recall", ours.average_recall, official("avg_recall")),
        Figure("proposals per video", ours.per_video, official("proposals_per_video")),
        Figure("recall", ours.recall, official("recall")),
        Figure("instances", len(task.truth), case["official"]["instances"]),
        Figure("proposals", len(task.predictions), case["official"]["proposals"]),
        *by_name("AR@", ar, *[one["AR"] for one in variants]),
    ]
    if isinstance(case.get("opentad"), dict):
        labelled = as_task(database, {name: [] for name in predictions}, "validation").truth
        truth = without_duplicates(labelled.take(labelled.ends > labelled.starts), 1e-3)
        ours = proposal_recall(truth, task.predictions, most, thresholds, points=int(most), order=reversed_rising)
        found = {"AUC": ours.area, **{f"AR@{point}": ours.at(point) for point in range(1, int(most) + 1)}}
        figures += by_name("OpenTAD ", found, case["opentad"])
    return figures
