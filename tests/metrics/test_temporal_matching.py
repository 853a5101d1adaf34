import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tubelet.metrics import matching
from tubelet.metrics.matching import Side, match_in_turn, pairs, temporal_iou

ROW = st.tuples(st.integers(0, 2), st.integers(0, 8), st.integers(0, 6))


def side(rows):
    rows = sorted(rows, key=lambda row: row[0])
    groups, starts, lengths = (np.array([row[k] for row in rows], np.int64) for k in range(3))
    return Side(groups, starts.astype(float), (starts + lengths).astype(float))


def dense(matches, shape):
    taken = np.full(shape, -1)
    taken[matches.thresholds, matches.choosers] = matches.offered
    return taken


def one_after_the_other(choosers, offered, threshold, strict):
    """The procedure as the official tools have it, a loop."""
    free, taken = set(range(len(offered))), []
    for i in range(len(choosers)):
        best, place = None, -1
        for j in sorted(free):
            if offered.groups[j] != choosers.groups[i]:
                continue
            value = temporal_iou(
                choosers.starts[i : i + 1], choosers.ends[i : i + 1], offered.starts[j : j + 1], offered.ends[j : j + 1]
            )[0]
            value = np.inf if np.isnan(value) else value
            good = value > threshold if strict else value >= threshold
            if good and (best is None or value >= best):
                best, place = value, j
        free.discard(place)
        taken.append(place)
    return taken


@given(st.lists(ROW, max_size=12), st.lists(ROW, max_size=6), st.booleans())
def test_rounds_give_what_taking_turns_gives(choosers, offered, strict):
    choosers, offered = side(choosers), side(offered)
    thresholds = np.array([0.25, 0.5, 1.0])
    taken = dense(match_in_turn(choosers, offered, thresholds, temporal_iou, strict), (3, len(choosers)))
    expected = [one_after_the_other(choosers, offered, threshold, strict) for threshold in thresholds]
    assert taken.tolist() == expected


def test_a_chain_of_second_choices_is_followed_to_its_end():
    # each prefers what the one before it took: 0-10, then 2-12 (0.67), then 4-14 (0.67)
    choosers = Side(np.zeros(3, int), np.array([0.0, 0.5, 1.0]), np.array([10.0, 10.5, 11.0]))
    offered = Side(np.zeros(3, int), np.array([0.0, 2.0, 4.0]), np.array([10.0, 12.0, 14.0]))
    taken = dense(match_in_turn(choosers, offered, np.array([0.5]), temporal_iou), (1, 3))
    assert taken.tolist() == [[0, 1, 2]]


@given(st.lists(ROW, max_size=12), st.lists(ROW, max_size=12))
def test_pairs_in_small_portions_are_all_pairs_of_a_group(ones, others):
    one, other = side(ones), side(others)
    before, matching.PAIRS_AT_ONCE = matching.PAIRS_AT_ONCE, 3
    try:
        found = [
            pair for rows, columns in pairs(one, other) for pair in zip(rows.tolist(), columns.tolist(), strict=True)
        ]
    finally:
        matching.PAIRS_AT_ONCE = before
    assert found == [(i, j) for i in range(len(one)) for j in range(len(other)) if one.groups[i] == other.groups[j]]


def test_two_segments_without_length_overlap_by_nothing_over_nothing():
    five, seven = np.array([5.0]), np.array([7.0])
    assert np.isnan(temporal_iou(five, five, seven, seven)).all()
    assert temporal_iou(five, five, seven, seven, least=1e-8).tolist() == [0.0]
