import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from tubelet.metrics import average_precision as ap

RULES = [ap.interpolated, ap.at_hits, ap.eleven_points, ap.trapezoid]
# Four predictions, the first, third and fourth right, of five instances: precision 1, 1/2, 2/3, 3/4.
HITS = np.array([[True, False, True, True]])


def test_interpolated_takes_the_best_precision_from_there_on():
    # By hand: envelope 1, 3/4, 3/4, 3/4; (1 + 3/4 + 3/4) / 5.
    assert ap.interpolated(HITS, 5) == pytest.approx(2.5 / 5)


def test_at_hits_takes_the_precision_where_each_was_found():
    assert ap.at_hits(HITS, 5) == pytest.approx((1 + 2 / 3 + 3 / 4) / 5)


def test_eleven_points_reads_the_envelope_at_tenths_of_recall():
    # Of seven instances, recalls reached are 1/7, 2/7, 3/7: precision 1 at 0 and 0.1; 3/4 at 0.2 to 0.4; 0 beyond.
    assert ap.eleven_points(HITS, 7) == pytest.approx((2 * 1 + 3 * 0.75) / 11)


def test_trapezoid_starts_at_precision_one():
    # (1 + 1)/2 x 0.2, (1/2 + 2/3)/2 x 0.2, (2/3 + 3/4)/2 x 0.2.
    assert ap.trapezoid(HITS, 5) == pytest.approx(0.2 * (1 + 7 / 12 + 17 / 24), rel=1e-6)


@pytest.mark.parametrize("rule", RULES)
def test_all_found_first_is_one_and_nothing_listed_is_zero(rule):
    assert rule(np.ones((1, 3), bool), 3) == pytest.approx(1)
    assert rule(np.zeros((2, 0), bool), 3) == pytest.approx([0, 0])
    assert np.isnan(rule(np.zeros((1, 2), bool), 0)).all()


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("weights", [[0, 1, 2], [2, 1, 0], [0, 0, 3]])
def test_only_hits_are_one_however_often_each_counts(rule, weights):
    assert rule(np.ones((1, 3), bool), 3, np.array(weights, float)) == pytest.approx(1)


@pytest.mark.parametrize("rule", [ap.interpolated, ap.at_hits, ap.eleven_points])
@given(hits=arrays(bool, st.tuples(st.just(2), st.integers(0, 12))), missed=st.integers(0, 5))
def test_a_last_false_positive_changes_nothing(rule, hits, missed):
    positives = int(hits.sum(axis=1).max(initial=0)) + missed + 1
    longer = np.concatenate([hits, np.zeros((2, 1), bool)], axis=1)
    assert rule(longer, positives) == pytest.approx(rule(hits, positives))


@pytest.mark.parametrize("rule", [ap.interpolated, ap.at_hits])
@given(hits=arrays(bool, (1, 8)), weights=arrays(np.int64, 8, elements=st.integers(0, 3)))
def test_the_interpolated_weight_is_that_of_an_envelope_over_whole_groups(rule, hits, weights):
    """A prediction of weight 0 might as well not be listed."""
    kept = weights > 0
    positives = int((hits * weights).sum()) + 1
    weighted = rule(hits, positives, weights.astype(float))
    assert weighted == pytest.approx(rule(hits[:, kept], positives, weights[kept].astype(float)))
