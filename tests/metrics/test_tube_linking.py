"""Linking of tubelets and of boxes, by hand."""

import numpy as np
import pytest

from tubelet.metrics.act import boxes_of_tubelets
from tubelet.metrics.tables import Boxes
from tubelet.metrics.tube_linking import Linking, Tubelets, link_tubelets, mmaction2_tubes
from tubelet.metrics.viterbi_linking import link_every_frame

BOX = np.array([10.0, 10.0, 49.0, 49.0])
AWAY = BOX + 100


def tubelets(*rows, num_frames=2):
    """Rows of start frame, box and score, in one video and class."""
    boxes = np.repeat(np.array([row[1] for row in rows])[:, None], num_frames, axis=1)
    zeros = np.zeros(len(rows), np.int64)
    return Tubelets(zeros, zeros, np.array([row[0] for row in rows]), boxes, np.array([row[2] for row in rows]))


def test_tubelets_that_follow_each_other_become_one_tube_of_their_mean():
    # starts 1..3 of two frames: frames 1..4, the middle boxes are means of two tubelets
    linked = link_tubelets(tubelets((1, BOX, 0.2), (2, BOX + 2, 0.4), (3, BOX, 0.6)), Linking(least_length=1))
    assert linked.tubes.frames.tolist() == [1, 2, 3, 4]
    assert linked.tubes.boxes[:, 0].tolist() == [10, 11, 11, 10]
    assert linked.tubes.scores.tolist() == [pytest.approx(0.4)]
    assert linked.box_scores.tolist() == pytest.approx([0.2, 0.3, 0.5, 0.6])


def test_a_tube_waits_for_the_frames_of_its_last_tubelet():
    # start 3 is as far from 1 as a tubelet is long: the boxes that meet are compared; start 4 is too far
    link = Linking(least_length=1)
    assert len(link_tubelets(tubelets((1, BOX, 0.5), (3, BOX, 0.5)), link).tubes) == 1
    assert len(link_tubelets(tubelets((1, BOX, 0.5), (4, BOX, 0.5)), link).tubes) == 2


def test_the_best_tube_chooses_first_and_takes_the_best_score():
    # two tubes want the same next tubelet; the one with 0.9 gets it, the other ends
    rows = tubelets((1, BOX, 0.5), (1, BOX + 8, 0.9), (2, BOX + 4, 0.7))
    linked = link_tubelets(rows, Linking(least_length=1)).tubes
    assert sorted(linked.lengths.tolist()) == [2, 3]
    assert linked.scores[linked.lengths == 3].tolist() == [pytest.approx(0.8)]


def test_short_tubes_are_dropped():
    assert len(link_tubelets(tubelets(*((start, BOX, 0.5) for start in range(1, 14)))).tubes) == 0
    assert len(link_tubelets(tubelets(*((start, BOX, 0.5) for start in range(1, 15)))).tubes) == 1


def test_a_suppressed_tubelet_loses_the_sum_of_its_overlaps():
    # twice the same tubelet of two frames: overlap 1 + 1, so the second becomes 0.8 * (1 - 2)
    linked = link_tubelets(tubelets((1, BOX, 0.9), (1, BOX, 0.8)), Linking(least_length=1, least_score=-1))
    assert sorted(linked.tubes.scores.tolist()) == pytest.approx([-0.8, 0.9])


def test_boxes_of_a_frame_that_overlap_a_better_one_are_lowered():
    # the second tubelet's first frame meets the first tubelet's second: overlap 1, score 0
    boxes = boxes_of_tubelets(tubelets((1, BOX, 0.9), (2, BOX, 0.8)), np.array([0]))
    assert boxes.frames.tolist() == [1, 2, 2, 3]
    assert boxes.scores.tolist() == [0.9, 0.9, 0.0, 0.8]


def test_mmaction2_gives_all_boxes_the_last_score_unless_told_not_to():
    frames = np.arange(15)
    scores = np.linspace(0.1, 0.8, 15)
    boxes = Boxes(frames, np.tile(BOX, (15, 1)), np.zeros(15), scores)
    videos = np.zeros(15, np.int64)
    assert mmaction2_tubes(boxes, videos).tubes.scores.tolist() == pytest.approx([0.8])
    assert mmaction2_tubes(boxes, videos, own_scores=True).tubes.scores.tolist() == pytest.approx([scores.mean()])


def test_the_best_path_prefers_overlap_to_a_slightly_better_score():
    # frame 2: staying gains 1 in overlap, leaving 0.1 + 0.05 * 0.9 in scores; what is left makes the second tube
    boxes = Boxes([1, 1, 2, 2], np.stack([BOX, AWAY, BOX, AWAY]), np.zeros(4), [0.9, 0.1, 0.5, 0.6])
    tubes = link_every_frame(boxes, np.array([1]), np.array([2]))
    assert tubes.scores.tolist() == pytest.approx([0.7, 0.35])
    assert tubes.boxes[0].tolist() == BOX.tolist()


def test_empty_frames_take_over_the_boxes_of_the_nearest():
    boxes = Boxes([1, 4], np.stack([BOX, AWAY]), np.zeros(2), [0.9, 0.5])
    tubes = link_every_frame(boxes, np.array([1]), np.array([5]))
    assert tubes.frames.tolist() == [1, 2, 3, 4, 5]
    assert tubes.boxes[:, 0].tolist() == [10, 10, 110, 110, 110]


def test_there_are_as_many_tubes_as_the_emptiest_frame_has_boxes_but_at_most_three():
    frames = np.repeat([1, 2], 5)
    boxes = Boxes(frames, np.tile(BOX, (10, 1)), np.zeros(10), np.linspace(0.1, 0.9, 10))
    assert len(link_every_frame(boxes, np.array([1]), np.array([2]))) == 3
    assert len(link_every_frame(boxes.take(np.array([0, 1, 5])), np.array([1]), np.array([2]))) == 1
