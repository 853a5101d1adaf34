"""EPIC-KITCHENS-100: one list serves verbs, nouns and actions; and recognition of its segments.

The names of the classes, the tails and the unseen participants stand in csv files beside the ground truth. Without
those of the classes, these are called by their numbers.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from tubelet.annotations.epic_kitchens import EpicClasses, Task, read_epic_classes
from tubelet.annotations.text_files import read_table
from tubelet.metrics.epic_kitchens import TASKS, epic_recognition, official_lines
from tubelet.metrics.tables import Segments
from tubelet.scoring.files import Files, Options, ScoringError, of_subset, read_known
from tubelet.scoring.result import Score
from tubelet.scoring.video_scores import read_epic_scores

NUM_VERBS, NUM_NOUNS = 97, 300


@dataclass(frozen=True)
class EpicFormats:
    """How the files are read, and the names of the classes."""

    classes: EpicClasses
    truth: Mapping[str, Options]
    results: Mapping[str, Options]

    def of_task(self, actions: Segments, task: Task) -> Segments:
        """Segments of actions as those of their verbs or nouns."""
        verbs, nouns = np.divmod(actions.labels, len(self.classes.nouns))
        return replace(actions, labels={"verb": verbs, "noun": nouns, "action": actions.labels}[task])


def epic_formats(files: Files) -> EpicFormats:
    """Formats of ground truth and results, with the classes of the lists."""
    lists = [_list(files, f"EPIC_100_{kind}_classes.csv") for kind in ("verb", "noun")]
    sources = [
        [str(number) for number in range(count)] if path is None else path
        for path, count in zip(lists, (NUM_VERBS, NUM_NOUNS), strict=True)
    ]
    names = read_epic_classes(*sources)
    classes = {"verbs": names.verbs, "nouns": names.nouns}
    return EpicFormats(
        names,
        {"tubelet": {}, "epic_kitchens": classes},
        {"tubelet": {}, "epic_results": classes},
    )


def recognition(files: Files, flavour: str) -> Score:
    """Top-1 and top-5 of verbs, nouns and actions; the tail and unseen participants where their lists are there."""
    formats = epic_formats(files)
    truth = of_subset(read_known(files.ground_truth, formats.truth), files.ground_truth, files.subset)
    rows = [(str(one.extra.get("narration_id", "")), one) for video in truth for one in video.segments]
    if any(not name for name, _ in rows):
        raise ScoringError(
            f"{files.ground_truth} has segments without a narration_id; predictions name segments by it."
        )
    ids = [name for name, _ in rows]
    actions = {name: number for number, name in enumerate(formats.classes.of_task("action"))}
    verbs, nouns = np.divmod(np.array([actions[one.label] for _, one in rows]), len(formats.classes.nouns))
    scores = read_epic_scores(files.predictions, ids, (len(formats.classes.verbs), len(formats.classes.nouns)))
    tail_verbs, tail_nouns = (_numbers(_list(files, f"EPIC_100_tail_{kind}s.csv"), kind) for kind in ("verb", "noun"))
    participants = _cells(_list(files, "EPIC_100_unseen_participant_ids_validation.csv"), "participant_id")
    unseen = np.array([str(one.extra.get("participant_id")) in participants for _, one in rows], np.bool_)
    found = epic_recognition(*scores, verbs, nouns, tail_verbs, tail_nouns, unseen)
    splits = {"all": np.ones(len(ids), np.bool_), "unseen": unseen}
    figures, per_video = {}, {}
    for name, task, k, split in (
        *((f"{task} top-{k}", task, k, "all") for task in reversed(TASKS) for k in (1, 5)),
        *((f"{split} {task} top-1", task, 1, split) for split in ("tail", "unseen") for task in reversed(TASKS)),
    ):
        chosen = found.tail[task] if split == "tail" else splits[split]
        if chosen.any():
            figures[name] = found.accuracy(task, k, split)
            per_video[name] = (found.ranks[task][chosen] < k).astype(np.float64)
    return Score(figures, official=official_lines(found), per_video=per_video)


def _list(files: Files, name: str) -> Path | None:
    """A csv file of the lists, gzipped or not; None where it is not there."""
    folder = files.lists or files.ground_truth.parent
    return next((path for path in (folder / name, folder / f"{name}.gz") if path.exists()), None)


def _cells(path: Path | None, column: str) -> list[str]:
    if path is None:
        return []
    header, rows = read_table(path, (column,), f"a csv file with the column {column}")
    return [cells[header.index(column)] for _, cells in rows]


def _numbers(path: Path | None, column: str) -> NDArray[np.int64]:
    return np.array([int(cell) for cell in _cells(path, column)], np.int64)
