import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tubelet.metrics.tables import TableError
from tubelet.metrics.video_classification import VideoLabels, official_lines, video_classification

TRUTH = VideoLabels([0, 0, 1, 1], [0, 1, 0, 0])  # the last row repeats a label


def test_the_figures_of_a_hand_counted_example():
    # Class 0 ranks video 0 (right), video 9 (unknown), video 0 again (wrong), video 1 (right); class 1 is never found.
    predictions = VideoLabels([0, 9, 0, 1], [0, 0, 0, 0], [0.9, 0.8, 0.7, 0.6])
    figures = video_classification(TRUTH, predictions, ["run", "jump"], k=1)
    assert figures.average_precision == pytest.approx([(1 + 1 / 2) / 2, 0])
    assert figures.video_hits.tolist() == [0.5, 1.0]
    assert (figures.hit_at_k, figures.average_hit_at_k, figures.unknown_videos) == (1.0, 0.75, 1)
    assert official_lines(figures)[1] == "Hit@1: 1.0"


def test_only_the_best_k_of_a_video_hit():
    predictions = VideoLabels([0, 0, 1], [1, 0, 1], [0.5, 0.9, 0.5])
    assert video_classification(TRUTH, predictions, ["run", "jump"], k=1).video_hits.tolist() == [0.5, 0]
    assert video_classification(TRUTH, predictions, ["run", "jump"], k=2).video_hits.tolist() == [1, 0]


def test_no_predictions_give_nothing():
    figures = video_classification(TRUTH, VideoLabels([], [], []), ["run", "jump", "never"])
    assert (figures.mean_average_precision, figures.hit_at_k) == (0, 0)
    assert np.isnan(figures.average_precision[2])


@given(st.integers(0, 10_000))
def test_neither_the_order_nor_a_rising_map_of_the_scores_matters_and_perfect_is_one(seed):
    generator = np.random.default_rng(seed)
    truth = VideoLabels(np.repeat(np.arange(8), 2), generator.integers(0, 3, 16))
    scores = generator.permutation(30) / 30
    columns = np.stack([generator.integers(0, 9, 30), generator.integers(0, 3, 30)])
    order = generator.permutation(30)
    one = video_classification(truth, VideoLabels(*columns, scores), "abc")
    for other in (VideoLabels(*columns[:, order], scores[order]), VideoLabels(*columns, np.exp(scores))):
        again = video_classification(truth, other, "abc")
        assert again.average_precision == pytest.approx(one.average_precision, nan_ok=True)
        assert again.average_hit_at_k == pytest.approx(one.average_hit_at_k)
    rows = np.unique(np.stack([truth.videos, truth.labels]), axis=1)  # a label said twice would be wrong once
    perfect = video_classification(truth, VideoLabels(*rows, np.ones(rows.shape[1])), "abc")
    assert (perfect.mean_average_precision, perfect.average_hit_at_k) == (pytest.approx(1), 1)


def test_bad_input_is_a_sentence():
    with pytest.raises(TableError, match=r"column scores has the shape \(2,\); expected \(1,\)"):
        VideoLabels([0], [0], [1.0, 2.0])
    with pytest.raises(TableError, match="row 0 has the scores nan"):
        VideoLabels([0], [0], [np.nan])
    with pytest.raises(TableError, match="row 0 has the label 5; expected 0 to 1"):
        video_classification(TRUTH, VideoLabels([0], [5], [1.0]), ["run", "jump"])
    with pytest.raises(TableError, match="expected both"):
        video_classification(TRUTH, TRUTH, ["run", "jump"])
