"""AFSD, OpenTAD and ActionFormer on THUMOS'14."""

import numpy as np
from evaluator_case import EvaluatorCase, Figure, by_name
from segment_tables import as_task, made, thumos14_rows

from tubelet.metrics.score_order import first_listed_first, reversed_rising
from tubelet.metrics.temporal_detection import ACTIONFORMER, AFSD, OPENTAD, recall_at_multiples, temporal_detection

RULES = {"afsd": AFSD, "opentad": OPENTAD, "actionformer": ACTIONFORMER}


def run(case: EvaluatorCase) -> list[Figure]:
    subset = case["subset"]
    truth = case["ground_truth"]
    database = (case.recipes.load_json(case.annotations(truth["file"])) if "file" in truth else truth)["database"]
    if "recipe" in case["predictions"]:
        predictions = made(case, case["predictions"], database=_floats(database, subset))
    elif "file" in case["predictions"]:
        predictions = thumos14_rows(case, case["predictions"]["file"])
    else:
        predictions = case["predictions"]
    labels = {entry["label"] for video in database.values() for entry in video["annotations"]}
    labels |= {entry["label"] for found in predictions.values() for entry in found}
    task = as_task(database, predictions, subset, classes=sorted(labels))
    thresholds = np.array(case["official"]["tiou"])
    figures = []
    for name, rules in RULES.items():
        if name not in case["official"]:
            continue
        official, ties = case["official"][name], case.get("ties", {}).get(name, {})

        def measured(order, rules=rules):
            with case.clock():
                return temporal_detection(task.truth, task.predictions, task.classes, thresholds, rules, order)

        ours = measured(reversed_rising)  # the official order of equal scores gives the official figures
        ap = dict(zip(ours.classes, ours.average_precision.T, strict=True))
        figures += [
            Figure(f"{name} mAP", ours.by_threshold, official["mAP"]),
            Figure(f"{name} average mAP", ours.average, official["average_mAP"]),
            Figure(f"{name} instances", sum(one.positives for one in ours.ranked), official["instances"]),
            *by_name(f"{name} AP ", ap, official["ap"]),
        ]
        if "mAP_first_listed_first" in ties:
            first = measured(first_listed_first).by_threshold
            figures.append(Figure(f"{name} mAP, first listed first", first, ties["mAP_first_listed_first"]))
        if "recall_kx" in official:
            multiples = [int(key) for key in official["recall_kx"]]
            with case.clock():
                recall = recall_at_multiples(
                    task.truth, task.predictions, multiples, thresholds, rules, reversed_rising
                )
            figures += by_name(f"{name} recall ", dict(zip(multiples, recall, strict=True)), official["recall_kx"])
    return figures


def _floats(database, subset):
    """As the large cases' predictions were made: times as numbers, and a length of 10 s after the last end."""
    out = {}
    for name, entry in database.items():
        if entry["subset"] == subset:
            rows = [{**one, "segment": [float(time) for time in one["segment"]]} for one in entry["annotations"]]
            out[name] = {"subset": subset, "annotations": rows, "duration": max(r["segment"][1] for r in rows) + 10.0}
    return out
