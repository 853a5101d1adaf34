"""Temporal detection: ActivityNet's mean average precision and the benchmarks that take it over, and the THUMOS'14 kit.

Ground truth in any layout of the data set, predictions as the ActivityNet server takes them, the kit's lines, or
tubelet's JSON. `tubelet.metrics.temporal_detection` says how the flavours differ. Equal scores go in the order that
the official sort leaves them in.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from tubelet.annotations import VideoSet
from tubelet.annotations.epic_kitchens import Task
from tubelet.annotations.thumos14 import AMBIGUOUS
from tubelet.metrics import thumos14
from tubelet.metrics.detection_figures import DetectionFigures
from tubelet.metrics.score_order import reversed_rising
from tubelet.metrics.tables import Segments
from tubelet.metrics.temporal_detection import (
    ACTIONFORMER,
    ACTIVITYNET,
    ACTIVITYNET_THRESHOLDS,
    AFSD,
    CORRECTED,
    EPIC,
    EPIC_THRESHOLDS,
    MULTI_LABEL_THRESHOLDS,
    OPENTAD,
    POINTTAD,
    THUMOS14_THRESHOLDS,
    Rules,
    official_lines,
    temporal_detection,
)
from tubelet.metrics.temporal_errors import (
    ACTIVITYNET_BUCKETS,
    THUMOS14_BUCKETS,
    Buckets,
    TemporalErrors,
    temporal_errors,
)
from tubelet.scoring.columns import numbered, segments_of
from tubelet.scoring.epic import epic_formats
from tubelet.scoring.files import (
    Files,
    Options,
    check_some_known,
    checked_labels,
    checked_scores,
    of_subset,
    read_known,
)
from tubelet.scoring.result import Score, detection_score, reported

VALIDATION, TESTING = ("validation", "val"), ("testing", "test")
RESULTS: Mapping[str, Options] = {"tubelet": {}, "activitynet_results": {}}
THUMOS14_TRUTH: Mapping[str, Options] = {
    name: {} for name in ("tubelet", "thumos14_json", "thumos14", "thumos14_csv", "thumos14_proposal_csv")
} | {"actionformer": {}, "activitynet": {}}


@dataclass(frozen=True)
class Protocol:
    """How a benchmark measures.

    Args:
        subsets: names of the subset that papers report on.
        thresholds: (T,) that the mean is averaged over.
        shown: those that are reported one by one.
        rules: by flavour, the default first.
        buckets: of the breakdown of errors.
    """

    subsets: tuple[str, ...]
    thresholds: NDArray[np.float64]
    shown: tuple[float, ...]
    rules: Mapping[str, Rules]
    buckets: Mapping[str, Buckets]


ACTIVITYNET_PROTOCOL = Protocol(
    VALIDATION,
    ACTIVITYNET_THRESHOLDS,
    (0.5, 0.75, 0.95),
    {"official": ACTIVITYNET, "corrected": CORRECTED, "opentad": OPENTAD, "actionformer": ACTIONFORMER},
    ACTIVITYNET_BUCKETS,
)
THUMOS14_PROTOCOL = Protocol(
    TESTING,
    THUMOS14_THRESHOLDS,
    (0.3, 0.4, 0.5, 0.6, 0.7),
    {"afsd": AFSD, "opentad": OPENTAD, "actionformer": ACTIONFORMER, "activitynet": ACTIVITYNET},
    THUMOS14_BUCKETS,
)
MULTI_LABEL_PROTOCOL = Protocol(
    TESTING, MULTI_LABEL_THRESHOLDS, (0.2, 0.5, 0.7), {"pointtad": POINTTAD}, THUMOS14_BUCKETS
)
EPIC_TASKS: tuple[Task, ...] = ("action", "verb", "noun")
EPIC_THRESHOLDS_SHOWN = (0.1, 0.2, 0.3, 0.4, 0.5)


def activitynet_truth(files: Files) -> Mapping[str, Options]:
    """The layouts of ActivityNet's ground truth, and of the data sets that share it."""
    plain: dict[str, Options] = {name: {} for name in ("tubelet", "activitynet", "fineaction", "actionformer")}
    return plain | {"bsn": {"info": files.info}}


def detection(files: Files, flavour: str, *, protocol: Protocol, formats: Mapping[str, Options] | None = None) -> Score:
    """Mean average precision over classes and overlaps, ActivityNet's way.

    Args:
        files: predictions of videos without ground truth count as the flavour's rules say.
        flavour: one of the protocol's.
        protocol: of the benchmark.
        formats: of the ground truth; None for `activitynet_truth`.
    """
    rules = protocol.rules[flavour]
    truth = of_subset(
        read_known(files.ground_truth, activitynet_truth(files) if formats is None else formats),
        files.ground_truth,
        files.subset,
        protocol.subsets,
    )
    truth = without_ambiguous(truth)
    found = read_predictions(files, truth, {**RESULTS, "thumos14_detections": {}})
    if rules in (ACTIVITYNET, CORRECTED, POINTTAD):  # the others pass over labels that they do not know
        checked_labels(found, files.predictions, truth.classes)
    numbers, labels = numbered((v.path for v in truth), (v.path for v in found)), numbered(truth.classes)
    instances, predictions = segments_of(truth, numbers, labels), segments_of(found, numbers, labels)
    figures = temporal_detection(instances, predictions, truth.classes, protocol.thresholds, rules, reversed_rising)
    notes = dict(figures.ignored)
    if rules.unknown_videos:
        notes |= _unknown(predictions, truth)
    return detection_score(
        reported("mAP", figures, protocol.shown, average="average mAP"),
        official=official_lines(figures, len(instances), len(predictions), files.subset or protocol.subsets[0]),
        notes=notes,
        diagnose=partial(diagnosis, truth, instances, predictions, protocol.buckets, protocol.thresholds),
    )


def thumos14_kit(files: Files, flavour: str) -> Score:
    """The THUMOS'14 kit's own measure: its overlaps, its matching, its ambiguous intervals."""
    truth = of_subset(read_known(files.ground_truth, THUMOS14_TRUTH), files.ground_truth, files.subset, TESTING)
    found = read_predictions(files, truth, {**RESULTS, "thumos14_detections": {}})
    checked_labels(found, files.predictions, truth.classes)
    classes = [name for name in truth.classes if name != AMBIGUOUS]
    numbers, labels = numbered((v.path for v in truth), (v.path for v in found)), numbered([*classes, AMBIGUOUS])
    instances, predictions = segments_of(truth, numbers, labels), segments_of(found, numbers, labels)
    ambiguous = instances.labels == labels[AMBIGUOUS]
    figures = thumos14.thumos14_detection(
        instances.take(~ambiguous), predictions, classes, instances.take(ambiguous), thumos14.KIT_THRESHOLDS
    )
    parts = reported("mAP", figures, (0.5, 0.4, 0.3, 0.2, 0.1))
    lines = [line for threshold in figures.thresholds for line in thumos14.official_lines(figures, threshold)]
    diagnose = partial(
        diagnosis,
        without_ambiguous(truth),
        instances.take(~ambiguous),
        predictions,
        THUMOS14_BUCKETS,
        thumos14.KIT_THRESHOLDS,
    )
    return detection_score(
        parts, official=lines, notes=dict(figures.ignored) | _unknown(predictions, truth), diagnose=diagnose
    )


def epic_detection(files: Files, flavour: str) -> Score:
    """EPIC-KITCHENS-100: verbs, nouns and their pairs, the actions, from one list of predictions."""
    formats = epic_formats(files)
    truth = of_subset(read_known(files.ground_truth, formats.truth), files.ground_truth, files.subset)
    found = read_predictions(files, truth, formats.results)
    numbers = numbered((v.path for v in truth), (v.path for v in found))
    actions = numbered(formats.classes.of_task("action"))
    for videos, path in ((truth, files.ground_truth), (found, files.predictions)):
        checked_labels(videos, path, actions)
    instances, predictions = segments_of(truth, numbers, actions), segments_of(found, numbers, actions)
    parts: dict[str, DetectionFigures] = {}
    notes = _unknown(predictions, truth)
    diagnose = partial(diagnosis, truth, instances, predictions, THUMOS14_BUCKETS, EPIC_THRESHOLDS)
    for task in EPIC_TASKS:
        figures = temporal_detection(
            formats.of_task(instances, task),
            formats.of_task(predictions, task),
            formats.classes.of_task(task),
            EPIC_THRESHOLDS,
            EPIC,
            reversed_rising,
        )
        parts |= reported(f"{task} mAP", figures, EPIC_THRESHOLDS_SHOWN, average=f"{task} average mAP")
        notes |= {f"{what} ({task})": count for what, count in figures.ignored.items()}
    score = detection_score(parts, notes=notes, diagnose=diagnose)
    lines = [f"{name}: {100 * figure:.2f}" for name, figure in score.figures.items()]
    return replace(score, official=lines)


def read_predictions(files: Files, truth: VideoSet, formats: Mapping[str, Options]) -> VideoSet:
    """Predictions, each with a score, of at least one video of the ground truth."""
    found = checked_scores(read_known(files.predictions, formats), files.predictions)
    check_some_known([video.path for video in found], [video.path for video in truth], files)
    return found


def without_ambiguous(videos: VideoSet) -> VideoSet:
    """The set without the moments of THUMOS'14 that are neither: only the kit looks at them."""
    kept = tuple(
        replace(video, segments=tuple(one for one in video.segments if one.label != AMBIGUOUS)) for video in videos
    )
    return VideoSet(kept, tuple(name for name in videos.classes if name != AMBIGUOUS), videos.extra)


def diagnosis(
    truth: VideoSet,
    instances: Segments,
    predictions: Segments,
    buckets: Mapping[str, Buckets],
    thresholds: NDArray[np.float64],
) -> TemporalErrors:
    """The breakdown of errors; where a file has no durations, a video ends with the last thing that is said of it."""
    count = int(max(instances.videos.max(initial=-1), predictions.videos.max(initial=-1))) + 1
    durations = np.zeros(count)
    for table in (instances, predictions):
        np.maximum.at(durations, table.videos, table.ends)
    said = [(number, video.duration) for number, video in enumerate(truth) if video.duration and number < count]
    for number, duration in said:
        durations[number] = duration
    return temporal_errors(instances, predictions, np.maximum(durations, 1e-9), buckets, thresholds=thresholds)


def _unknown(predictions: Segments, truth: VideoSet) -> dict[str, int]:
    count = int(np.count_nonzero(predictions.videos >= len(truth)))
    return {"predictions in videos that the ground truth lacks; they count as wrong": count} if count else {}
