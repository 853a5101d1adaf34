import numpy as np
import pytest

from tubelet.metrics.tables import Boxes, Segments, TableError, Tubes


def test_a_score_that_is_no_number_names_the_row():
    with pytest.raises(TableError, match="row 0 has the scores nan; expected a finite number"):
        Boxes([0], [[0, 0, 1, 1]], [0], [float("nan")])


def test_columns_of_different_length_are_an_error():
    with pytest.raises(TableError, match=r"column starts has the shape \(1,\); expected \(2,\)"):
        Segments([0, 0], [1.0], [2.0, 2.0], [0, 0])


def test_tubes_are_taken_with_their_boxes():
    boxes = np.arange(24).reshape(6, 4)
    tubes = Tubes([0, 1, 2], [5, 6, 7], [1, 3, 2], [4, 1, 2, 3, 8, 9], boxes, [0.1, 0.2, 0.3])
    chosen = tubes.take(np.array([2, 0]))
    assert chosen.labels.tolist() == [7, 5]
    assert chosen.frames.tolist() == [8, 9, 4]
    assert chosen.boxes.tolist() == boxes[[4, 5, 0]].tolist()


def test_frames_ascend_within_a_tube_but_not_from_one_to_the_next():
    assert len(Tubes([0, 0], [0, 0], [2, 1], [3, 4, 1], np.zeros((3, 4)))) == 2
    with pytest.raises(TableError, match="expected frames that ascend in a tube"):
        Tubes([0], [0], [2], [4, 4], np.zeros((2, 4)))
