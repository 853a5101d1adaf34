"""Recognition of whole videos: one label each (Kinetics, UCF101, HMDB51, Something-Something), or several.

Scores come as `tubelet.scoring.video_scores` describes, the ActivityNet classification as its server takes it.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence

import numpy as np
from numpy.typing import NDArray

from tubelet.annotations import VideoSet
from tubelet.annotations.thumos14_meta import read_thumos14_meta
from tubelet.metrics.average_precision import at_hits
from tubelet.metrics.detection_figures import DetectionFigures, RankedHits
from tubelet.metrics.multi_label import MultiLabelFigures, multi_label_figures, ranked_figures
from tubelet.metrics.multi_label import official_lines as multi_label_lines
from tubelet.metrics.recognition import official_lines as recognition_lines
from tubelet.metrics.recognition import recognition_figures
from tubelet.metrics.score_order import reversed_rising
from tubelet.metrics.video_classification import official_lines as classification_lines
from tubelet.metrics.video_classification import video_classification
from tubelet.scoring.columns import labels_of, numbered
from tubelet.scoring.dense import charades_truth
from tubelet.scoring.files import Files, Options, ScoringError, checked_labels, of_subset, read_known, videos_by_name
from tubelet.scoring.result import Score
from tubelet.scoring.temporal import VALIDATION, activitynet_truth, read_predictions
from tubelet.scoring.video_scores import read_video_scores


def kinetics(files: Files, flavour: str) -> Score:
    """Kinetics-400, 600 or 700, by their official lists, or any list of videos with one label each."""
    return _one_label(files, {"kinetics": {"classes": files.classes}, "video_list": {"classes": files.classes}})


def ucf101(files: Files, flavour: str) -> Score:
    """UCF101, the test list of a split."""
    return _one_label(files, {"ucf101": {"split": files.split, "classes": files.classes}}, ("test",))


def hmdb51(files: Files, flavour: str) -> Score:
    """HMDB51, the test videos of a split."""
    return _one_label(files, {"hmdb51": {"split": files.split}}, ("test",))


def something_something(files: Files, flavour: str) -> Score:
    """Something-Something v2, by the official list and ``labels.json``, which ``classes`` names."""
    labels = files.classes or files.ground_truth.parent / "something-something-v2-labels.json"
    return _one_label(files, {"something_something": {"labels": labels}})


def charades_classification(files: Files, flavour: str) -> Score:
    """Which of 157 actions are in a video: mean average precision over the classes that occur."""
    videos, truth = _labelled(files, charades_truth(files), ("testing", "test"))
    scores = read_video_scores(files.predictions, list(videos), truth.classes)
    labels = _indicators(truth)
    return _several_labels(multi_label_figures(scores, labels), scores, labels, truth.classes)


def thumos14_recognition(files: Files, flavour: str) -> Score:
    """THUMOS'14's recognition task: 101 classes over all test videos, those of the background too."""
    formats: dict[str, Options] = {"tubelet": {}, "video_list": {"classes": files.classes}}
    videos, truth = _labelled(files, formats, ())
    scores = read_video_scores(files.predictions, list(videos), truth.classes).astype(np.float64)
    labels = _indicators(truth)
    return _several_labels(ranked_figures(scores, labels), scores, labels, truth.classes)


def activitynet_classification(files: Files, flavour: str) -> Score:
    """Labels of untrimmed videos: mean average precision and hit@k, k of 1 and 3."""
    truth = of_subset(
        read_known(files.ground_truth, activitynet_truth(files)), files.ground_truth, files.subset, VALIDATION
    )
    found = read_predictions(files, truth, {"tubelet": {}, "activitynet_results": {}})
    checked_labels(found, files.predictions, truth.classes)
    numbers, labels = numbered((v.path for v in truth), (v.path for v in found)), numbered(truth.classes)
    instances, predictions = labels_of(truth, numbers, labels), labels_of(found, numbers, labels)
    three, one = (video_classification(instances, predictions, truth.classes, k, reversed_rising) for k in (3, 1))
    counted = np.isfinite(three.average_precision)
    by_class = dict(
        zip(np.array(three.classes)[counted].tolist(), three.average_precision[counted].tolist(), strict=True)
    )
    per_video: dict[str, NDArray[np.float64]] = {}
    for figures in (three, one):
        per_video |= {
            f"hit@{figures.k}": (figures.video_hits > 0).astype(np.float64),
            f"average hit@{figures.k}": figures.video_hits,
        }
    unknown = {"predictions in videos that the ground truth lacks; they count as wrong": three.unknown_videos}
    return Score(
        {"mAP": three.mean_average_precision} | {name: float(values.mean()) for name, values in per_video.items()},
        {"mAP": by_class},
        classification_lines(three),
        unknown if three.unknown_videos else {},
        per_video=per_video,
    )


def _one_label(files: Files, formats: Mapping[str, Options], subsets: Collection[str] = ()) -> Score:
    videos, truth = _labelled(files, {"tubelet": {}, **formats}, subsets)
    several = next((video for video in truth if len(video.labels) != 1), None)
    if several is not None:
        raise ScoringError(
            f"{files.ground_truth}: the video {several.path} has {len(several.labels)} labels; expected one."
        )
    scores = read_video_scores(files.predictions, list(videos), truth.classes)
    classes = numbered(truth.classes)
    found = recognition_figures(scores, np.array([classes[video.labels[0].name] for video in truth]))
    per_video = {f"top-{k}": (found.ranks < k).astype(np.float64) for k in (1, 5)}
    accuracy = dict(zip(truth.classes, found.class_accuracy.tolist(), strict=True))
    low, high = found.top_k_bounds(1)
    open_ones = round((high - low) * found.num_videos)
    return Score(
        {"top-1": found.top1, "top-5": found.top5, "mean class accuracy": found.mean_class_accuracy},
        {"mean class accuracy": accuracy},
        recognition_lines(found),
        {"videos whose top-1 depends on how equal scores are ordered": open_ones} if open_ones else {},
        per_video=per_video,
        confusion=found.confusion,
    )


def _labelled(
    files: Files, formats: Mapping[str, Options], subsets: Collection[str]
) -> tuple[dict[str, object], VideoSet]:
    """The videos of the ground truth by name, and the set."""
    mat = files.ground_truth.name.removesuffix(".gz").endswith(".mat")
    given = read_thumos14_meta(files.ground_truth) if mat else read_known(files.ground_truth, formats)
    truth = of_subset(given, files.ground_truth, files.subset, subsets)
    if not len(truth):
        raise ScoringError(f"{files.ground_truth} has no videos; expected some to score.")
    checked_labels(truth, files.ground_truth, truth.classes)
    return dict(videos_by_name(truth, files.ground_truth)), truth


def _indicators(truth: VideoSet) -> NDArray[np.bool_]:
    """(N, K) which classes each video has, as labels or in segments."""
    numbers, classes = numbered(video.path for video in truth), numbered(truth.classes)
    rows = labels_of(truth, numbers, classes)
    labels = np.zeros((len(truth), len(classes)), np.bool_)
    labels[rows.videos, rows.labels] = True
    return labels


def _several_labels(
    found: MultiLabelFigures, scores: NDArray[np.floating], labels: NDArray[np.bool_], classes: Sequence[str]
) -> Score:
    order = np.argsort(-scores, axis=0, kind="stable")
    ranked = tuple(
        RankedHits(scores[rows, k].astype(np.float64), labels[None, rows, k], rows, labels[:, k].astype(np.int64))
        for k, rows in enumerate(order.T)
    )
    curves = DetectionFigures(np.zeros(1), tuple(classes), ranked, at_hits, found.counted)
    by_class = {
        name: float(value)
        for name, value, counted in zip(classes, found.average_precision, found.counted, strict=True)
        if counted
    }
    empty = int(np.count_nonzero(found.positives == 0))
    notes = {"classes without a video": empty} if empty else {}
    return Score({"mAP": found.mean}, {"mAP": by_class}, multi_label_lines(found), notes, detections={"mAP": curves})
