"""EPIC-KITCHENS-100 action recognition (challenge C1): verbs, nouns, and the actions that they make.

Damen et al., Rescaling Egocentric Vision, IJCV 2022. An action is a verb and a noun; its score is the product of their
probabilities. Top-1 and top-5 are reported for all segments, top-1 for the tail (verbs and nouns of the tail lists;
actions with either) and for participants that are not in training.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table

from tubelet.metrics.recognition import recognition_figures
from tubelet.metrics.tables import TableError

TASKS = ("verb", "noun", "action")
NOT_RANKED = 100  # the official tool ranks so many actions; which of the others comes first makes no figure


@dataclass(frozen=True, eq=False)
class EpicRecognitionFigures:
    """Shares of the segments whose class is among the best.

    Args:
        ranks: task to (N,) classes before the true one, 0 where it is the best; `NOT_RANKED` counts as never found.
        tail: task to (N,) whether each segment's class is in the tail.
        unseen: (N,) whether each segment is of a participant that is not in training.
    """

    ranks: Mapping[str, NDArray[np.int64]]
    tail: Mapping[str, NDArray[np.bool_]]
    unseen: NDArray[np.bool_]

    def accuracy(self, task: str, k: int = 1, split: str = "all") -> float:
        """Top-k of "verb", "noun" or "action" in the split "all", "tail" or "unseen"; NaN for an empty split."""
        chosen = {"all": np.ones_like(self.unseen), "tail": self.tail[task], "unseen": self.unseen}[split]
        return float((self.ranks[task][chosen] < k).mean()) if chosen.any() else float("nan")

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """A row for each measure, a column for each task."""
        table = Table("accuracy (%)", title=f"EPIC-KITCHENS-100, {len(self.unseen):,} segments", title_justify="left")
        for task in TASKS:
            table.add_column(task, justify="right")
        for name, k, split in (("top-1", 1, "all"), ("top-5", 5, "all"), ("tail", 1, "tail"), ("unseen", 1, "unseen")):
            table.add_row(name, *(self.percent(task, k, split) for task in TASKS))
        yield table

    def percent(self, task: str, k: int = 1, split: str = "all") -> str:
        """Accuracy in per cent with two digits."""
        return f"{100 * self.accuracy(task, k, split):.2f}"


def official_lines(figures: EpicRecognitionFigures) -> list[str]:
    """Split and task, as the challenge names them, and top-1 (and top-5 of all segments) in per cent."""
    lines = [f"all_{task}: {figures.percent(task)} {figures.percent(task, 5)}" for task in TASKS]
    return [*lines, *(f"{s}_{task}: {figures.percent(task, 1, s)}" for s in ("tail", "unseen") for task in TASKS)]


def epic_recognition(
    verb_scores: NDArray[np.floating],
    noun_scores: NDArray[np.floating],
    verbs: NDArray[np.integer],
    nouns: NDArray[np.integer],
    tail_verbs: NDArray[np.integer],
    tail_nouns: NDArray[np.integer],
    unseen: NDArray[np.bool_],
) -> EpicRecognitionFigures:
    """Score verbs (N, 97) and nouns (N, 300), raw scores, against their classes (N,).

    Args:
        verb_scores: (N, V).
        noun_scores: (N, M).
        verbs: (N,) true class.
        nouns: (N,) true class.
        tail_verbs: classes in the tail.
        tail_nouns: classes in the tail.
        unseen: (N,) whether the segment's participant is not in training.

    Raises:
        ValueError: when scores and classes do not fit (see `recognition_figures`).
        TableError: when verbs, nouns and participants differ in length.
    """
    verbs, nouns, unseen = np.asarray(verbs), np.asarray(nouns), np.asarray(unseen, np.bool_)
    if not len(verbs) == len(nouns) == len(unseen):
        raise TableError(f"{len(verbs)} verbs, {len(nouns)} nouns and {len(unseen)} participants; expected as many.")
    ranks = {
        "verb": recognition_figures(verb_scores, verbs).ranks,
        "noun": recognition_figures(noun_scores, nouns).ranks,
    }
    ranks["action"] = _action_ranks(np.asarray(verb_scores), np.asarray(noun_scores), ranks["verb"], ranks["noun"])
    rare_verbs, rare_nouns = np.isin(verbs, tail_verbs), np.isin(nouns, tail_nouns)
    tail = {"verb": rare_verbs, "noun": rare_nouns, "action": rare_verbs | rare_nouns}
    return EpicRecognitionFigures(ranks, tail, unseen)


def _action_ranks(
    verb_scores: NDArray[np.floating],
    noun_scores: NDArray[np.floating],
    verb_ranks: NDArray[np.int64],
    noun_ranks: NDArray[np.int64],
    best: int = 5,
) -> NDArray[np.int64]:
    """The rank of each segment's action, exact below ``best``.

    An action among the best five has a verb and a noun among the best five: 25 products a segment are enough, where
    the official tool forms and sorts 10,000.
    """
    verbs, nouns = _highest(verb_scores, best), _highest(noun_scores, best)
    products = verbs[:, :, None] * nouns[:, None, :]
    candidate = (verb_ranks < verbs.shape[1]) & (noun_ranks < nouns.shape[1])
    place = np.where(candidate, verb_ranks * nouns.shape[1] + noun_ranks, 0)
    products = products.reshape(len(products), -1)
    own = np.take_along_axis(products, place[:, None], axis=1)
    earlier = np.arange(products.shape[1]) < place[:, None]
    ranks = np.count_nonzero((products > own) | ((products == own) & earlier), axis=1)
    return np.where(candidate, ranks, NOT_RANKED)


def _highest(scores: NDArray[np.floating], count: int) -> NDArray[np.floating]:
    """(N, count) exponentials of each row's highest scores, falling."""
    count = min(count, scores.shape[1])
    highest = -np.sort(np.partition(-scores, count - 1, axis=1)[:, :count], axis=1)
    return np.exp(highest - scores.max(axis=1, keepdims=True))
