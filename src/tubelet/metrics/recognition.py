"""The figures of action recognition: top-k, mean class accuracy, and the confusion behind them.

One label a video; `tubelet.metrics.multi_label` is for several. Equal scores are the one thing that recognition tools
do not agree on: most rank them with an unstable sort. Here the lower class index goes first, and `top_k_bounds` says
what the other orders could have given. Scores of several views or models are joined with
`tubelet.metrics.score_fusion`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table


@dataclass(frozen=True, eq=False)
class RecognitionFigures:
    """What a recogniser reaches on a data set.

    Args:
        ranks: (N,) classes that go before the true one, 0 where it is the best.
        better: (N,) classes with a higher score than the true one.
        equal: (N,) other classes with its very score.
        confusion: (K, K) counts, a row for each true class, a column for each predicted one.
    """

    ranks: NDArray[np.int64]
    better: NDArray[np.int64]
    equal: NDArray[np.int64]
    confusion: NDArray[np.int64]

    @property
    def num_videos(self) -> int:
        """How many videos were scored."""
        return len(self.ranks)

    def top_k(self, k: int) -> float:
        """Share of the videos whose class is among the best ``k`` (all, where there are fewer)."""
        return float((self.ranks < k).mean())

    def top_k_bounds(self, k: int) -> tuple[float, float]:
        """The same when the true class goes last, and first, among classes of equal score."""
        return float((self.better + self.equal < k).mean()), float((self.better < k).mean())

    @property
    def top1(self) -> float:
        """Share of the videos whose best class is right."""
        return self.top_k(1)

    @property
    def top5(self) -> float:
        """Share of the videos whose class is among the best five."""
        return self.top_k(5)

    @property
    def class_accuracy(self) -> NDArray[np.float64]:
        """(K,) share of each class's videos that are right; NaN for a class without videos."""
        videos = self.confusion.sum(axis=1)
        with np.errstate(invalid="ignore"):
            return self.confusion.diagonal() / np.where(videos > 0, videos, np.nan)

    @property
    def mean_class_accuracy(self) -> float:
        """Mean of the accuracy of the classes that have videos."""
        return float(np.nanmean(self.class_accuracy))

    @property
    def mean_class_accuracy_with_strays(self) -> float:
        """Mean class accuracy as mmaction2 reports it: a class that is only ever predicted counts as 0."""
        occurring = (self.confusion.sum(axis=1) > 0) | (self.confusion.sum(axis=0) > 0)
        return float(np.nan_to_num(self.class_accuracy[occurring]).mean())

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Accuracies, then a line where equal scores leave them open."""
        table = Table("figure", title=f"recognition of {self.num_videos:,} videos", title_justify="left")
        table.add_column("accuracy", justify="right")
        table.add_row("top-1", f"{self.top1:.4f}")
        table.add_row("top-5", f"{self.top5:.4f}")
        table.add_row("mean class accuracy", f"{self.mean_class_accuracy:.4f}")
        yield table
        low, high = self.top_k_bounds(1)
        if low < high:
            yield f"equal scores: top-1 is between {low:.4f} and {high:.4f}, as they are ordered"


def official_lines(figures: RecognitionFigures) -> list[str]:
    """What mmaction2 logs."""
    listed = {"top1": figures.top1, "top5": figures.top5, "mean1": figures.mean_class_accuracy_with_strays}
    return [f"acc/{name}: {figure:.4f}" for name, figure in listed.items()]


def recognition_figures(scores: NDArray[np.floating], labels: NDArray[np.integer]) -> RecognitionFigures:
    """Score class scores (N, K) against labels (N,); of equal scores the lower class index goes first.

    Raises:
        ValueError: when there are no videos, the shapes do not fit, a score is not finite or a label is out of range.
    """
    scores, labels = np.asarray(scores), np.asarray(labels)
    if scores.ndim != 2 or labels.shape != scores.shape[:1] or not len(labels):
        raise ValueError(f"got scores {scores.shape} and labels {labels.shape}; expected (N, K) and (N,) with N >= 1.")
    num_classes = scores.shape[1]
    if not np.isfinite(scores).all():
        raise ValueError("scores are not finite.")
    if labels.min() < 0 or labels.max() >= num_classes:
        raise ValueError(f"labels run from {labels.min()} to {labels.max()}; expected 0 to {num_classes - 1}.")
    own = np.take_along_axis(scores, labels[:, None], axis=1)
    better = np.count_nonzero(scores > own, axis=1)
    same = scores == own
    before = np.count_nonzero(same & (np.arange(num_classes) < labels[:, None]), axis=1)
    confusion = np.bincount(labels * num_classes + scores.argmax(axis=1), minlength=num_classes**2)
    return RecognitionFigures(
        ranks=better + before,
        better=better,
        equal=np.count_nonzero(same, axis=1) - 1,
        confusion=confusion.reshape(num_classes, num_classes).astype(np.int64),
    )
