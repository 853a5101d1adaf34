"""Average recall of temporal proposals against how many are taken a video (ActivityNet, eval_proposal.py).

All videos share one budget: a video with more proposals may use more. Each keeps the same share of its best ones, then
at each of 100 points the same share of those; an instance is found if one of them reaches the threshold, and one
proposal may serve many. Also what BSN, BMN and their followers report as AR@1, AR@100 and AUC.

Unusual: proposals in videos without instances are part of the budget, and the area starts at the first point, not at 0.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from rich.console import Console, ConsoleOptions, RenderResult
from rich.table import Table

from tubelet.metrics.matching import Floats, Integers, Side, pairs, temporal_iou
from tubelet.metrics.ranked_hits import rows_by_class
from tubelet.metrics.score_order import ScoreOrder, first_listed_first
from tubelet.metrics.tables import Segments, TableError
from tubelet.metrics.temporal_detection import ACTIVITYNET_THRESHOLDS

NEVER = np.iinfo(np.int64).max


@dataclass(frozen=True, eq=False)
class ProposalFigures:
    """Recall of proposals.

    Args:
        thresholds: (T,) least overlap that finds an instance.
        per_video: (J,) mean number of proposals a video at each point.
        recall: (T, J) share of the instances found.
        ignored: proposals that no instance can meet and that share the budget all the same.
    """

    thresholds: Floats
    per_video: Floats
    recall: Floats
    ignored: int = 0

    @cached_property
    def average_recall(self) -> Floats:
        """(J,) mean over the thresholds."""
        return np.asarray(self.recall.mean(axis=0))

    @property
    def area(self) -> float:
        """Area under the average recall over the proposals a video, as a share of the widest possible."""
        return float(np.trapezoid(self.average_recall, self.per_video) / self.per_video[-1])

    def at(self, point: int) -> float:
        """Average recall at one of the points, counted from 1: AR@point where the last point is 100 a video."""
        return float(self.average_recall[point - 1])

    def __rich_console__(self, console: Console, options: ConsoleOptions) -> RenderResult:
        """Average recall at a few points and the area."""
        table = Table(title="average recall of proposals", title_justify="left")
        table.add_column("proposals a video", justify="right")
        table.add_column("AR", justify="right")
        for point in (1, 5, 10, 50, 100):
            if point <= len(self.per_video):
                table.add_row(f"{self.per_video[point - 1]:.1f}", f"{self.at(point):.4f}")
        table.add_row("AUC", f"{self.area:.4f}", style="bold")
        yield table
        if self.ignored:
            yield f"{self.ignored:,} proposals in videos without an instance share the budget"


def proposal_recall(
    truth: Segments,
    proposals: Segments,
    most_per_video: float | None = 100,
    thresholds: Floats = ACTIVITYNET_THRESHOLDS,
    points: int = 100,
    order: ScoreOrder = first_listed_first,
) -> ProposalFigures:
    """Recall at ``points`` numbers of proposals, up to ``most_per_video`` on average.

    Args:
        truth: the instances; their classes are not looked at.
        proposals: with scores.
        most_per_video: mean number of proposals a video with instances that are kept at most; None keeps all.
        thresholds: (T,) least overlap that finds an instance.
        points: J, at equal steps.
        order: of the scores of a video.

    Raises:
        TableError: when there are no instances or no proposals, or the proposals have no scores.
    """
    if proposals.scores is None or not len(proposals) or not len(truth):
        raise TableError(
            f"there are {len(truth)} instances and {len(proposals)} proposals; expected both, with scores."
        )
    videos, instance_videos = np.unique(truth.videos, return_inverse=True)
    place = np.minimum(np.searchsorted(videos, proposals.videos), len(videos) - 1)
    known = videos[place] == proposals.videos
    listed = np.bincount(place[known], minlength=len(videos))
    most = len(proposals) / len(videos) if most_per_video is None else most_per_video
    kept = np.minimum((listed * (most * len(videos) / len(proposals))).astype(np.int64), listed)
    share = np.arange(1, points + 1) / points * (most * len(videos) / max(int(kept.sum()), 1))
    used = np.minimum((kept[:, None] * share).astype(np.int64), kept[:, None])

    rows = np.flatnonzero(known)
    rows = rows[rows_by_class(place[rows], proposals.scores[rows], len(videos), order)]
    by_video = np.argsort(instance_videos, kind="stable")
    first = _first_found(
        Side(instance_videos[by_video], truth.starts[by_video], truth.ends[by_video]),
        Side(place[rows], proposals.starts[rows], proposals.ends[rows]),
        np.asarray(thresholds, np.float64),
    )
    limit = used[instance_videos[by_video]]
    recall = np.stack([(ranks[:, None] < limit).mean(axis=0) for ranks in first])
    per_video = share * (int(kept.sum()) / len(videos))
    return ProposalFigures(np.asarray(thresholds), per_video, recall, int(np.count_nonzero(~known)))


def official_lines(figures: ProposalFigures) -> list[str]:
    """What ActivityNet's eval_proposal.py prints at its end."""
    percent = 100 * figures.area
    return ["[RESULTS] Performance on ActivityNet proposal task.", f"\tArea Under the AR vs AN curve: {percent}%"]


def _first_found(instances: Side, proposals: Side, thresholds: Floats) -> Integers:
    """(T, M) rank in its video of the best scored proposal that finds each instance, `NEVER` where none does."""
    ranks = np.full((len(thresholds), len(instances)), NEVER)
    begins = np.searchsorted(proposals.groups, instances.groups, "left")
    for rows, others in pairs(instances, proposals):
        value = temporal_iou(
            instances.starts[rows], instances.ends[rows], proposals.starts[others], proposals.ends[others]
        )
        for found, threshold in zip(ranks, thresholds, strict=True):
            hits = np.flatnonzero(value >= threshold)
            who, first = np.unique(rows[hits], return_index=True)
            found[who] = others[hits[first]] - begins[who]
    return ranks
