"""AVA's frame-mAP by hand and by its properties."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tubelet.metrics.ava import MMACTION2, OFFICIAL, SLOWFAST, ava_frame_map, group_means
from tubelet.metrics.tables import Boxes, TableError

BOX = [0.1, 0.1, 0.5, 0.9]
CLASSES = ("stand", "sit")


def table(*rows):
    """Rows of frame, label, box and, for predictions, score."""
    scores = np.array([row[3] for row in rows]) if rows and len(rows[0]) == 4 else None
    return Boxes([r[0] for r in rows], np.array([r[2] for r in rows], float), [r[1] for r in rows], scores)


@st.composite
def scenes(draw):
    """Instances on a few frames, and predictions with different scores."""
    cell = st.tuples(st.integers(0, 3), st.integers(0, 1), st.integers(0, 3))
    boxes = np.array([[0, 0, 0.4, 0.4], [0.1, 0, 0.5, 0.4], [0.5, 0.5, 1, 1], [0, 0, 1, 1]])
    truth = draw(st.lists(cell, min_size=1, max_size=8))
    found = draw(st.lists(cell, min_size=1, max_size=12))
    order = draw(st.permutations(range(len(found))))
    scores = (np.array(order) + 1) / (len(found) + 1)
    columns = [np.array(one).T for one in (found, truth)]
    return (
        Boxes(columns[0][0], boxes[columns[0][2]], columns[0][1], scores),
        Boxes(columns[1][0], boxes[columns[1][2]], columns[1][1]),
    )


def test_a_second_box_on_the_same_person_is_wrong():
    truth = table((0, 0, BOX))
    found = table((0, 0, BOX, 0.9), (0, 0, BOX, 0.8))
    figures = ava_frame_map(found, truth, CLASSES)
    assert figures.ranked[0].hits.tolist() == [[True, False]]
    assert figures.average == 1.0


def test_classes_without_instances_are_left_out_of_the_mean():
    figures = ava_frame_map(table((0, 0, BOX, 0.9), (0, 1, BOX, 0.9)), table((0, 0, BOX)), CLASSES)
    assert figures.average == 1.0
    assert np.isnan(figures.average_precision[0, 1])


def test_the_official_tool_looks_at_fifty_rows_a_frame():
    truth = table((0, 0, BOX))
    found = table(*((0, 1, BOX, 0.9) for _ in range(50)), (0, 0, BOX, 0.1))
    assert ava_frame_map(found, truth, CLASSES).average == 0.0
    assert ava_frame_map(found, truth, CLASSES).ignored == {"predictions after the best 50 of their frame": 1}
    assert ava_frame_map(found, truth, CLASSES, SLOWFAST).average == 1.0


def test_boxes_on_unknown_frames_are_ignored_officially_and_wrong_for_slowfast():
    truth = table((0, 0, BOX))
    found = table((1, 0, BOX, 0.9), (0, 0, BOX, 0.8))
    assert ava_frame_map(found, truth, CLASSES).average == 1.0
    assert ava_frame_map(found, truth, CLASSES, SLOWFAST).average == 0.5


def test_a_frame_of_other_classes_is_known_to_the_official_tool_but_not_to_mmaction2():
    truth = table((0, 0, BOX), (1, -1, BOX))
    found = table((1, 0, BOX, 0.9), (0, 0, BOX, 0.8))
    assert ava_frame_map(found, truth, CLASSES).average == 0.5
    assert ava_frame_map(found, truth, CLASSES, MMACTION2).average == 1.0


def test_in_slowfast_the_row_listed_first_takes_the_person():
    # the better row comes second and finds the person taken: precision 1/2 at the only hit
    truth, found = table((0, 0, BOX)), table((0, 0, BOX, 0.5), (0, 0, BOX, 0.9))
    assert ava_frame_map(found, truth, CLASSES, SLOWFAST).average == 0.5
    assert ava_frame_map(found, truth, CLASSES, OFFICIAL).average == 1.0


def test_excluded_frames_are_left_out_on_both_sides():
    truth, found = table((0, 0, BOX), (1, 0, BOX)), table((0, 0, BOX, 0.5), (1, 1, BOX, 0.5))
    figures = ava_frame_map(found, truth, CLASSES, excluded_frames=[1])
    assert figures.average == 1.0
    assert figures.ignored == {"predictions on excluded frames": 1}


def test_a_box_without_area_is_ignored_officially_and_wrong_for_mmaction2():
    truth, found = table((0, 0, BOX)), table((0, 0, [0.2, 0.2, 0.2, 0.8], 0.9), (0, 0, BOX, 0.8))
    assert ava_frame_map(found, truth, CLASSES).average == 1.0
    assert ava_frame_map(found, truth, CLASSES, MMACTION2).average == 0.5


def test_mmaction2_refuses_boxes_that_end_before_they_start():
    with pytest.raises(TableError, match="ends before it starts"):
        ava_frame_map(table((0, 0, [0.5, 0.1, 0.1, 0.9], 0.9)), table((0, 0, BOX)), CLASSES, MMACTION2)


def test_group_means_go_by_the_numbers_of_the_classes():
    truth = table((0, 0, BOX), (0, 1, BOX))
    figures = ava_frame_map(table((0, 0, BOX, 0.9), (1, 1, BOX, 0.9)), truth, CLASSES)
    means = group_means(figures, [12, 70])
    assert (means["person_movement"], means["person_interaction"]) == (1.0, 0.0)
    assert np.isnan(means["object_manipulation"])


@settings(max_examples=25)
@given(scenes(), st.randoms())
def test_the_order_of_the_rows_does_not_matter(scene, random):
    found, truth = scene
    mixed = random.sample(range(len(found)), len(found))
    figures = ava_frame_map(found, truth, CLASSES)
    assert ava_frame_map(found.take(np.array(mixed)), truth, CLASSES).average == figures.average


@settings(max_examples=25)
@given(scenes())
def test_scores_count_only_by_their_order(scene):
    found, truth = scene
    other = Boxes(found.frames, found.boxes, found.labels, np.exp(found.scores))
    assert ava_frame_map(other, truth, CLASSES).average == ava_frame_map(found, truth, CLASSES).average


@settings(max_examples=25)
@given(scenes())
def test_finding_everything_exactly_scores_one(scene):
    _, truth = scene
    distinct = np.unique(np.column_stack([truth.frames, truth.labels, truth.boxes]), axis=0)
    truth = Boxes(distinct[:, 0], distinct[:, 2:], distinct[:, 1])
    found = Boxes(truth.frames, truth.boxes, truth.labels, np.linspace(0.1, 0.9, len(truth)))
    assert ava_frame_map(found, truth, CLASSES).average == 1.0


@settings(max_examples=25)
@given(scenes(), st.integers(0, 3), st.integers(0, 1))
def test_a_wrong_box_below_all_others_never_helps(scene, frame, label):
    found, truth = scene
    wrong = np.array([[0.9, 0.0, 0.95, 0.05]])
    more = Boxes(
        np.append(found.frames, frame),
        np.concatenate([found.boxes, wrong]),
        np.append(found.labels, label),
        np.append(found.scores, 0.0),
    )
    assert ava_frame_map(more, truth, CLASSES).average <= ava_frame_map(found, truth, CLASSES).average
