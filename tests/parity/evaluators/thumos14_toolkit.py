"""The THUMOS'14 kit: detection (TH14evalDet.m) and recognition (TH14evalRecog.m)."""

import gzip
import io
import tarfile

import numpy as np
import scipy.io
from evaluator_case import EvaluatorCase, Figure, by_name
from segment_tables import THUMOS14, as_task, thumos14_rows

from tubelet.metrics.multi_label import ranked_figures
from tubelet.metrics.thumos14 import thumos14_detection


def run(case: EvaluatorCase) -> list[Figure]:
    if case["evaluator"] == "thumos14_toolkit_recognition":
        return _recognition(case)
    truth, predictions = case["ground_truth"], case["predictions"]
    if isinstance(truth, str):
        truth = _kit_files(case, truth.split()[0])
    if isinstance(predictions, str):
        predictions = thumos14_rows(case, predictions)
    else:
        rows, predictions = predictions, {}
        for video, start, end, number, score in rows:
            entry = {"segment": [start, end], "label": THUMOS14[number], "score": score}
            predictions.setdefault(video.removesuffix(".mp4"), []).append(entry)
    instances = {}
    for label, rows in truth.items():
        for video, start, end in rows:
            entry = {"segment": [start, end], "label": label}
            instances.setdefault(video, []).append(entry)
    videos = sorted({*instances, *predictions})  # the kit's order
    classes = [*THUMOS14.values(), "Ambiguous"]
    task = as_task({video: {"annotations": instances.get(video, [])} for video in videos}, predictions, None, classes)
    ambiguous = task.truth.labels == len(THUMOS14)
    figures = []
    for threshold, official in case["official"].items():
        with case.clock():
            ours = thumos14_detection(
                task.truth.take(~ambiguous),
                task.predictions,
                task.classes[:-1],
                task.truth.take(ambiguous),
                np.array([float(threshold)]),
            )
            ap = dict(zip(ours.classes, ours.average_precision[0], strict=True))
        figures.append(Figure(f"mAP at {threshold}", ours.average, official["mAP"]))
        figures += by_name(f"AP at {threshold} ", ap, official["ap"])
    return figures


def _kit_files(case, archive):
    truth = {}
    with tarfile.open(case.annotations(archive)) as kit:
        for label in [*THUMOS14.values(), "Ambiguous"]:
            member = next(one for one in kit.getmembers() if one.name.split("/")[-1] == f"{label}_test.txt")
            rows = (line.split() for line in kit.extractfile(member).read().decode().splitlines() if line.strip())
            truth[label] = [(video, float(start), float(end)) for video, start, end in rows]
    return truth


def _recognition(case):
    meta = gzip.decompress(case.annotations(f"{case['ground_truth']}.gz").read_bytes())
    scores = gzip.decompress(case.annotations(case["predictions"].split(":")[0]).read_bytes())
    scores = np.load(io.BytesIO(scores)).astype(np.float64)
    labels = np.zeros(scores.shape)
    for row, video in enumerate(scipy.io.loadmat(io.BytesIO(meta), squeeze_me=True)["test_videos"]):
        if video["background_video"] == "NO":
            for index in ("primary_action_index", "secondary_actions_indices"):
                labels[row, np.atleast_1d(video[index]).astype(int) - 1] = 1
    with case.clock():
        ours = ranked_figures(scores, labels)
    ap = ours.average_precision
    return [Figure("mAP", ap.mean(), case["official"]["mAP"]), Figure("AP", ap, case["official"]["ap"])]
