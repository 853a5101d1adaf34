"""Temporal proposals on ActivityNet: average recall against the number of proposals a video, and the area under it."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from tubelet.metrics.proposals import official_lines, proposal_recall
from tubelet.metrics.score_order import reversed_rising
from tubelet.metrics.temporal_detection import ACTIVITYNET_THRESHOLDS, without_duplicates
from tubelet.scoring.columns import numbered, segments_of
from tubelet.scoring.files import Files, of_subset, read_known
from tubelet.scoring.result import Score
from tubelet.scoring.temporal import RESULTS, VALIDATION, activitynet_truth, read_predictions

POINTS = (1, 5, 10, 100)


def activitynet_proposals(files: Files, flavour: str) -> Score:
    """AR@1, 5, 10, 100 and the area. "opentad" first leaves out instances that repeat another or have no length."""
    truth = of_subset(
        read_known(files.ground_truth, activitynet_truth(files)), files.ground_truth, files.subset, VALIDATION
    )
    found = read_predictions(files, truth, RESULTS)
    numbers, labels = numbered((v.path for v in truth), (v.path for v in found)), numbered(truth.classes)
    instances, proposals = segments_of(truth, numbers, labels), segments_of(found, numbers, labels)
    notes = {}
    if flavour == "opentad":
        listed = len(instances)
        instances = without_duplicates(instances.take(instances.ends > instances.starts), 1e-3)
        notes["instances without length or that repeat another"] = listed - len(instances)
    same_class = np.zeros(len(instances), np.int64)
    figures = proposal_recall(
        replace(instances, labels=same_class), proposals, 100, ACTIVITYNET_THRESHOLDS, order=reversed_rising
    )
    notes["proposals in videos without an instance; they share the budget"] = figures.ignored
    recalls = {f"AR@{point}": figures.at(point) for point in POINTS}
    return Score(
        {"AUC": figures.area, **recalls},
        official=official_lines(figures),
        notes={what: count for what, count in notes.items() if count},
        proposals=figures,
    )
