import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tubelet.metrics.multi_label import (
    MultiLabelError,
    average_precision_of_rows,
    frame_figures,
    multi_label_figures,
    ranked_figures,
)

RULES = [multi_label_figures, ranked_figures, frame_figures]
# One class, four rows: the best is right, the next two share a score and one of them is right.
SCORES, LABELS = np.array([[0.9], [0.5], [0.5], [0.1]]), np.array([[1], [0], [1], [0]])


def test_equal_scores_are_one_threshold():
    # By hand: precision 1 at recall 1/2, then 2 of 3 at recall 1.
    assert multi_label_figures(SCORES, LABELS).mean == pytest.approx((1 + 2 / 3) / 2)


@pytest.mark.parametrize("rule", [ranked_figures, frame_figures])
def test_ranked_equals_come_as_they_are_listed(rule):
    assert rule(SCORES, LABELS).mean == pytest.approx((1 + 2 / 3) / 2)
    assert rule(SCORES[::-1], LABELS[::-1]).mean == pytest.approx((1 + 1) / 2)


@pytest.mark.parametrize(("rule", "mean"), [(multi_label_figures, 1.0), (ranked_figures, 0.5), (frame_figures, 0.5)])
def test_a_class_without_positives_is_left_out_or_counts_nothing(rule, mean):
    assert rule(np.array([[0.9, 0.1], [0.1, 0.9]]), np.array([[1, 0], [0, 0]])).mean == mean


@pytest.mark.parametrize("rule", RULES)
@given(seed=st.integers(0, 10_000))
def test_perfect_scores_give_one_and_neither_order_nor_scale_matters(rule, seed):
    generator = np.random.default_rng(seed)
    labels = generator.random((30, 4)) < 0.3
    labels[0] = True
    scores = generator.permutation(120).reshape(30, 4) / 128 - 0.5  # distinct, and of both signs
    figures, order = rule(scores, labels), generator.permutation(30)
    assert rule(labels + 0.0, labels).mean == pytest.approx(1)
    assert rule(scores[order], labels[order]).average_precision == pytest.approx(figures.average_precision)
    assert rule(2 * scores - 3, labels).average_precision == pytest.approx(figures.average_precision)


@given(st.integers(0, 10_000))
def test_frames_in_single_precision_are_ranked_as_a_stable_sort_ranks_them(seed):
    generator = np.random.default_rng(seed)
    scores = generator.integers(-3, 4, (40, 3)) / np.float32(4)
    scores[scores == 0] *= generator.choice([-1, 1], np.count_nonzero(scores == 0))  # both zeros
    labels = generator.random((40, 3)) < 0.4
    expected = ranked_figures(scores.astype(np.float64), labels).average_precision
    assert frame_figures(scores, labels).average_precision == pytest.approx(expected, abs=1e-6)


@pytest.mark.parametrize("rule", RULES)
def test_every_class_of_a_large_table_has_what_it_has_alone(rule):
    generator = np.random.default_rng(0)
    scores, labels = generator.integers(0, 50, (1500, 37)) / 50, generator.random((1500, 37)) < 0.1
    alone = [rule(scores[:, k : k + 1], labels[:, k : k + 1]).average_precision[0] for k in range(37)]
    assert rule(scores, labels).average_precision.tolist() == alone


def test_the_average_precision_of_a_row_is_over_its_classes():
    # By hand: the second-best class is right; the row without labels has no figure.
    figures = average_precision_of_rows(np.array([[0.9, 0.8, 0.1], [0.1, 0.2, 0.3]]), np.array([[0, 1, 0], [0, 0, 0]]))
    assert figures[0] == pytest.approx(1 / 2)
    assert np.isnan(figures[1])


@pytest.mark.parametrize(
    ("scores", "labels", "sentence"),
    [
        (np.ones((2, 3)), np.ones((3, 2)), "expected"),
        (np.array([[np.inf]]), np.ones((1, 1)), "row 0, class 0 has the score inf"),
        (np.ones((1, 1)), np.array([[2]]), "has the label 2; expected 0 or 1"),
    ],
)
def test_bad_input_is_a_sentence(scores, labels, sentence):
    with pytest.raises(MultiLabelError, match=sentence):
        multi_label_figures(scores, labels)
