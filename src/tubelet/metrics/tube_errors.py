"""What is wrong with tubes that find no instance, and what each kind of error costs.

The counterpart of DETAD (Alwassel et al., Diagnosing Error in Temporal Action Detectors, ECCV 2018) for tubes, with the
kinds of the MultiSports evaluator. A tube is right in space, and likewise in time, where that part of the overlap with
an instance reaches the square root of the threshold. The cost of a kind is how much higher the mean average precision
would be without the errors of that kind; that of missed instances, if nobody had asked for them.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table

from tubelet.metrics.average_precision import interpolated
from tubelet.metrics.box_matching import match_with_second_choice, pairs_of_equal_keys
from tubelet.metrics.detection_figures import RankedHits
from tubelet.metrics.ranked_hits import Matching, ranked_tubes, rows_by_class, scores_of
from tubelet.metrics.score_order import first_listed_first
from tubelet.metrics.tables import TableError, Tubes
from tubelet.metrics.tube_overlap import ACT, TubeConvention, tube_overlaps

ERRORS = (
    "repeat",
    "class",
    "location",
    "time",
    "class and time",
    "class and location",
    "time and location",
    "class, time and location",
    "extra",
)
MISSED = "missed"


@dataclass(frozen=True)
class TubeErrors:
    """The errors of a set of tubes.

    Args:
        mean_average_precision: at the threshold, over the classes with instances; interpolated, of all tubes.
        right: how many tubes find an instance.
        counts: how many tubes have each kind of error; how many instances are missed.
        costs: what each kind costs in mean average precision.
    """

    mean_average_precision: float
    right: int
    counts: Mapping[str, int]
    costs: Mapping[str, float]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """A row for each kind of error."""
        figure = f"{self.mean_average_precision:.4f}"
        title = f"errors of all tubes, none suppressed; {self.right:,} are right, interpolated mAP {figure}"
        table = Table(title=title, title_justify="left")
        table.add_column("error")
        table.add_column("how many", justify="right")
        table.add_column("costs", justify="right")
        for kind, count in self.counts.items():
            table.add_row(kind, f"{count:,}", f"{self.costs[kind]:.4f}")
        yield table


def tube_errors(
    predictions: Tubes,
    truth: Tubes,
    classes: Sequence[str],
    threshold: float = 0.5,
    convention: TubeConvention = ACT,
) -> TubeErrors:
    """Count and weigh the errors of tubes; matching has a second choice, average precision is interpolated."""
    matching = Matching(match_with_second_choice, first_listed_first)
    thresholds = np.array([threshold])
    ranked = ranked_tubes(predictions, truth, len(classes), thresholds, convention, matching)
    kinds = error_kinds(predictions, truth, ranked, matching, threshold, convention)
    present = [(one, kind) for one, kind in zip(ranked, kinds, strict=True) if one.positives > 0]

    def mean(cases: Sequence[tuple[RankedHits, NDArray[np.bool_], int]]) -> float:
        figures = [float(interpolated(one.hits[0][kept], positives)) for one, kept, positives in cases if positives]
        return float(np.mean(figures)) if figures else float("nan")

    reached = mean([(one, np.ones(len(kind), np.bool_), one.positives) for one, kind in present])
    costs = {
        name: mean([(one, kind != number, one.positives) for one, kind in present]) - reached
        for number, name in enumerate(ERRORS)
    }
    # a class of which nothing was found is left with nothing to find: it counts as perfect
    found = [float(interpolated(one.hits[0], int(one.hits.sum()))) if one.hits.any() else 1.0 for one, _ in present]
    costs[MISSED] = float(np.mean(found)) - reached if found else float("nan")
    totals = np.bincount(np.concatenate([*kinds, np.zeros(0, np.int64)]) + 1, minlength=len(ERRORS) + 1)[1:]
    counts = dict(zip(ERRORS, totals.tolist(), strict=True))
    right = sum(int(one.hits.sum()) for one in ranked)
    counts[MISSED] = len(truth) - right
    return TubeErrors(reached, right, counts, costs)


def error_kinds(
    predictions: Tubes,
    truth: Tubes,
    ranked: Sequence[RankedHits],
    matching: Matching,
    threshold: float,
    convention: TubeConvention,
) -> list[NDArray[np.int64]]:
    """For each class (K,) the kind of error of its ranked tubes as a position in `ERRORS`, -1 for hits.

    A tube that could have several has the first of them. Tubes that share no frame or no pixel with any instance are
    extra.

    Raises:
        TableError: where an overlap is not a number, as between tubes of one frame by MultiSports' convention.
    """
    pairs = pairs_of_equal_keys(predictions.videos, truth.videos)
    overlaps = tube_overlaps(predictions, truth, pairs, convention)
    if np.isnan(overlaps.time).any():
        raise TableError("two tubes of one frame have no overlap in time by this convention; expected longer tubes.")
    same = predictions.labels[pairs.predictions] == truth.labels[pairs.instances]
    enough = np.sqrt(threshold)
    in_space, in_time = overlaps.space >= enough, overlaps.time >= enough
    touching = overlaps.space_and_time > 0
    of_kind = (
        same & (overlaps.space_and_time >= threshold),
        ~same & in_space & in_time,
        same & in_time & ~in_space,
        same & in_space & ~in_time,
        ~same & in_space & ~in_time,
        ~same & in_time & ~in_space,
        same,
        ~same,
    )
    kinds = np.full(len(predictions), len(ERRORS) - 1)
    for number in reversed(range(len(of_kind))):
        kinds[pairs.predictions[touching & of_kind[number]]] = number
    order = rows_by_class(predictions.labels, scores_of(predictions), len(ranked), matching.order)
    by_class = np.split(kinds[order], np.cumsum([len(one.scores) for one in ranked])[:-1])
    return [np.where(one.hits[0], -1, kind) for one, kind in zip(ranked, by_class, strict=True)]
