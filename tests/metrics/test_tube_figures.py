"""Video-mAP of ACT, MultiSports and YOWO, tube overlap and tube errors, by hand."""

import io

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from rich.console import Console

from tubelet.metrics.act import act_video_map, suppress_tubes
from tubelet.metrics.box_matching import Pairs
from tubelet.metrics.multisports import (
    LAST_FRAME_COUNTED,
    multisports_error_shares,
    multisports_video_map,
)
from tubelet.metrics.tables import TableError, Tubes
from tubelet.metrics.tube_errors import tube_errors
from tubelet.metrics.tube_overlap import ACT, MULTISPORTS, YOWO, tube_overlaps
from tubelet.metrics.yowo import yowo_video_map

BOX = (10.0, 10.0, 50.0, 50.0)
AWAY = (200.0, 200.0, 250.0, 250.0)
ONE = Pairs(np.array([0]), np.array([0]))
CLASSES = ("serve", "block")


def tubes(*rows):
    """Rows of video, label, first frame, last frame, box and, for predictions, score."""
    lengths = [row[3] - row[2] + 1 for row in rows]
    frames = np.concatenate([np.arange(row[2], row[3] + 1) for row in rows])
    boxes = np.repeat(np.array([row[4] for row in rows]), lengths, axis=0)
    scores = np.array([row[5] for row in rows]) if len(rows[0]) == 6 else None
    return Tubes([row[0] for row in rows], [row[1] for row in rows], lengths, frames, boxes, scores)


def overlap(first, second, convention):
    return float(tube_overlaps(first, second, ONE, convention).space_and_time[0])


def test_overlap_in_time_is_common_extent_by_joint_extent():
    # frames 1..10 and 6..15: 5 of 15, without the last frame 4 of 14
    first, second = tubes((0, 0, 1, 10, BOX)), tubes((0, 0, 6, 15, BOX))
    assert overlap(first, second, ACT) == pytest.approx(5 / 15)
    assert overlap(first, second, MULTISPORTS) == pytest.approx(4 / 14)


def test_tubes_that_share_one_frame_overlap_only_for_act():
    first, second = tubes((0, 0, 1, 10, BOX)), tubes((0, 0, 10, 19, BOX))
    assert overlap(first, second, ACT) == pytest.approx(1 / 19)
    assert overlap(first, second, YOWO) == 0
    assert overlap(first, second, MULTISPORTS) == 0


def test_equal_tubes_of_one_frame_have_no_overlap_in_multisports():
    one = tubes((0, 0, 5, 5, BOX))
    assert np.isnan(overlap(one, one, MULTISPORTS))
    assert overlap(one, one, ACT) == 1


def test_tubes_with_gaps_are_compared_on_the_frames_that_both_have():
    # frames 1, 2, 5 against 1..5: boxes equal on all three common frames
    gaps = Tubes([0], [0], [3], [1, 2, 5], np.tile(BOX, (3, 1)))
    whole = tubes((0, 0, 1, 5, BOX))
    assert overlap(gaps, whole, ACT) == 1
    assert overlap(whole, gaps, ACT) == 1


FRAMES = st.sets(st.integers(0, 12), min_size=1).map(sorted)


@given(FRAMES, FRAMES)
def test_overlap_in_space_is_the_mean_over_the_common_frames_wherever_the_gaps_are(frames, others):
    # a box 10 wide that moves by a pixel a frame, and one that stands still: each frame has another overlap
    moving = Tubes([0], [0], [len(frames)], frames, [(frame, 0, frame + 9, 9) for frame in frames])
    still = Tubes([0], [0], [len(others)], others, np.tile((0, 0, 9, 9), (len(others), 1)))
    common = set(frames) & set(others)
    expected = np.mean([max(10 - frame, 0) / (20 - max(10 - frame, 0)) for frame in common]) if common else 0
    assert tube_overlaps(moving, still, ONE, ACT).space[0] == pytest.approx(expected)
    assert tube_overlaps(still, moving, ONE, ACT).space[0] == pytest.approx(expected)


def test_of_two_equal_tubes_the_one_listed_last_is_kept():
    # the hand-made case of ACT: scores 0.9, 0.9 keep the second
    same = tubes((0, 0, 1, 10, BOX, 0.9), (0, 0, 1, 10, BOX, 0.9))
    assert suppress_tubes(same, 0.3, ACT).tolist() == [1]


def test_multisports_gives_no_second_choice_and_act_does():
    # both tubes overlap the first instance most; the second instance overlaps with 0.5 of the extent
    truth = tubes((0, 0, 1, 20, BOX), (0, 0, 11, 20, BOX))
    found = tubes((0, 0, 1, 20, BOX, 0.9), (0, 0, 1, 20, (11.0, 10.0, 50.0, 50.0), 0.8))
    assert multisports_video_map(found, truth, CLASSES, [0.4]).average == 0.5
    assert act_video_map(found, truth, CLASSES[:1], [0.4], suppress_above=1.0).average == 1.0


def test_a_tube_of_one_frame_is_found_once_the_last_frame_counts():
    truth, found = tubes((0, 0, 5, 5, BOX)), tubes((0, 0, 5, 5, BOX, 0.9))
    assert multisports_video_map(found, truth, CLASSES).average == 0.0
    assert multisports_video_map(found, truth, CLASSES, convention=LAST_FRAME_COUNTED).average == 1.0


def test_multisports_never_counts_its_excluded_classes():
    truth = tubes((0, 0, 1, 9, BOX), (0, 1, 1, 9, BOX))
    found = tubes((0, 0, 1, 9, BOX, 0.9), (0, 1, 1, 9, AWAY, 0.9))
    figures = multisports_video_map(found, truth, ("football shoot", "basketball save"))
    assert figures.average == 1.0
    assert figures.ignored == {"predictions of classes that never count": 1}


def test_a_perfect_class_has_a_little_less_than_one_for_yowo():
    # 3 instances: 3 / 3.00001
    truth = tubes(*((video, 0, 1, 9, BOX) for video in range(3)))
    found = tubes(*((video, 0, 1, 9, BOX, 0.9 - video / 10) for video in range(3)))
    assert yowo_video_map(found, truth, CLASSES, [0.5]).average == pytest.approx(3 / 3.00001, abs=1e-7)
    assert yowo_video_map(found, truth, CLASSES, [0.5], exact=True).average == 1.0


def test_act_counts_classes_without_predictions_as_zero():
    truth, found = tubes((0, 0, 1, 9, BOX)), tubes((0, 0, 1, 9, BOX, 0.9))
    assert act_video_map(found, truth, CLASSES, [0.5]).average == 0.5


SLOW = (10.0, 10.0, 50.0, 30.0)  # half of the box, so wrong in space
WRONG = {
    "repeat": (0, 0, 1, 20, BOX, 0.1),
    "class": (0, 1, 1, 20, BOX, 0.1),
    "location": (0, 0, 1, 20, SLOW, 0.1),
    "time": (0, 0, 1, 8, BOX, 0.1),
    "class and time": (0, 1, 1, 8, BOX, 0.1),
    "class and location": (0, 1, 1, 20, SLOW, 0.1),
    "time and location": (0, 0, 1, 8, SLOW, 0.1),
    "class, time and location": (0, 1, 1, 8, SLOW, 0.1),
    "extra": (0, 0, 1, 20, AWAY, 0.1),
}


@pytest.mark.parametrize("kind", WRONG)
def test_each_wrong_tube_has_its_kind_of_error(kind):
    # at 0.6 space and time each need an overlap of 0.77
    truth = tubes((0, 0, 1, 20, BOX), (1, 1, 1, 20, BOX))
    errors = tube_errors(tubes((0, 0, 1, 20, BOX, 0.9), WRONG[kind]), truth, CLASSES, 0.6)
    assert {name: count for name, count in errors.counts.items() if count} == {kind: 1, "missed": 1}


def test_an_error_costs_what_its_absence_would_bring():
    # wrong before right: precision 1/2 instead of 1
    truth = tubes((0, 0, 1, 20, BOX))
    errors = tube_errors(tubes((0, 0, 1, 20, AWAY, 0.9), (0, 0, 1, 20, BOX, 0.5)), truth, CLASSES)
    assert (errors.mean_average_precision, errors.right) == (0.5, 1)
    assert errors.costs["extra"] == 0.5
    assert sum(errors.costs.values()) == 0.5


def test_missed_instances_cost_what_is_left_to_reach():
    truth = tubes((0, 0, 1, 20, BOX), (1, 0, 1, 20, BOX))
    errors = tube_errors(tubes((0, 0, 1, 20, BOX, 0.9)), truth, CLASSES)
    assert (errors.mean_average_precision, errors.costs["missed"]) == (0.5, 0.5)


def test_errors_print_as_a_table():
    truth = tubes((0, 0, 1, 20, BOX))
    console = Console(width=80, file=io.StringIO())
    console.print(tube_errors(tubes((0, 0, 1, 20, AWAY, 0.9)), truth, CLASSES))
    assert "time and location" in console.file.getvalue()


def test_the_official_shares_make_up_the_whole():
    # one hit of two instances, then a repeat: half is found, half missed
    truth = tubes((0, 0, 1, 20, BOX), (1, 0, 1, 20, BOX))
    found = tubes((0, 0, 1, 20, BOX, 0.9), (0, 0, 1, 20, BOX, 0.8))
    shares = multisports_error_shares(found, truth, CLASSES, only_with_instances=True)
    assert (shares.average_precision, shares.errors["missed"]) == (0.5, 0.5)
    assert shares.average_precision + sum(shares.errors.values()) == pytest.approx(1.0)


def test_the_official_shares_refuse_predictions_of_a_class_without_instances():
    with pytest.raises(TableError, match="'block' has 1 predictions"):
        multisports_error_shares(tubes((0, 1, 1, 9, BOX, 0.9)), tubes((0, 0, 1, 9, BOX)), CLASSES)


@settings(max_examples=25)
@given(
    st.lists(
        st.tuples(st.integers(0, 2), st.integers(0, 1), st.integers(1, 9), st.integers(2, 9)), min_size=1, max_size=6
    )
)
def test_predicting_the_instances_scores_one(rows):
    rows = list({(video, label): (start, start + length) for video, label, start, length in rows}.items())
    truth = tubes(*((video, label, start, end, BOX) for (video, label), (start, end) in rows))
    found = Tubes(
        truth.videos, truth.labels, truth.lengths, truth.frames, truth.boxes, np.linspace(0.2, 0.9, len(truth))
    )
    assert multisports_video_map(found, truth, CLASSES, [0.5]).average == 1.0
    assert yowo_video_map(found, truth, CLASSES, [0.5], exact=True).average == 1.0
