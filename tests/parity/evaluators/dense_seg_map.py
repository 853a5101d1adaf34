"""The APMeter and the sparse-to-dense fusion of PointTAD's notebook (MultiTHUMOS)."""

import csv

import numpy as np
from evaluator_case import Either, EvaluatorCase, Figure

from tubelet.metrics.dense_labels import labels_at_frames, labels_in_cells, mix_scores, scores_from_segments
from tubelet.metrics.multi_label import frame_figures, ranked_figures
from tubelet.metrics.tables import Segments

CLASSES = 65
TOLERANCE = 2e-6  # the official sums are float32, in an order that depends on the processor


def run(case: EvaluatorCase) -> list[Figure]:
    truth, official = case["ground_truth"], case["official"]
    entries = case.recipes.load_json(case.annotations(truth["file"]))
    frames = truth["frames"] if isinstance(truth["frames"], dict) else counted(case, entries)
    durations = {name: entries[name]["duration"] for name in frames}
    instances = {name: as_segments(entries[name]["actions"]) for name in frames}
    dense = scores(
        case, {name: case.recipes.dense_truth(entries[name], frames[name], 4, CLASSES, False) for name in frames}
    )
    with case.clock():
        labels = [
            labels_at_frames(instances[name], frames[name] / durations[name], frames[name], CLASSES) for name in frames
        ]
        ours = frame_figures(np.concatenate(dense), np.concatenate(labels))
    figures = [
        Figure("mAP", ours.mean, official["mAP"], TOLERANCE),
        Figure("AP", ours.average_precision, official["ap"], TOLERANCE),
    ]
    return figures + (fused(case, instances, frames, durations, dense) if "sparse" in case.said else [])


def fused(case, instances, frames, durations, dense):
    said = case["sparse"]
    database = case.recipes.pointtad_ground_truth(case.annotations(case["ground_truth"]["file"]), False)
    per_video, seed = (int(part) for part in said["predictions"]["recipe"].rstrip(")").split(",")[-2:])
    made = case.recipes.temporal_predictions({name: database[name] for name in frames}, "testing", per_video, seed)
    made = case.checked(made, said["predictions"]["sha256"])
    predictions = {
        name: Segments(
            np.zeros(len(rows)),
            *np.array([row["segment"] for row in rows]).reshape(-1, 2).T,
            [row["label"] for row in rows],
            [row["score"] for row in rows],
        )
        for name, rows in made.items()
    }
    figures = []
    with case.clock():
        sparse = [
            scores_from_segments(predictions[name], durations[name], frames[name] // 4, CLASSES) for name in frames
        ]
        labels = np.concatenate(
            [labels_in_cells(instances[name], durations[name], frames[name] // 4, CLASSES) for name in frames]
        )
        joined, together = np.concatenate(sparse), np.concatenate(dense)
    first = said["first_video"]
    number = list(frames).index(first["video"])
    figures.append(Figure("sums of the first video", sparse[number].sum(axis=0), first["sum_per_class"]))
    figures.append(Figure("its greatest", sparse[number].max(), first["max"]))
    for theta, official in said["fused_with_theta"].items():
        mixed = mix_scores(joined, together, float(theta))
        with case.clock():
            ours = frame_figures(mixed, labels)
        # torch.sort leaves equal scores (cells that no segment covers) in an order of the processor's
        worst, best = (equals_put(mixed, labels, sign) for sign in (1, -1))
        figures.append(
            Figure(f"AP, theta {theta}", ours.average_precision, Either([official["ap"], worst, best]), TOLERANCE)
        )
        span = Either([official["mAP"], np.mean(worst), np.mean(best)])
        figures.append(Figure(f"mAP, theta {theta}", ours.mean, span, TOLERANCE))
        inside = np.clip(official["ap"], np.array(worst) - TOLERANCE, np.array(best) + TOLERANCE)
        figures.append(Figure(f"official AP within the orders of equals, theta {theta}", inside, official["ap"]))
    return figures


def equals_put(mixed, labels, sign):
    """AP with the positives last (1) or first (-1) among equal scores."""
    mixed, out = mixed.astype(np.float32), []
    for k in range(labels.shape[1]):
        order = np.argsort(sign * labels[:, k].astype(int), kind="stable")
        out.append(ranked_figures(mixed[order, k : k + 1], labels[order, k : k + 1]).average_precision[0])
    return out


def as_segments(actions):
    starts, ends = [row[1] for row in actions], [row[2] for row in actions]
    return Segments(np.zeros(len(actions)), starts, ends, [row[0] - 1 for row in actions])


def scores(case, truths):
    """The synthetic scores of each video, made from the labels that the case's digest is of."""
    seed = int(case["scores"]["recipe"].split("video, ")[1].split()[0])
    case.checked(truths, case["scores"]["sha256"][0])
    made = {name: case.recipes.dense_scores(truth, seed + i) for i, (name, truth) in enumerate(truths.items())}
    return list(case.checked(made, case["scores"]["sha256"][1]).values())


def counted(case, entries):
    """Frames of the testing videos, from the csv that the case names."""
    with case.annotations("thumos14/test_video_info.csv").open() as file:
        counts = {row["video"]: int(float(row["count"])) for row in csv.DictReader(file)}
    return {name: counts[name] for name, entry in entries.items() if entry["subset"] == "testing" and name in counts}
