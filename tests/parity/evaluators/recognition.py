"""mmaction2's accuracies and mean average precision, SlowFast's, the fusion of views, and EPIC-KITCHENS-100's C1."""

import csv
import gzip

import numpy as np
from evaluator_case import Either, EvaluatorCase, Figure

from tubelet.metrics.epic_kitchens import TASKS, epic_recognition
from tubelet.metrics.multi_label import average_precision_of_rows, multi_label_figures
from tubelet.metrics.recognition import recognition_figures
from tubelet.metrics.score_fusion import fuse_models, fuse_views

FUSIONS = {"sum_of_scores": "sum", "mean_of_softmax": "probabilities", "max_of_scores": "max", "mean_of_scores": "mean"}


def run(case: EvaluatorCase) -> list[Figure]:
    if case["evaluator"] == "epic_recognition":
        return epic(case)
    if "mean_average_precision" in case["official"]:
        return multi_label(case)
    if "views" in case.said:
        return views(case)
    if isinstance(case["scores"], list):
        return models(case)
    return single_label(case)


def accuracies(case, name, scores, labels, official, ties=None):
    with case.clock():
        ours = recognition_figures(scores, labels)
    figures = [
        Figure(f"{name} mean class accuracy", ours.mean_class_accuracy_with_strays, official["mean_class_accuracy"])
    ]
    for k, value in official["top_k"].items():
        span = (ties or {}).get(k, [])
        figures.append(Figure(f"{name} top-{k}", ours.top_k(int(k)), Either([value, *span])))
        if span:
            figures.append(Figure(f"{name} top-{k} range", ours.top_k_bounds(int(k)), span))
    return figures


def single_label(case):
    labels = np.array(case["labels"])
    scores = class_scores(case, labels, case["classes"], case["scores"]["recipe"], case["scores"]["sha256"])
    ties = case.get("ties", {}).get("range_[label_loses, label_wins]")
    return accuracies(case, "", scores, labels, case["official"], ties)


def class_scores(case, labels, classes, recipe, sha256):
    """What `class_scores(labels, classes, seed, hit=..., digits=...)` gives."""
    arguments = [part.strip(" )") for part in recipe.split(",")]
    options = dict(part.split("=") for part in arguments if "=" in part)
    made = case.recipes.class_scores(labels, classes, int(arguments[2]), float(options["hit"]), int(options["digits"]))
    return case.checked(made, sha256)


def views(case):
    said, labels = case["scores"], np.array(case["labels"])
    seed = int(said["recipe"].split("classes_")[-1].split("(labels, ")[1].split(",")[1].split("+")[0])
    rates = [float(part.split()[0]) for part in said["recipe"].split("hit=")[1].split(", digits")[0].split(" or ")]
    digits = int(said["recipe"].split("digits=")[1].split(")")[0])
    made = [  # the recipe gives a rate for each case, by its letter
        np.stack(
            [case.recipes.class_scores(labels, case["classes"], seed + v, rate, digits) for v in range(case["views"])],
            axis=1,
        )
        for rate in rates
    ]
    scores = next((one for one in made if case.recipes.digest(one) == said["sha256"]), made[0])
    case.checked(scores, said["sha256"])
    figures = []
    for name, official in case["official"].items():
        with case.clock():
            fused = fuse_views(scores, FUSIONS[name])
        figures += accuracies(case, name, fused, labels, official)
    return figures


def models(case):
    files = [dict(np.load(case.annotations(path))) for path in case["scores"]]
    labels, scores = files[0]["labels"], [file["scores"] for file in files]
    figures = []
    for name, official in case["official"].items():
        if name.startswith("fused_"):
            weights = [float(weight) for weight in name.split("_")[1:]]
        else:
            weights = [float(name in path) for path in case["scores"]]
        with case.clock():
            fused = fuse_models(scores, weights)
        figures += accuracies(case, name, fused, labels, official)
    return figures


def multi_label(case):
    scores, labels, official = case.arrays["scores"], case.arrays["labels"], case["official"]
    with case.clock():
        ours = multi_label_figures(scores, labels)
        rows = average_precision_of_rows(scores, labels).mean()
    slowfast = official["slowfast_get_map"]
    return [
        Figure("mAP", ours.mean, official["mean_average_precision"]),
        Figure("mAP of rows", rows, official["mmit_mean_average_precision"]),
        Figure("SlowFast's mAP", ours.mean, slowfast["mAP"]),
        Figure("classes", int(ours.counted.sum()), slowfast["classes"]),
        Figure("AP", ours.average_precision[ours.counted], slowfast["ap"]),
    ]


def epic(case):
    rows = segments(case)
    verbs, nouns = (np.array([int(row[f"{task}_class"]) for row in rows]) for task in ("verb", "noun"))
    recipes, digests = case["scores"]["recipe"].split(";"), case["scores"]["sha256"]
    scores = [
        class_scores(case, classes, count, recipe, digest)
        for classes, count, recipe, digest in zip((verbs, nouns), (97, 300), recipes, digests, strict=True)
    ]
    unseen = names(case, "EPIC_100_unseen_participant_ids_validation.csv", "participant_id")
    tail = [[int(one) for one in names(case, f"EPIC_100_tail_{task}s.csv", task)] for task in ("verb", "noun")]
    with case.clock():
        ours = epic_recognition(*scores, verbs, nouns, *tail, np.isin([row["participant_id"] for row in rows], unseen))
    figures = [
        Figure(f"all {task}", [ours.accuracy(task, 1), ours.accuracy(task, 5)], case["official"][f"all_{task}"])
        for task in TASKS
    ]
    for split in ("tail", "unseen"):
        for task in TASKS:
            official = np.ravel(case["official"][f"{split}_{task}"])[0]
            figures.append(Figure(f"{split} {task}", ours.accuracy(task, 1, split), official))
    return figures


def segments(case):
    with gzip.open(case.annotations(case["ground_truth"]["file"]), "rt") as file:
        rows = list(csv.DictReader(file))
    bounds = [int(part) if part else None for part in case["ground_truth"]["rows"].strip("[]").split(":")]
    return rows[slice(*bounds)]


def names(case, file, column):
    with case.annotations(f"epic100/{file}").open() as rows:
        return [row[column] for row in csv.DictReader(rows)]
