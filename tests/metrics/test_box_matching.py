"""Pairs, overlaps, greedy matching and suppression, against loops written out."""

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from tubelet.metrics.box_matching import (
    Pairs,
    box_overlaps,
    match_best_only,
    match_with_second_choice,
    pairs_of_equal_keys,
    pairs_within_groups,
    suppress,
)
from tubelet.metrics.greedy import take_in_turn

HALF = np.array([0.5])
few = st.lists(st.integers(0, 4), max_size=12).map(lambda keys: np.array(keys, np.int64))


@st.composite
def overlap_tables(draw):
    """Overlaps (predictions, instances) on a coarse grid, so that equals occur."""
    rows, columns = draw(st.integers(1, 8)), draw(st.integers(1, 5))
    cells = draw(st.lists(st.integers(0, 5), min_size=rows * columns, max_size=rows * columns))
    return np.array(cells, np.float64).reshape(rows, columns) / 5


def all_pairs(table):
    rows, columns = np.divmod(np.arange(table.size), table.shape[1])
    return Pairs(rows, columns), table.ravel()


@settings(max_examples=25)
@given(few, few, st.sampled_from([1, 1000]))
def test_pairs_are_those_of_equal_keys_in_the_order_of_both_lists(predictions, instances, apart):
    predictions, instances = predictions * apart, instances * apart
    pairs = pairs_of_equal_keys(predictions, instances)
    expected = [(i, j) for i, p in enumerate(predictions) for j, k in enumerate(instances) if p == k]
    assert list(zip(pairs.predictions, pairs.instances, strict=True)) == expected


@settings(max_examples=25)
@given(few)
def test_pairs_within_groups_name_each_pair_once_and_the_earlier_row_first(groups):
    pairs = pairs_within_groups(groups)
    expected = {(i, j) for i in range(len(groups)) for j in range(i + 1, len(groups)) if groups[i] == groups[j]}
    assert set(zip(pairs.predictions, pairs.instances, strict=True)) == expected
    assert len(pairs) == len(expected)


def test_overlap_is_shared_area_by_joint_area():
    # 10 x 10 boxes shifted by 5: 50 / 150; with the last pixel 11 x 11 shifted by 5: 66 / (242 - 66)
    first, second = np.array([0.0, 0, 10, 10]), np.array([5.0, 0, 15, 10])
    assert box_overlaps(first, second) == 50 / 150
    assert box_overlaps(first, second, inclusive=True) == 66 / 176


def test_boxes_without_area_do_not_overlap_unless_they_hold_their_last_pixel():
    point = np.array([3.0, 3, 3, 3])
    assert box_overlaps(point, point) == 0
    assert box_overlaps(point, point, inclusive=True) == 1


@settings(max_examples=25)
@given(overlap_tables())
def test_with_one_choice_only_the_best_instance_is_asked(table):
    taken, expected = set(), []
    for row in table:
        best = int(row.argmax())
        expected.append(row[best] >= 0.5 and best not in taken)
        taken |= {best} if expected[-1] else set()
    assert match_best_only(*all_pairs(table), HALF, len(table))[0].tolist() == expected


@settings(max_examples=25)
@given(overlap_tables())
def test_with_a_second_choice_the_best_of_those_left_is_taken(table):
    left, expected = table.copy(), []
    for row in left:
        best = int(row.argmax())
        expected.append(bool(row[best] >= 0.5))
        if expected[-1]:
            left[:, best] = -1
    assert match_with_second_choice(*all_pairs(table), HALF, len(table))[0].tolist() == expected


@settings(max_examples=25)
@given(overlap_tables())
def test_thresholds_are_matched_each_for_itself(table):
    thresholds = np.array([0.8, 0.2, 0.5])
    for match in (match_best_only, match_with_second_choice):
        together = match(*all_pairs(table), thresholds, len(table))
        alone = [match(*all_pairs(table), thresholds[[row]], len(table))[0] for row in range(3)]
        assert together.tolist() == np.array(alone).tolist()


def test_an_overlap_that_is_not_a_number_blocks_the_prediction():
    # arg max gives the NaN, which reaches no threshold
    table = np.array([[1.0, np.nan], [1.0, 0.0]])
    assert match_best_only(*all_pairs(table), HALF, 2)[0].tolist() == [False, True]


def test_who_is_displaced_takes_its_next_choice():
    # row 1 and 2 like column 0 best; row 0 displaces row 1 from column 1 and so on down
    table = np.array([[0.9, 0.8, 0.7], [0.9, 0.8, 0.7], [0.9, 0.8, 0.7]])
    pairs, liking = all_pairs(table)
    _, taken = take_in_turn(pairs.predictions, pairs.instances, liking, HALF)
    chosen = zip(pairs.predictions[taken], pairs.instances[taken], strict=True)
    assert list(chosen) == [(0, 0), (1, 1), (2, 2)]


@settings(max_examples=25)
@given(st.integers(1, 9), st.data())
def test_suppression_goes_from_the_first_on_and_names_the_first_that_suppresses(count, data):
    close = np.triu(
        np.array(data.draw(st.lists(st.booleans(), min_size=count**2, max_size=count**2))).reshape(count, count), 1
    )
    expected = np.full(count, -1)
    for row in range(count):
        if expected[row] < 0:
            victims = close[row] & (expected < 0)
            expected[victims] = row
    better, worse = np.nonzero(close)
    order = np.array(data.draw(st.permutations(range(len(better)))), np.int64)
    assert suppress(Pairs(better[order], worse[order]), count).tolist() == expected.tolist()
