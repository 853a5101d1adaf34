import io

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.console import Console

from tubelet.metrics.tables import Segments, TableError
from tubelet.metrics.temporal_detection import (
    ACTIONFORMER,
    ACTIVITYNET,
    AFSD,
    CORRECTED,
    OPENTAD,
    POINTTAD,
    official_lines,
    recall_at_multiples,
    temporal_detection,
    without_duplicates,
)

CLASSES = ("run", "jump", "wave")
HALF = np.array([0.5])


def segments(*rows):
    """Rows of video, start, end, label and, for predictions, score."""
    columns = np.array(rows, float).reshape(len(rows), -1).T
    return Segments(columns[0].astype(int), columns[1], columns[2], columns[3].astype(int), *columns[4:5])


INSTANCE = st.tuples(st.integers(0, 2), st.integers(0, 20), st.integers(1, 10), st.integers(0, 2))
INSTANCES = st.lists(INSTANCE, min_size=1, max_size=8).map(
    lambda rows: segments(*[(video, start, start + length, label) for video, start, length, label in rows])
)
SCORES = st.lists(st.integers(1, 1000), min_size=15, max_size=15, unique=True)


@st.composite
def tasks(draw):
    rows = draw(st.lists(INSTANCE, min_size=1, max_size=15))
    scores = draw(SCORES)
    found = [(v, s, s + n, c, score / 1000) for (v, s, n, c), score in zip(rows, scores, strict=False)]
    return draw(INSTANCES), segments(*found)


def test_a_second_prediction_of_an_instance_is_false():
    # by hand: hit, repeat, hit: precision 1, 1/2, 2/3
    truth = segments((0, 0, 10, 0), (0, 20, 30, 0))
    found = segments((0, 0, 10, 0, 0.9), (0, 0, 9, 0, 0.8), (0, 20, 30, 0, 0.7))
    figures = temporal_detection(truth, found, CLASSES, HALF)
    assert figures.classes == ("run",)
    assert figures.average == pytest.approx((1 + 2 / 3) / 2)


def test_a_prediction_whose_best_instance_is_taken_takes_the_next():
    truth = segments((0, 0, 10, 0), (0, 2, 12, 0))
    found = segments((0, 0, 10, 0, 0.9), (0, 0, 10, 0, 0.8))
    assert temporal_detection(truth, found, CLASSES, HALF).average == 1.0


def test_a_class_without_predictions_counts_as_nothing():
    truth = segments((0, 0, 10, 0), (0, 0, 10, 1))
    assert temporal_detection(truth, segments((0, 0, 10, 0, 0.9)), CLASSES, HALF).average == 0.5


def test_the_threshold_itself_is_reached():
    assert temporal_detection(segments((0, 0, 10, 0)), segments((0, 0, 5, 0, 1)), CLASSES, HALF).average == 1.0


def test_nothing_over_nothing_matches_officially_and_not_when_corrected():
    truth, found = segments((0, 5, 5, 0)), segments((0, 7, 7, 0, 1))
    assert temporal_detection(truth, found, CLASSES, HALF, ACTIVITYNET).average == 1.0
    assert temporal_detection(truth, found, CLASSES, HALF, CORRECTED).average == 0.0


def test_predictions_elsewhere_are_false_but_for_afsd_which_leaves_them_out_and_says_so():
    truth, found = segments((0, 0, 10, 0)), segments((1, 0, 10, 0, 0.9), (0, 0, 10, 0, 0.8))
    assert temporal_detection(truth, found, CLASSES, HALF).average == 0.5
    figures = temporal_detection(truth, found, CLASSES, HALF, AFSD)
    assert figures.average == 1.0
    assert figures.ignored == {"predictions in videos without an instance": 1}


def test_opentad_counts_an_instance_that_is_listed_twice_once():
    truth = segments((0, 0, 10, 0), (0, 0.0005, 10, 0), (0, 3, 3, 0))
    figures = temporal_detection(truth, segments((0, 0, 10, 0, 1)), CLASSES, HALF, OPENTAD)
    assert figures.average == 1.0
    assert figures.ignored == {"instances that repeat another": 1, "instances without length": 1}


def test_actionformer_takes_an_unknown_class_for_another():
    truth = segments((0, 0, 10, 1))  # the only class, renumbered to 0
    found = segments((0, 50, 60, 0, 0.9), (0, 0, 10, 1, 0.8))
    assert temporal_detection(truth, found, CLASSES, HALF, ACTIONFORMER).average == 0.5
    assert temporal_detection(truth, found, CLASSES, HALF, OPENTAD).average == 1.0


def test_pointtad_adds_to_the_union():
    truth, found = segments((0, 0, 10, 0)), segments((0, 0, 5, 0, 1))
    assert temporal_detection(truth, found, CLASSES, HALF, POINTTAD).average == 0.0


def test_predictions_of_classes_without_an_instance_are_counted_as_ignored():
    figures = temporal_detection(segments((0, 0, 1, 0)), segments((0, 0, 1, 2, 1), (0, 0, 1, 99, 1)), CLASSES, HALF)
    assert figures.ignored == {"predictions of classes without an instance": 2}


def test_near_instances_in_a_row_are_repeats_only_of_kept_ones():
    # by hand: the second repeats the first; the third is near the second alone, which is gone
    truth = segments((0, 0, 10, 0), (0, 0.8, 10, 0), (0, 1.6, 10, 0))
    assert without_duplicates(truth, 1.0).starts.tolist() == [0.0, 1.6]


def test_one_prediction_may_find_several_instances_for_recall():
    truth = segments((0, 0, 10, 0), (0, 1, 11, 0), (1, 0, 10, 0))
    found = segments((0, 0, 11, 0, 0.9), (1, 50, 60, 0, 0.8), (1, 0, 10, 0, 0.7))
    # 1x: both in video 0, none in video 1, where only one prediction is taken; 2x: all
    assert recall_at_multiples(truth, found, (1, 2), HALF).tolist() == [[2 / 3], [1.0]]


def test_predictions_without_scores_are_an_error():
    with pytest.raises(TableError, match="the predictions have no scores; expected one for each"):
        temporal_detection(segments((0, 0, 1, 0)), segments((0, 0, 1, 0)), CLASSES)


def test_an_instance_without_a_class_is_an_error():
    with pytest.raises(TableError, match="an instance has the class 7; expected 0 to 2"):
        temporal_detection(segments((0, 0, 1, 7)), segments((0, 0, 1, 0, 1)), CLASSES)


def test_the_lines_are_those_of_the_official_tool():
    figures = temporal_detection(segments((0, 0, 1, 0)), segments((0, 0, 1, 0, 1)), CLASSES, HALF)
    assert official_lines(figures, 1, 1)[-2:] == [
        "[RESULTS] Performance on ActivityNet detection task.",
        "\tAverage-mAP: 1.0",
    ]


def test_figures_print_as_a_table():
    figures = temporal_detection(segments((0, 0, 1, 0)), segments((0, 0, 1, 0, 1)), CLASSES)
    console = Console(width=80, file=io.StringIO())
    console.print(figures)
    assert "0.95" in console.file.getvalue()


@given(INSTANCES)
def test_perfect_predictions_reach_one(truth):
    found = Segments(truth.videos, truth.starts, truth.ends, truth.labels, np.linspace(1, 0, len(truth)))
    assert temporal_detection(truth, found, CLASSES).average == pytest.approx(1.0)


@given(tasks(), st.randoms(use_true_random=False))
def test_the_order_of_the_lists_does_not_matter(task, random):
    truth, found = task
    order = list(range(len(found)))
    random.shuffle(order)
    ours = temporal_detection(truth, found, CLASSES).average_precision
    np.testing.assert_array_equal(
        ours, temporal_detection(truth, found.take(np.array(order)), CLASSES).average_precision
    )


@given(tasks())
def test_only_the_order_of_the_scores_matters(task):
    truth, found = task
    mapped = Segments(found.videos, found.starts, found.ends, found.labels, np.exp(3 * found.scores) - 7)
    ours = temporal_detection(truth, found, CLASSES).average_precision
    np.testing.assert_array_equal(ours, temporal_detection(truth, mapped, CLASSES).average_precision)


@given(tasks(), st.integers(0, 2))
def test_a_false_positive_below_all_others_changes_nothing(task, label):
    truth, found = task
    more = Segments(
        np.append(found.videos, 3),
        np.append(found.starts, 0),
        np.append(found.ends, 1),
        np.append(found.labels, label),
        np.append(found.scores, 0.0),
    )
    ours = temporal_detection(truth, found, CLASSES).average_precision
    np.testing.assert_array_equal(ours, temporal_detection(truth, more, CLASSES).average_precision)
