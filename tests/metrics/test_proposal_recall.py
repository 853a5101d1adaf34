import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from tubelet.metrics.proposals import official_lines, proposal_recall
from tubelet.metrics.tables import Segments, TableError


def segments(*rows):
    """Rows of video, start, end and, for proposals, score."""
    columns = np.array(rows, float).reshape(len(rows), -1).T
    return Segments(columns[0].astype(int), columns[1], columns[2], np.zeros(len(rows), int), *columns[3:4])


TRUTH = segments((0, 0, 10), (0, 20, 30), (1, 0, 10))


def test_recall_grows_with_the_number_of_proposals():
    found = segments((0, 0, 10, 0.9), (0, 20, 30, 0.8), (1, 50, 60, 0.9), (1, 0, 10, 0.8))
    figures = proposal_recall(TRUTH, found, most_per_video=2, points=2)
    # by hand: with one a video the first instance, with two all
    assert figures.per_video.tolist() == [1.0, 2.0]
    np.testing.assert_allclose(figures.average_recall, [1 / 3, 1.0])
    assert figures.area == pytest.approx((1 / 3 + 1) / 2 / 2)


def test_one_proposal_may_serve_several_instances():
    truth = segments((0, 0, 10), (0, 0, 10))
    assert proposal_recall(truth, segments((0, 0, 10, 1)), most_per_video=1, points=1).at(1) == 1.0


def test_proposals_of_other_videos_use_up_the_budget():
    found = segments((0, 50, 60, 0.9), (0, 0, 10, 0.8), (5, 0, 1, 0.9), (5, 0, 1, 0.9))
    figures = proposal_recall(segments((0, 0, 10)), found, most_per_video=2, points=1)
    # by hand: 2 of 4 in all, so half of the video's two
    assert figures.at(1) == 0.0
    assert figures.ignored == 2


@given(st.lists(st.tuples(st.integers(0, 1), st.integers(0, 25), st.integers(1, 12)), min_size=1, max_size=12))
def test_recall_never_falls_with_more_proposals(rows):
    found = segments(*[(v, s, s + n, k) for k, (v, s, n) in enumerate(rows)])
    assert (np.diff(proposal_recall(TRUTH, found).recall, axis=1) >= 0).all()


def test_no_proposals_are_an_error():
    with pytest.raises(TableError, match="there are 3 instances and 0 proposals; expected both, with scores"):
        proposal_recall(TRUTH, Segments([], [], [], [], []))


def test_the_figures_print():
    figures = proposal_recall(TRUTH, segments((0, 0, 10, 1)), most_per_video=1, points=1)
    console = Console(width=80, file=io.StringIO())
    console.print(figures)
    assert "AUC" in console.file.getvalue()
    assert official_lines(figures)[0] == "[RESULTS] Performance on ActivityNet proposal task."
