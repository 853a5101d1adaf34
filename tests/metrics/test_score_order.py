import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tubelet.metrics.score_order import in_groups, negated, reversed_rising

finite = st.floats(allow_nan=False, allow_infinity=False)
WIDER = np.finfo(np.longdouble).precision > np.finfo(np.float64).precision


@given(st.lists(finite | st.sampled_from([0.0, -0.0, 0.5, -0.5]), max_size=60).map(np.array))
def test_scores_fall(scores):
    for order in (negated(scores), reversed_rising(scores)):
        assert sorted(order) == list(range(len(scores)))
        assert (np.diff(scores[order]) <= 0).all()


def test_of_few_equals_the_first_or_the_last_listed_comes_first():
    scores = np.array([0.5, 0.7, 0.5, 0.0, -0.0])
    assert negated(scores).tolist() == [1, 0, 2, 3, 4]
    assert reversed_rising(scores).tolist() == [1, 2, 0, 4, 3]


def test_many_equals_come_as_an_introsort_leaves_them():
    # partitioning 20 equals exchanges all but the pivot, which stands at the front, and the two last
    assert negated(np.zeros(20)).tolist() == [0, *range(17, 0, -1), 18, 19]


@pytest.mark.skipif(not WIDER, reason="extended precision, which NumPy sorts by introsort too, is no wider than double")
@given(st.lists(st.integers(-3, 3), max_size=300).map(lambda scores: np.array(scores) / 3))
def test_the_order_of_equals_is_that_of_numpys_introsort(scores):
    assert negated(scores).tolist() == np.argsort(-scores.astype(np.longdouble)).tolist()


def test_groups_come_one_after_the_other():
    assert in_groups(np.array([1, 0, 1, 0]), np.array([0.1, 0.2, 0.3, 0.2])).tolist() == [1, 3, 2, 0]
