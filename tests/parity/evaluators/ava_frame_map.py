"""AVA's frame-mAP in the three flavours that a case lists."""

from __future__ import annotations

import csv
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from evaluator_case import Either, EvaluatorCase, Figure

from tubelet.annotations.ava import AvaColumns, read_ava_columns
from tubelet.annotations.ava_lists import read_ava_excluded, read_ava_label_map
from tubelet.metrics.ava import ALPHACTION_CSV, MMACTION2, OFFICIAL, ava_frame_map, group_means
from tubelet.metrics.detection_figures import DetectionFigures
from tubelet.metrics.tables import Boxes, TableError

SECONDS = 4096  # more than a movie's clip has
RULES = {"official": OFFICIAL, "alphaction": ALPHACTION_CSV, "mmaction2": MMACTION2}


def run(case: EvaluatorCase) -> list[Figure]:
    """Every flavour; one that raises officially has to raise here."""
    names = read_ava_label_map(case.annotations(case["label_map"]))
    excluded = read_ava_excluded(case.annotations(case["excluded"].split()[0]))
    with tempfile.TemporaryDirectory() as folder:
        truth_file, prediction_file = _files(case, list(names), Path(folder))
        with case.clock():
            truth, predictions = read_ava_columns(truth_file), read_ava_columns(prediction_file, predictions=True)
    with case.clock():
        tables, left_out = _tables(truth, predictions, list(names), excluded)
        videos_of_frames = np.arange(int(max(table.frames.max() for table in tables)) + 1) // SECONDS
    figures = []
    for name, rules in RULES.items():
        official = case["official"][name]
        ties = case.get("ties", {}).get(name, {})
        try:
            with case.clock():
                frames = () if name == "official" else left_out
                ours = ava_frame_map(*tables, list(names.values()), rules, frames, videos_of_frames)
        except TableError:
            figures.append(Figure(f"{name} raises", 1, int("raises" in official)))
            continue
        figures += _figures(name, ours, list(names), official, ties)
    return figures


def _files(case: EvaluatorCase, ids: list[int], folder: Path) -> tuple[Path, Path]:
    """The csv files of ground truth and predictions; those of a recipe are written first."""
    if isinstance(case["ground_truth"], str):
        return case.folder / case["ground_truth"], case.folder / case["predictions"]
    recipes = case.recipes
    # the numbers stand in the text of the recipes: ava_extend_truth(..., 500), ava_predictions(truth, ..., 501, ...)
    seed = int(case["ground_truth"]["recipe"].split("],")[1].split(")")[0])
    options = case["predictions"]["recipe"].split("],")[1].rstrip(")").split(",")
    named = {key.strip(): float(value) for key, value in (option.split("=") for option in options[1:])}
    named |= {key: int(value) for key, value in named.items() if key != "keep"}
    truth = recipes.read_ava(case.annotations("ava/ava_val_v2.1_pose14.csv.gz"))
    truth = recipes.ava_extend_truth(truth, [label for label in ids if label > 14], seed)
    rows = [(*key, *box, label) for key, boxes in truth.items() for box, labels in boxes.items() for label in labels]
    case.checked(rows, case["ground_truth"]["sha256_of_rows"])
    found = recipes.ava_predictions(truth, ids, int(options[0]), **named)
    case.checked(found, case["predictions"]["sha256"])
    files = folder / "truth.csv", folder / "predictions.csv"
    for file, content in zip(files, (rows, found), strict=True):
        with file.open("w", newline="") as handle:
            csv.writer(handle).writerows(content)
    return files


def _tables(
    truth: AvaColumns, predictions: AvaColumns, ids: list[int], excluded: frozenset[tuple[str, int]]
) -> tuple[tuple[Boxes, Boxes], list[int]]:
    """Predictions, ground truth, and the numbers of the excluded frames."""
    videos = {name: number for number, name in enumerate(dict.fromkeys([*truth.names, *predictions.names]))}
    numbers = np.full(1000, -1)
    numbers[ids] = np.arange(len(ids))

    def table(columns: AvaColumns) -> Boxes:
        own = np.array([videos[name] for name in columns.names])
        frames = own[columns.videos] * SECONDS + columns.seconds
        return Boxes(frames, columns.boxes, numbers[columns.labels], columns.scores)

    left_out = [videos[name] * SECONDS + second for name, second in excluded if name in videos]
    return (table(predictions), table(truth)), left_out


def _figures(
    name: str, ours: DetectionFigures, ids: list[int], official: Mapping[str, Any], ties: Mapping[str, Any]
) -> list[Figure]:
    """The mean, the groups and the classes.

    Of cases with ties only the mean is given for the other orders, so that a class may differ by as much as ties move.
    """
    single = name == "mmaction2"
    tolerance = 2e-6 if single else 1e-9
    key = "overall" if single else "mAP"
    orders = [ties[order] for order in ("mAP_first_listed_first", "mAP_last_listed_first") if order in ties]
    figures = [Figure(f"{name} mAP", ours.average, Either([official[key], *orders]), tolerance)]
    classes = official["ap_4_digits"] if single else official["ap"]
    by_class = dict(zip(ours.classes, ours.average_precision[0], strict=True))
    allowed = 6e-5 if single else tolerance
    figures += [Figure(f"{name} {label}", by_class[label], value, allowed) for label, value in classes.items()]
    if single:
        means = group_means(ours, ids)
        figures += [Figure(f"{name} {group}", mean, official[group], tolerance) for group, mean in means.items()]
    return figures
