import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tubelet.metrics.recognition import recognition_figures


def test_the_figures_of_a_hand_counted_example() -> None:
    scores = np.array([[0.9, 0.1, 0.0], [0.6, 0.3, 0.1], [0.2, 0.7, 0.1], [0.1, 0.8, 0.1]])
    figures = recognition_figures(scores, np.array([0, 0, 0, 1]))
    assert figures.top1 == 3 / 4
    assert figures.mean_class_accuracy == pytest.approx((2 / 3 + 1) / 2)  # class 2 has no video and does not count
    assert figures.confusion.tolist() == [[2, 1, 0], [0, 1, 0], [0, 0, 0]]
    assert figures.top5 == 1.0


def test_of_equal_scores_the_lower_class_goes_first() -> None:
    assert recognition_figures(np.zeros((2, 7)), np.array([0, 6])).top1 == 0.5
    assert recognition_figures(np.zeros((2, 7)), np.array([4, 5])).top5 == 0.5


@given(st.integers(0, 10_000))
def test_a_monotone_map_of_the_scores_changes_nothing(seed: int) -> None:
    generator = np.random.default_rng(seed)
    scores, labels = generator.normal(size=(20, 6)), generator.integers(0, 6, 20)
    plain, mapped = recognition_figures(scores, labels), recognition_figures(np.exp(scores), labels)
    assert (plain.top1, plain.top5, plain.mean_class_accuracy) == (mapped.top1, mapped.top5, mapped.mean_class_accuracy)


@pytest.mark.parametrize(
    ("scores", "labels", "sentence"),
    [
        (np.zeros((0, 3)), np.zeros(0, int), "N >= 1"),
        (np.full((1, 3), np.nan), np.array([0]), "not finite"),
        (np.zeros((1, 3)), np.array([3]), "expected 0 to 2"),
    ],
)
def test_what_cannot_be_scored_is_said(scores: np.ndarray, labels: np.ndarray, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        recognition_figures(scores, labels)
