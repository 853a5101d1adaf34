"""Temporal proposals: average recall against the number of proposals a video.

ActivityNet's figures are those of eval_proposal.py. For THUMOS'14 there is no official tool: the figures are AR@AN of
TURN, BSN and BMN (Gao et al., ICCV 2017; Lin et al., ECCV 2018, ICCV 2019), with AN counted as on ActivityNet.
"""

from __future__ import annotations

import numpy as np

from tubelet.metrics.proposals import official_lines, proposal_recall
from tubelet.metrics.score_order import reversed_rising
from tubelet.metrics.temporal_detection import ACTIVITYNET_THRESHOLDS, without_duplicates
from tubelet.scoring.columns import numbered, segments_of
from tubelet.scoring.files import Files, of_subset, read_known
from tubelet.scoring.result import Score
from tubelet.scoring.temporal import (
    RESULTS,
    TESTING,
    THUMOS14_TRUTH,
    VALIDATION,
    activitynet_truth,
    read_predictions,
    without_ambiguous,
)

POINTS = (1, 5, 10, 100)
THUMOS14_POINTS = (50, 100, 200, 500, 1000)
THUMOS14_THRESHOLDS = np.linspace(0.5, 1.0, 11)
UNKNOWN = "proposals in videos without an instance; they share the budget"


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
    figures = proposal_recall(instances, proposals, 100, ACTIVITYNET_THRESHOLDS, order=reversed_rising)
    notes[UNKNOWN] = figures.ignored
    recalls = {f"AR@{point}": figures.at(point) for point in POINTS}
    return Score(
        {"AUC": figures.area, **recalls},
        official=official_lines(figures),
        notes={what: count for what, count in notes.items() if count},
        proposals=figures,
    )


def thumos14_proposals(files: Files, flavour: str) -> Score:
    """AR@50, 100, 200, 500, 1000: mean recall over overlaps 0.5:0.05:1.0 with so many proposals a video on average.

    Each video with an instance uses the same share of its best proposals, as on ActivityNet; where all have equally
    many, that is a fixed number a video. Where there are fewer than a point asks for, all are used. Ambiguous moments
    are no instances.
    """
    truth = without_ambiguous(
        of_subset(read_known(files.ground_truth, THUMOS14_TRUTH), files.ground_truth, files.subset, TESTING)
    )
    found = read_predictions(files, truth, {**RESULTS, "thumos14_detections": {}})
    numbers, labels = numbered((v.path for v in truth), (v.path for v in found)), numbered(truth.classes)
    most = THUMOS14_POINTS[-1]
    figures = proposal_recall(
        segments_of(truth, numbers, labels),
        segments_of(found, numbers, labels),
        most,
        THUMOS14_THRESHOLDS,
        points=most,
        order=reversed_rising,
    )
    recalls = {f"AR@{point}": figures.at(point) for point in THUMOS14_POINTS}
    return Score(
        recalls,
        official=[f"{name}: {100 * recall:.2f}" for name, recall in recalls.items()],
        notes={UNKNOWN: figures.ignored} if figures.ignored else {},
        proposals=figures,
    )
