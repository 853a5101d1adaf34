import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tubelet.metrics.score_fusion import FusionError, fuse_models, fuse_views, merge_listed_views, softmax

# One video, two views, two classes.
VIEWS = np.array([[[0.0, np.log(3.0)], [np.log(3.0), 0.0]]])


@pytest.mark.parametrize(
    ("fusion", "expected"),
    [("sum", np.log(3) * np.ones(2)), ("mean", np.log(3) / 2 * np.ones(2)), ("max", np.log(3) * np.ones(2))],
)
def test_views_are_joined_by_hand(fusion, expected):
    assert fuse_views(VIEWS, fusion)[0] == pytest.approx(expected)


def test_probabilities_are_those_of_each_view():
    assert fuse_views(VIEWS[:, :1], "probabilities")[0] == pytest.approx([1 / 4, 3 / 4])


def test_a_repeated_view_counts_once():
    logits = np.array([[0.0, 1.0], [5.0, 0.0], [2.0, 0.0], [0.0, 1.0]])
    videos, views = np.array([7, 3, 7, 7]), np.array([[0, 0], [0, 0], [0, 1], [0, 0]])
    numbers, means = merge_listed_views(logits, videos, views)
    assert numbers.tolist() == [3, 7]
    assert means[1] == pytest.approx(softmax(logits[[0, 2]]).mean(axis=0))


@given(st.integers(0, 10_000))
def test_the_order_of_listed_views_does_not_matter(seed):
    generator = np.random.default_rng(seed)
    views = np.stack(np.unravel_index(np.arange(12), (2, 3, 2)), axis=1)  # video, chunk, crop
    logits, order = generator.normal(size=(12, 4)), generator.permutation(12)
    _, one = merge_listed_views(logits, views[:, 0], views[:, 1:])
    _, other = merge_listed_views(logits[order], views[order, 0], views[order, 1:])
    assert one == pytest.approx(other)
    assert one == pytest.approx(fuse_views(logits.reshape(2, 6, 4), "probabilities"))


def test_weights_are_taken_as_they_are():
    assert fuse_models([np.ones((1, 2)), np.array([[1.0, 2.0]])], [2, 0.5]).tolist() == [[2.5, 3.0]]


def test_scores_that_do_not_fit_are_refused():
    with pytest.raises(FusionError, match="1 weights do not fit"):
        fuse_models([np.ones((1, 2)), np.ones((1, 2))], [1])
    with pytest.raises(FusionError, match=r"expected \(N, V, K\)"):
        fuse_views(np.ones((2, 3)), "sum")
    with pytest.raises(FusionError, match=r"expected \(R, K\)"):
        merge_listed_views(np.ones((2, 3)), np.zeros(2), np.zeros(2))
