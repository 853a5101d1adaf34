"""Temporal action detection as ActivityNet's code measures it, and the copies of it that other benchmarks run.

Predictions of a class from all videos, best score first, each take the free instance of their video that they overlap
most, if that reaches the threshold; each threshold on its own; interpolated average precision (VOC 2010), mean over the
classes of the ground truth. Also used for HACS, FineAction, THUMOS'14, EPIC-KITCHENS-100, MultiTHUMOS and Charades.

Unusual: in the official code two segments without length overlap by 0 / 0, and NaN counts as a match; `CORRECTED` gives
such pairs no overlap. Of equal scores the first listed goes first; the official order is that of an unstable sort,
which `tubelet.metrics.score_order.reversed_rising` gives.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from tubelet.metrics.average_precision import interpolated
from tubelet.metrics.detection_figures import DetectionFigures
from tubelet.metrics.matching import Floats, Integers, Matches, Overlap, Side, match_in_turn, pairs, temporal_iou
from tubelet.metrics.ranked_hits import rows_by_class, split_by_class
from tubelet.metrics.score_order import ScoreOrder, first_listed_first
from tubelet.metrics.tables import Segments, TableError

ACTIVITYNET_THRESHOLDS = np.linspace(0.5, 0.95, 10)
THUMOS14_THRESHOLDS = np.linspace(0.3, 0.7, 5)
EPIC_THRESHOLDS = np.linspace(0.1, 0.5, 5)
MULTI_LABEL_THRESHOLDS = np.linspace(0.1, 0.9, 9)


@dataclass(frozen=True)
class Rules:
    """How a copy of the code differs from ActivityNet's, whose rules are the defaults.

    Args:
        added_to_union: seconds added to the union of every pair.
        least_union: seconds that a union counts at least; above 0, pairs without length do not match.
        least_length: instances shorter than this, in seconds, are left out.
        positive_length: instances without length are left out.
        duplicates_within: of instances of one video and class whose ends differ by no more than this, in seconds, only
            the first is kept; None keeps all.
        unknown_videos: predictions in videos without any instance count as false positives; else they are left out.
        labels_collide: ActionFormer renumbers the classes of the ground truth to 0..n-1 and leaves other predicted
            classes as they are, so that one of them can count for another class. A fault; for equal figures only.
    """

    added_to_union: float = 0.0
    least_union: float = 0.0
    least_length: float = 0.0
    positive_length: bool = False
    duplicates_within: float | None = None
    unknown_videos: bool = True
    labels_collide: bool = False

    @property
    def overlap(self) -> Overlap:
        """Temporal intersection over union by these rules."""
        return partial(temporal_iou, added=self.added_to_union, least=self.least_union)


ACTIVITYNET = Rules()
CORRECTED = Rules(least_union=1e-8)
AFSD = Rules(unknown_videos=False)
OPENTAD = Rules(least_union=1e-8, positive_length=True, duplicates_within=1e-3)
ACTIONFORMER = Rules(least_length=1e-3, duplicates_within=1e-3, labels_collide=True)
EPIC = Rules()
POINTTAD = Rules(added_to_union=1e-4)


def temporal_detection(
    truth: Segments,
    predictions: Segments,
    classes: Sequence[str],
    thresholds: Floats = ACTIVITYNET_THRESHOLDS,
    rules: Rules = ACTIVITYNET,
    order: ScoreOrder = first_listed_first,
) -> DetectionFigures:
    """Average precision of each class of the ground truth at each threshold.

    Args:
        truth: the instances.
        predictions: with scores. What the rules leave out is counted in the figures' ``ignored``.
        classes: name of each class number; predictions of other numbers are of no known class.
        thresholds: (T,) least overlap of a hit.
        rules: those of the official tool to agree with.
        order: of the scores of a class.

    Raises:
        TableError: when predictions have no scores, or an instance is of a class without a name.
    """
    _scores(predictions)
    truth, predictions, ignored = _counted(truth, predictions, rules)
    present, labels = np.unique(truth.labels, return_inverse=True)
    if len(present) and (present[0] < 0 or present[-1] >= len(classes)):
        raise TableError(f"an instance has the class {present[-1]}; expected 0 to {len(classes) - 1}.")
    truth = replace(truth, labels=labels)
    predictions = replace(predictions, labels=np.searchsorted(present, predictions.labels))
    turns = rows_by_class(predictions.labels, _scores(predictions), len(present), order)
    matches = matched(truth, predictions, turns, np.asarray(thresholds, np.float64), rules)
    hits = np.zeros((len(thresholds), len(predictions)), np.bool_)
    hits[matches.thresholds, matches.choosers] = True
    ranked = split_by_class(
        predictions.labels[turns],
        _scores(predictions)[turns],
        predictions.videos[turns],
        hits,
        truth.labels,
        truth.videos,
        len(present),
    )
    names = tuple(classes[label] for label in present)
    every = np.ones(len(present), np.bool_)
    return DetectionFigures(np.asarray(thresholds, np.float64), names, ranked, interpolated, every, ignored)


def recall_at_multiples(
    truth: Segments,
    predictions: Segments,
    multiples: Sequence[int] = (1, 5),
    thresholds: Floats = THUMOS14_THRESHOLDS,
    rules: Rules = ACTIONFORMER,
    order: ScoreOrder = first_listed_first,
) -> NDArray[np.float64]:
    """Recall of the k x n best predictions of a class in each video with n instances of it: "top-kx recall".

    An instance is found if one of them reaches the threshold; one prediction may find several. Mean over the classes of
    the ground truth (Ego4D, EPIC-KITCHENS-100, ActionFormer, OpenTAD).

    Returns:
        (K, T) recall of each multiple at each threshold.
    """
    _scores(predictions)
    truth, predictions, _ = _counted(truth, predictions, rules)
    groups, instance_groups = groups_of(predictions, truth)
    turns = rows_by_class(groups, _scores(predictions), int(instance_groups.max(initial=-1)) + 1, order)
    instances = np.argsort(instance_groups, kind="stable")
    one = Side(instance_groups[instances], truth.starts[instances], truth.ends[instances])
    other = Side(groups[turns], predictions.starts[turns], predictions.ends[turns])
    size = np.bincount(instance_groups)
    first = np.searchsorted(other.groups, one.groups, "left")
    best = np.full((len(multiples), len(truth)), -np.inf)
    for rows, others in pairs(one, other):
        value = rules.overlap(one.starts[rows], one.ends[rows], other.starts[others], other.ends[others])
        value[np.isnan(value)] = -np.inf
        rank = others - first[rows]
        for found, multiple in zip(best, multiples, strict=True):
            listed = rank < multiple * size[one.groups[rows]]
            np.maximum.at(found, rows[listed], value[listed])
    hits = best[:, None, :] >= np.asarray(thresholds)[:, None]
    labels = truth.labels[instances]
    return np.stack([hits[..., labels == label].mean(axis=-1) for label in np.unique(labels)]).mean(axis=0)


def official_lines(
    figures: DetectionFigures, instances: int, predictions: int, subset: str = "validation"
) -> list[str]:
    """What ActivityNet's eval_detection.py prints."""
    return [
        f"[INIT] Loaded annotations from {subset} subset.",
        f"\tNumber of ground truth instances: {instances}",
        f"\tNumber of predictions: {predictions}",
        f"\tFixed threshold for tiou score: {figures.thresholds}",
        "[RESULTS] Performance on ActivityNet detection task.",
        f"\tAverage-mAP: {figures.average}",
    ]


def without_duplicates(truth: Segments, within: float) -> Segments:
    """The instances, but for those whose ends both differ by no more than that from an earlier kept one of their class.

    ``within`` is in seconds; only instances of the same video are compared.
    """
    order = np.lexsort((truth.starts, truth.videos, truth.labels))
    same = (np.diff(truth.videos[order]) == 0) & (np.diff(truth.labels[order]) == 0)
    near = same & (np.diff(truth.starts[order]) <= within)
    kept = np.ones(len(truth), np.bool_)
    runs = np.cumsum(np.concatenate([[True], ~near])) if len(truth) else np.zeros(0, np.int64)
    crowded = np.flatnonzero(np.bincount(runs) > 1)
    for run in crowded:  # few: instances that start together
        members = np.sort(order[runs == run])
        for place, row in enumerate(members):
            earlier = members[:place][kept[members[:place]]]
            far = np.maximum(abs(truth.starts[earlier] - truth.starts[row]), abs(truth.ends[earlier] - truth.ends[row]))
            kept[row] = not (far <= within).any()
    return truth.take(kept)


def _scores(predictions: Segments) -> Floats:
    if predictions.scores is None:
        raise TableError("the predictions have no scores; expected one for each.")
    return predictions.scores


def _counted(truth: Segments, predictions: Segments, rules: Rules) -> tuple[Segments, Segments, dict[str, int]]:
    """The instances and predictions that the rules let count, and how many of each kind they do not."""
    ignored: dict[str, int] = {}

    def keep(table: Segments, mask: NDArray[np.bool_], what: str) -> Segments:
        if mask.all():
            return table
        ignored[what] = int(np.count_nonzero(~mask))
        return table.take(mask)

    known = truth
    if rules.duplicates_within is not None:
        known = without_duplicates(truth, rules.duplicates_within)
        if len(known) < len(truth):
            ignored["instances that repeat another"] = len(truth) - len(known)
    length = known.ends - known.starts
    known = keep(known, length >= rules.least_length, f"instances shorter than {rules.least_length} s")
    if rules.positive_length:
        known = keep(known, known.ends > known.starts, "instances without length")
    present = np.unique(known.labels)
    if rules.labels_collide and len(present):
        unknown = ~np.isin(predictions.labels, present) & (predictions.labels >= 0)
        collides = unknown & (predictions.labels < len(present))
        labels = np.where(collides, present[np.where(collides, predictions.labels, 0)], predictions.labels)
        predictions = replace(predictions, labels=labels)
    predictions = keep(predictions, np.isin(predictions.labels, present), "predictions of classes without an instance")
    if not rules.unknown_videos:
        seen = np.isin(predictions.videos, truth.videos)
        predictions = keep(predictions, seen, "predictions in videos without an instance")
    return known, predictions, ignored


def matched(truth: Segments, predictions: Segments, turns: Integers, thresholds: Floats, rules: Rules) -> Matches:
    """Which instance each prediction takes; the choosers are numbered by ``turns``, the rows in which they choose."""
    groups, instance_groups = groups_of(predictions, truth)
    groups = groups[turns]
    places = np.flatnonzero(groups <= instance_groups.max(initial=-1))  # the others have no instance to meet
    places = places[np.argsort(groups[places], kind="stable")]
    known = np.argsort(instance_groups, kind="stable")
    rows = turns[places]
    found = match_in_turn(
        Side(groups[places], predictions.starts[rows], predictions.ends[rows]),
        Side(instance_groups[known], truth.starts[known], truth.ends[known]),
        thresholds,
        rules.overlap,
    )
    return Matches(found.thresholds, places[found.choosers], known[found.offered])


def groups_of(predictions: Segments, truth: Segments) -> tuple[Integers, Integers]:
    """A number for each (video, class): those with instances from 0 on, one more for predictions without any."""
    span = int(max(predictions.videos.max(initial=0), truth.videos.max(initial=0))) + 1
    keys = predictions.labels * span + predictions.videos
    found, instances = np.unique(truth.labels * span + truth.videos, return_inverse=True)
    if not len(found):
        return np.zeros(len(keys), np.int64), instances
    place = np.minimum(np.searchsorted(found, keys), len(found) - 1)
    return np.where(found[place] == keys, place, len(found)), instances
