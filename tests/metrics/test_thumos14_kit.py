import numpy as np
import pytest

from tubelet.metrics.tables import Segments, TableError
from tubelet.metrics.thumos14 import official_lines, thumos14_detection

HALF = np.array([0.5])


def segments(*rows):
    """Rows of video, start, end and, for predictions, score; all of one class."""
    columns = np.array(rows, float).reshape(len(rows), -1).T
    return Segments(columns[0].astype(int), columns[1], columns[2], np.zeros(len(rows), int), *columns[3:4])


def average(truth, found, ambiguous=None, thresholds=HALF):
    return thumos14_detection(truth, found, ("Diving",), ambiguous, thresholds).average


def test_the_better_fitting_detection_is_taken_not_the_better_scored():
    # by hand: 0-10 is taken, at rank 2
    assert average(segments((0, 0, 10)), segments((0, 0, 9, 0.9), (0, 0, 10, 0.8))) == 0.5


def test_an_overlap_equal_to_the_threshold_is_not_enough():
    assert average(segments((0, 0, 10)), segments((0, 0, 5, 0.9))) == 0.0


def test_of_equal_overlaps_the_best_scored_is_taken():
    assert average(segments((0, 0, 10)), segments((0, 0, 8, 0.5), (0, 2, 10, 0.9))) == 1.0


def test_precision_is_not_interpolated():
    # by hand: false, hit, hit: (1/2 + 2/3) / 2; interpolated it would be 2/3
    found = segments((0, 50, 60, 0.9), (0, 0, 10, 0.8), (0, 20, 30, 0.7))
    assert average(segments((0, 0, 10), (0, 20, 30)), found) == pytest.approx(7 / 12)


def test_a_detection_in_an_ambiguous_interval_counts_neither_way():
    truth, found = segments((0, 0, 10)), segments((0, 45, 60, 0.9), (0, 0, 10, 0.8))
    assert average(truth, found, segments((0, 40, 50))) == 1.0
    assert average(truth, found, segments((0, 40, 45))) == 0.5  # it only meets the end
    assert average(truth, found, segments((1, 40, 50))) == 0.5  # of another video


def test_a_matched_detection_counts_in_an_ambiguous_interval_too():
    assert average(segments((0, 0, 10)), segments((0, 0, 10, 0.8)), segments((0, 5, 20))) == 1.0


def test_what_is_left_out_depends_on_the_threshold():
    # 0-6 overlaps by 0.6: a hit at 0.5 and rank 1; at 0.7 it is left out, as it is ambiguous
    truth, found = segments((0, 0, 10), (0, 20, 30)), segments((0, 0, 6, 0.9), (0, 20, 30, 0.8))
    figures = thumos14_detection(truth, found, ("Diving",), segments((0, 0, 1)), np.array([0.5, 0.7]))
    assert figures.by_threshold.tolist() == [1.0, 0.5]
    assert figures.ignored == {"unmatched predictions in ambiguous intervals, over all thresholds": 1}


def test_reversed_ends_are_put_in_order():
    assert average(segments((0, 10, 0)), segments((0, 0, 10, 0.9))) == 1.0


def test_of_equal_scores_the_video_with_the_lower_number_goes_first():
    truth = segments((0, 0, 10))
    assert average(truth, segments((1, 0, 10, 0.5), (0, 0, 10, 0.5))) == 1.0


def test_a_class_without_instances_is_an_error():
    with pytest.raises(TableError, match="the class Shotput has no instance"):
        thumos14_detection(segments((0, 0, 1)), segments((0, 0, 1, 1)), ("Diving", "Shotput"))


def test_the_lines_are_those_of_the_kit():
    figures = thumos14_detection(segments((0, 0, 10)), segments((0, 0, 9, 0.9), (0, 0, 10, 0.8)), ("Diving",))
    assert official_lines(figures, 0.5) == ["AP:0.500 at overlap 0.5 for Diving", "MAP: 0.500000"]
