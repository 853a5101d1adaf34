import io

import numpy as np
import pytest
from rich.console import Console

from tubelet.metrics.tables import Segments, TableError
from tubelet.metrics.temporal_errors import ACTIVITYNET_BUCKETS, KINDS, temporal_errors

TRUTH = Segments([0, 0, 1], [0.0, 50.0, 0.0], [10.0, 60.0, 100.0], [0, 1, 0])
HALF = (0.5,)


def predicted(*rows):
    videos, starts, ends, labels, scores = zip(*rows, strict=True)
    return Segments(videos, starts, ends, labels, scores)


def errors(*rows):
    return temporal_errors(TRUTH, predicted(*rows), np.array([100.0, 100.0]), ACTIVITYNET_BUCKETS, 0.5, HALF)


HITS = ((0, 0, 10, 0, 0.99), (0, 50, 60, 1, 0.99), (1, 0, 100, 0, 0.98))


@pytest.mark.parametrize(
    ("kind", "row"),
    [
        ("double detection", (0, 0, 9, 0, 0.5)),
        ("localisation", (0, 0, 4, 0, 0.5)),
        ("wrong label", (0, 50, 60, 0, 0.5)),
        ("confusion", (0, 50, 53, 0, 0.5)),
        ("background", (0, 80, 90, 0, 0.5)),
    ],
)
def test_each_kind_of_error_is_told(kind, row):
    counts = errors(*HITS, row).false_positives.counts.sum(axis=0)
    assert dict(zip(KINDS, counts.tolist(), strict=True)) == {
        **dict.fromkeys(KINDS, 0),
        "true positive": 3,
        kind: 1,
    }


def test_removing_the_one_error_wins_what_it_cost():
    # by hand: class 0 has false, hit, hit: (2/3 + 2/3) / 2; class 1 is perfect
    false_positives = errors((0, 80, 90, 0, 1.0), *HITS).false_positives
    assert false_positives.figure == pytest.approx((2 / 3 + 1) / 2)
    assert false_positives.without["background"] == pytest.approx(1.0)
    assert false_positives.without["confusion"] == pytest.approx(false_positives.figure)


def test_only_ten_times_as_many_predictions_as_instances_are_looked_at():
    rows = [(0, 80, 90, 1, 0.1) for _ in range(20)]
    assert errors(*HITS, *rows).false_positives.counts.sum() == 2 + 10


def test_missed_instances_are_told_by_their_length():
    length = next(one for one in errors(*HITS[:2]).characteristics if one.characteristic == "length")
    # by hand: two of 10 s, found; one of 100 s, missed
    assert length.instances.tolist() == [2, 0, 1, 0, 0]
    assert length.missed[[0, 2]].tolist() == [0.0, 1.0]
    assert length.normalised[[0, 2]].tolist() == [1.0, 0.0]
    assert np.isnan(length.missed[1])


def test_precision_is_normalised_for_the_number_of_instances():
    # by hand: N = 1.5 instances a class; of class 0 both are found after one false: 1.5 / (1.5 + 1) at full recall
    found = errors((0, 80, 90, 0, 1.0), *HITS)
    assert found.normalised == pytest.approx((1.5 / 2.5 + 1) / 2)


def test_the_breakdown_prints_in_full_on_80_columns():
    console = Console(width=80, file=io.StringIO())
    console.print(errors(*HITS))
    text = console.file.getvalue()
    words = (*" ".join(KINDS).split(), "10G", "instances by coverage", "normalised mAP")
    assert all(word in text for word in words)


def test_no_instances_are_an_error():
    with pytest.raises(TableError, match="there are 0 instances; expected some"):
        temporal_errors(Segments([], [], [], []), predicted(*HITS), np.array([1.0]), ACTIVITYNET_BUCKETS)
