import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from tubelet.metrics.recognition import official_lines, recognition_figures


def test_a_stray_predicted_class_lowers_mmaction2s_mean_only():
    # By hand: two classes with one video each, one right, the other taken for class 2, which has no video.
    figures = recognition_figures(np.eye(3)[[0, 2]], np.array([0, 1]))
    assert figures.mean_class_accuracy == 1 / 2
    assert figures.mean_class_accuracy_with_strays == pytest.approx(1 / 3)
    assert official_lines(figures) == ["acc/top1: 0.5000", "acc/top5: 1.0000", "acc/mean1: 0.3333"]


def test_the_bounds_say_what_other_orders_of_equals_could_give():
    figures = recognition_figures(np.array([[1.0, 1, 0], [1, 1, 0], [0, 0, 1]]), np.array([0, 1, 2]))
    assert figures.top_k_bounds(1) == (pytest.approx(1 / 3), 1.0)
    assert figures.top1 == pytest.approx(2 / 3)
    assert figures.class_accuracy.tolist() == [1, 0, 1]


@given(st.integers(0, 10_000))
def test_the_figure_lies_within_its_bounds_and_the_order_of_videos_does_not_matter(seed):
    generator = np.random.default_rng(seed)
    scores, labels = generator.integers(0, 4, (15, 5)).astype(float), generator.integers(0, 5, 15)
    figures, order = recognition_figures(scores, labels), generator.permutation(15)
    other = recognition_figures(scores[order], labels[order])
    for k in range(1, 6):
        low, high = figures.top_k_bounds(k)
        assert low <= figures.top_k(k) <= high
        assert figures.top_k(k) == other.top_k(k)


def test_the_printed_table_mentions_equal_scores_where_they_matter():
    console = Console(width=100)
    with console.capture() as printed:
        console.print(recognition_figures(np.zeros((2, 3)), np.array([0, 1])))
    assert "between 0.0000 and 1.0000" in printed.get()
