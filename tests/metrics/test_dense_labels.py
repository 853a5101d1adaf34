import numpy as np
import pytest

from tubelet.metrics.dense_labels import (
    labels_at_frames,
    labels_at_moments,
    labels_in_cells,
    mix_scores,
    scores_from_segments,
)
from tubelet.metrics.tables import Segments, TableError


def segments(*rows):
    """(start, end, label, score) each."""
    starts, ends, labels, scores = zip(*rows, strict=True)
    return Segments(np.zeros(len(rows)), starts, ends, labels, scores)


def test_a_cell_is_four_frames_and_both_ends_count():
    # 10 frames a second: frames 9 to 17, cells 2 to 4; the second runs over the end of the video.
    labels = labels_at_frames(segments((0.9, 1.7, 1, 1), (2.3, 9, 0, 1)), 10.0, 26, 2)
    assert labels.shape == (6, 2)
    assert np.flatnonzero(labels[:, 1]).tolist() == [2, 3, 4]
    assert np.flatnonzero(labels[:, 0]).tolist() == [5]


def test_cells_that_divide_the_duration_are_a_little_longer():
    # 27 frames at 10 a second are 6 cells of 0.45 s: 1.25 s lies in cell 2, at frame 12 it would lie in cell 3.
    assert np.flatnonzero(labels_in_cells(segments((0, 1.25, 0, 1)), 2.7, 6, 1)[:, 0]).tolist() == [0, 1, 2]
    assert labels_at_frames(segments((0, 1.25, 0, 1)), 10.0, 27, 1).sum() == 4


def test_charades_asks_at_twenty_five_moments():
    labels = labels_at_moments(segments((2.0, 4.0, 0, 1), (24.5, 30, 1, 1)), 25.0, 2)
    assert np.flatnonzero(labels[:, 0]).tolist() == [2, 3, 4]
    assert labels[:, 1].sum() == 0


def test_a_segment_spreads_its_best_score_one_cell_early():
    # One cell (number 50 of 100) of score 0.8: a Gaussian of area 5 x 0.8 around cell 49.
    scores = scores_from_segments(segments((50, 51, 1, 0.8), (50, 51, 1, 0.3), (20, 21, 0, 0.01)), 100.0, 100, 2)
    assert scores[:, 1].argmax() == 49
    assert scores[:, 1].sum() == pytest.approx(4.0)
    assert scores[49, 1] == pytest.approx(4.0 / (3 * np.sqrt(2 * np.pi)))
    assert not scores[:, 0].any()  # 0.01 is not above the least score


def test_the_mixture_is_by_weight():
    assert mix_scores(np.array([1.0]), np.array([0.5]), 0.2) == pytest.approx([0.6])


def test_ground_truth_has_no_scores_to_spread():
    with pytest.raises(TableError, match="expected predictions"):
        scores_from_segments(Segments([0], [0.0], [1.0], [0]), 1.0, 4, 1)
