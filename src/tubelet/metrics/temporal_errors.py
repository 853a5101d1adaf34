"""What kinds of errors a temporal detector makes (DETAD, Alwassel et al., ECCV 2018).

False positives by kind and rank, the mean average precision that removing each kind would win, and false negatives and
sensitivity by what the instances are like. As in the paper, a prediction's kind looks at the instance that it overlaps
most, of its own class if it overlaps any of them by the lower bound, else of any; the first 10 G predictions of a class
with G instances are looked at. Sensitivity is measured with normalised precision, so that buckets of different size
compare: the found instances count as if each class had the mean number of instances.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise

import numpy as np
from numpy.typing import NDArray
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table

from tubelet.metrics.matching import Floats, Integers, Matches, Side, pairs
from tubelet.metrics.score_order import in_groups
from tubelet.metrics.tables import Segments, TableError
from tubelet.metrics.temporal_detection import ACTIVITYNET_THRESHOLDS, CORRECTED, matched

KINDS = ("true positive", "double detection", "localisation", "wrong label", "confusion", "background")
LOWER_BOUND = 0.1
MULTIPLES = 10


@dataclass(frozen=True)
class Buckets:
    """Bounds of a characteristic of instances: names, and the greatest value of each but the last."""

    names: tuple[str, ...]
    upper: tuple[float, ...]

    def of(self, values: Floats) -> Integers:
        """(M,) number of the bucket of each value; an upper bound belongs to its bucket."""
        return np.searchsorted(np.array(self.upper), values, side="left")


SIZES = ("XS", "S", "M", "L", "XL")
ACTIVITYNET_BUCKETS = {
    "coverage": Buckets(SIZES, (0.2, 0.4, 0.6, 0.8)),
    "length": Buckets(SIZES, (30.0, 60.0, 120.0, 180.0)),
    "instances": Buckets(SIZES[:4], (1, 4, 8)),
}
THUMOS14_BUCKETS = {
    "coverage": Buckets(SIZES, (0.02, 0.04, 0.06, 0.08)),
    "length": Buckets(SIZES, (3.0, 6.0, 12.0, 18.0)),
    "instances": Buckets(SIZES[:4], (1, 40, 80)),
}


@dataclass(frozen=True, eq=False)
class FalsePositives:
    """What the best predictions of all classes are.

    Args:
        counts: (10, 6) predictions of each of `KINDS` among the k-th G predictions of the classes, k from 1.
        figure: mean over classes and thresholds of the average precision.
        without: what it would be without each kind of error, by kind.
    """

    counts: Integers
    figure: float
    without: Mapping[str, float]

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Shares by rank, then what each kind costs."""
        table = Table(title="predictions by kind (%)", title_justify="left")
        table.add_column("best")
        for kind in KINDS:
            table.add_column(kind.replace(" ", "\n"), justify="right")  # as narrow as 80 columns ask for
        for multiple, row in enumerate(self.counts, start=1):
            shares = 100 * row / max(int(row.sum()), 1)
            table.add_row(f"{multiple}G", *(f"{share:.1f}" for share in shares))
        yield table
        table = Table("without", title=f"average mAP {self.figure:.4f}", title_justify="left")
        table.add_column("average mAP", justify="right")
        table.add_column("won", justify="right")
        for kind, figure in self.without.items():
            table.add_row(kind, f"{figure:.4f}", f"{figure - self.figure:+.4f}")
        yield table


@dataclass(frozen=True, eq=False)
class ByCharacteristic:
    """How instances of a kind fare.

    Args:
        characteristic: what the instances are divided by.
        names: of the buckets.
        instances: (B,) in each bucket.
        missed: (B,) share that no prediction finds, NaN for an empty bucket.
        normalised: (B,) normalised average mAP with only the bucket's instances to find, NaN for an empty one.
    """

    characteristic: str
    names: tuple[str, ...]
    instances: Integers
    missed: Floats
    normalised: Floats

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """A row a bucket."""
        table = Table(self.characteristic, title=f"instances by {self.characteristic}", title_justify="left")
        for column in ("instances", "missed (%)", "normalised mAP"):
            table.add_column(column, justify="right")
        for row in zip(self.names, self.instances, self.missed, self.normalised, strict=True):
            table.add_row(row[0], f"{row[1]:,}", f"{100 * row[2]:.1f}", f"{row[3]:.4f}")
        yield table


@dataclass(frozen=True, eq=False)
class TemporalErrors:
    """The breakdown of a detector's errors.

    Args:
        threshold: overlap at which predictions are judged right or of a kind of error.
        false_positives: errors by kind.
        characteristics: false negatives and sensitivity, by what the instances are like.
        normalised: normalised average mAP over all instances, to hold the buckets against.
    """

    threshold: float
    false_positives: FalsePositives
    characteristics: tuple[ByCharacteristic, ...]
    normalised: float

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """All tables."""
        yield f"errors at overlap {self.threshold:.2f}"
        yield self.false_positives
        yield from self.characteristics
        yield f"normalised average mAP over all instances: {self.normalised:.4f}"


def temporal_errors(
    truth: Segments,
    predictions: Segments,
    durations: Floats,
    buckets: Mapping[str, Buckets],
    threshold: float = 0.5,
    thresholds: Sequence[float] | Floats = ACTIVITYNET_THRESHOLDS,
) -> TemporalErrors:
    """Break down the errors of predictions.

    Args:
        truth: the instances, at least one.
        predictions: with scores; those of classes without instances are left out, as in mean average precision.
        durations: (V,) seconds of each video, for the coverage.
        buckets: for "coverage" (of the video), "length" (seconds) and "instances" (of the class in the video).
        threshold: at which a prediction is of a kind and an instance is missed.
        thresholds: (T,) that mean average precision is averaged over.

    Raises:
        TableError: when there is no instance, or predictions have no scores.
    """
    if predictions.scores is None or not len(truth):
        raise TableError(f"there are {len(truth)} instances; expected some, and predictions with scores.")
    known = np.isin(predictions.labels, truth.labels)
    predictions = predictions if known.all() else predictions.take(known)
    assert predictions.scores is not None
    turns = in_groups(predictions.labels, predictions.scores)
    levels = np.append(np.asarray(thresholds, np.float64), threshold)
    matches = matched(truth, predictions, turns, levels, CORRECTED)
    judged = matches.thresholds == len(levels) - 1
    right = np.zeros(len(predictions), np.bool_)
    right[turns[matches.choosers[judged]]] = True
    found = np.zeros(len(truth), np.bool_)
    found[matches.offered[judged]] = True
    kinds = _kinds(truth, predictions, right, threshold)[turns]
    labels, instance_classes, positives = np.unique(truth.labels, return_inverse=True, return_counts=True)
    bounds = np.searchsorted(predictions.labels[turns], np.append(labels, labels[-1] + 1))
    hits = _Hits.of(matches, ~judged, len(levels) - 1, bounds, instance_classes)

    rank = np.arange(len(predictions)) - np.repeat(bounds[:-1], np.diff(bounds))
    multiple = rank // np.repeat(positives, np.diff(bounds))
    near = multiple < MULTIPLES
    counts = np.bincount(multiple[near] * len(KINDS) + kinds[near], minlength=MULTIPLES * len(KINDS))
    without = {kind: hits.average(kinds != number) for number, kind in enumerate(KINDS) if number}
    values = _values(truth, np.asarray(durations, np.float64))
    return TemporalErrors(
        threshold,
        FalsePositives(counts.reshape(MULTIPLES, -1), hits.average(np.ones(len(predictions), np.bool_)), without),
        tuple(_by_bucket(name, one, one.of(values[name]), found, hits) for name, one in buckets.items()),
        hits.normalised(np.ones(len(truth), np.bool_)),
    )


@dataclass(frozen=True, eq=False)
class _Hits:
    """The K hits of all thresholds, by class, threshold and place. Precision is looked at here: hits are few.

    Args:
        num_thresholds: T.
        curves: (K,) class times T plus the threshold.
        places: (K,) of the predictions, which stand by class, best first.
        begins: (C + 1,) first place of each class.
        instances: (K,) row of the instance that is found.
        instance_classes: (M,) class of each instance.
    """

    num_thresholds: int
    curves: Integers
    places: Integers
    begins: Integers
    instances: Integers
    instance_classes: Integers

    @classmethod
    def of(
        cls, matches: Matches, chosen: NDArray[np.bool_], num_thresholds: int, begins: Integers, classes: Integers
    ) -> _Hits:
        """The chosen matches in order."""
        places = matches.choosers[chosen]
        curves = (np.searchsorted(begins, places, "right") - 1) * num_thresholds + matches.thresholds[chosen]
        order = np.lexsort((places, curves))
        return cls(num_thresholds, curves[order], places[order], begins, matches.offered[chosen][order], classes)

    @property
    def classes(self) -> Integers:
        """(K,) class of each hit."""
        return self.curves // self.num_thresholds

    def average(self, kept: NDArray[np.bool_]) -> float:
        """Mean average precision, over thresholds too, of some of the predictions."""
        listed = np.concatenate([[0], np.cumsum(kept)])
        counted = kept[self.places]
        wrong = (listed[self.places + 1] - listed[self.begins[self.classes]])[counted] - _rank(self.curves[counted])
        positives = np.bincount(self.instance_classes)
        return self._mean(counted, wrong, np.ones(len(positives)), positives)

    def normalised(self, chosen: NDArray[np.bool_]) -> float:
        """Normalised mean average precision of some of the instances; predictions that take others do not count.

        Precision is ``recall * N / (recall * N + false positives)`` with the mean number N of instances of a class
        (Hoiem et al., ECCV 2012): a hit weighs N over the number of chosen instances.
        """
        counted = chosen[self.instances]
        wrong = (self.places + 1 - self.begins[self.classes] - _rank(self.curves))[counted]
        num_classes = len(self.begins) - 1
        positives = np.bincount(self.instance_classes[chosen], minlength=num_classes)
        weights = len(self.instance_classes) / num_classes / np.maximum(positives, 1)
        return self._mean(counted, wrong, weights, positives)

    def _mean(self, counted: NDArray[np.bool_], wrong: Integers, weights: Floats, positives: Integers) -> float:
        """Mean of interpolated average precision over classes that have instances, and over thresholds.

        Args:
            counted: (K,) the hits that count.
            wrong: how many false positives come before each of those.
            weights: (C,) of a hit.
            positives: (C,).
        """
        curves = self.curves[counted]
        found = _rank(curves) * weights[self.classes[counted]]
        precision = found / (found + wrong)
        for begin, end in pairwise([*np.flatnonzero(np.diff(curves, prepend=-1)), len(curves)]):
            precision[begin:end] = np.maximum.accumulate(precision[begin:end][::-1])[::-1]
        areas = np.bincount(curves, precision, len(positives) * self.num_thresholds).reshape(len(positives), -1)
        has = positives > 0
        return float((areas[has] / positives[has, None]).mean()) if has.any() else float("nan")


def _rank(groups: Integers) -> Integers:
    """(K,) place of each, from 1, in its run of equal groups."""
    return np.arange(1, len(groups) + 1) - np.searchsorted(groups, groups)


def _kinds(truth: Segments, predictions: Segments, right: NDArray[np.bool_], threshold: float) -> Integers:
    """(N,) number in `KINDS`."""
    turns, known = np.argsort(predictions.videos, kind="stable"), np.argsort(truth.videos, kind="stable")
    one = Side(predictions.videos[turns], predictions.starts[turns], predictions.ends[turns])
    other = Side(truth.videos[known], truth.starts[known], truth.ends[known])
    own, another = np.zeros(len(predictions)), np.zeros(len(predictions))  # best overlap: of its class, of others
    for rows, others in pairs(one, other):
        value = CORRECTED.overlap(one.starts[rows], one.ends[rows], other.starts[others], other.ends[others])
        same = predictions.labels[turns[rows]] == truth.labels[known[others]]
        first = np.flatnonzero(np.diff(rows, prepend=-1))
        for best, counted in ((own, same), (another, ~same)):
            best[turns[rows[first]]] = np.maximum.reduceat(np.where(counted, value, 0.0), first)
    conditions = [right, own >= threshold, own >= LOWER_BOUND, another >= threshold, another >= LOWER_BOUND]
    return np.select(conditions, np.arange(5), default=5)


def _values(truth: Segments, durations: Floats) -> dict[str, Floats]:
    """(M,) of each characteristic of the instances."""
    length = truth.ends - truth.starts
    _, group, size = np.unique(np.stack([truth.videos, truth.labels]), axis=1, return_inverse=True, return_counts=True)
    instances = size[group.ravel()].astype(np.float64)
    return {"coverage": length / durations[truth.videos], "length": length, "instances": instances}


def _by_bucket(
    name: str, buckets: Buckets, bucket: Integers, found: NDArray[np.bool_], hits: _Hits
) -> ByCharacteristic:
    count = len(buckets.names)
    sizes = np.bincount(bucket, minlength=count)
    missed = np.bincount(bucket, weights=~found, minlength=count)
    shares = np.divide(missed, sizes, out=np.full(count, np.nan), where=sizes > 0)
    figures = np.array([hits.normalised(bucket == number) for number in range(count)])
    return ByCharacteristic(name, buckets.names, sizes, shares, figures)
