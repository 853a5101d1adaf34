import numpy as np
import pytest
from PIL import ImageColor

from tubelet.annotations import Box, Label, Segment, Tube, Video
from tubelet.video import VideoReader
from tubelet.viewer import annotate_video, draw, draw_boxes, draw_labels
from tubelet.viewer.drawing import boxes_at, labels_at, mentioned_labels
from tubelet.viewer.palette import PALETTE

FRAME = np.full((200, 300, 3), 90, np.uint8)
BLUE = ImageColor.getrgb(PALETTE[0][1])


def has_color(pixels, color, tolerance=12):
    return (np.abs(pixels.astype(int) - color).max(axis=-1) <= tolerance).any()


def test_a_box_is_drawn_on_its_edges_and_not_inside():
    drawn = draw_boxes(FRAME, [Box(0.0, (0.2, 0.4, 0.6, 0.8), "run")])
    left, top, right, bottom = 60, 80, 179, 159  # xyxy times (width - 1, height - 1), rounded
    for edge in (drawn[top, left + 5 : right - 5], drawn[bottom, left : right + 1], drawn[top:bottom, left]):
        np.testing.assert_array_equal(edge, np.broadcast_to(BLUE, edge.shape))
    np.testing.assert_array_equal(drawn[top + 5 : bottom - 5, left + 5 : right - 5], 90)


def test_the_truth_is_dashed():
    box = Box(0.0, (0.2, 0.4, 0.6, 0.8), "run")
    solid, dashed = (draw_boxes(FRAME, [box], truth=truth)[159, 60:180] for truth in (False, True))
    drawn = [(np.abs(edge.astype(int) - BLUE).max(axis=-1) == 0).mean() for edge in (solid, dashed)]
    assert drawn[0] == 1.0
    assert 0.3 < drawn[1] < 0.8


@pytest.mark.parametrize(
    "xyxy", [(0.0, 0.0, 1.0, 1.0), (-0.2, -0.1, 1.3, 1.2), (0.9, 0.9, 1.0, 1.0), (0.5, 0.5, 0.5, 0.5)]
)
def test_boxes_at_and_beyond_the_border_are_drawn_within_the_frame(xyxy):
    drawn = draw_boxes(FRAME, [Box(0.0, xyxy, "a label that is far too long for the frame that it is drawn on", 0.5)])
    assert drawn.shape == FRAME.shape
    assert (drawn != FRAME).any()


def test_labels_stand_in_the_top_left_corner_with_the_colour_of_their_label():
    drawn = draw_labels(FRAME, [Label("run", 0.9), Label("jump", 0.1)])
    assert has_color(drawn[:60, :150], BLUE)
    assert has_color(drawn[:60, :150], ImageColor.getrgb(PALETTE[1][1]))
    np.testing.assert_array_equal(drawn[100:], 90)
    np.testing.assert_array_equal(FRAME, 90)  # the given frame is left as it was


def test_labels_that_find_no_room_are_left_out():
    small = np.full((40, 300, 3), 90, np.uint8)
    np.testing.assert_array_equal(draw_labels(small, [Label(str(k)) for k in range(30)]).shape, small.shape)


def test_a_moment_has_the_labels_of_the_segments_that_cover_it():
    video = Video("v", segments=(Segment(0, 2, "run", 0.5), Segment(1, 3, "jump", 0.9)))
    assert [label.name for label in labels_at(video, 0.5)] == ["run"]
    assert [label.name for label in labels_at(video, 1.5)] == ["jump", "run"]
    assert labels_at(video, 3.0) == []
    assert labels_at(Video("v", labels=(Label("run", 0.8), Label("walk", 0.1))), 9.0) == [Label("run", 0.8)]


def test_a_tube_is_interpolated_between_its_times():
    tube = Tube(np.array([1.0, 2.0]), np.array([[0.0, 0.0, 0.2, 0.2], [0.4, 0.2, 0.6, 0.4]]), "run", actor="a")
    (box,) = boxes_at(Video("v", tubes=(tube,)), 1.25)
    assert box.xyxy == pytest.approx((0.1, 0.05, 0.3, 0.25))
    assert boxes_at(Video("v", tubes=(tube,)), 2.1) == []


def test_single_boxes_stay_for_half_a_second_around_their_own_moment():
    boxes = (Box(1.0, (0, 0, 1, 1), "a"), Box(2.0, (0, 0, 1, 1), "b"), Box(2.0, (0, 0, 1, 1), "c"))
    video = Video("v", boxes=boxes)
    assert [box.label for box in boxes_at(video, 1.4)] == ["a"]
    assert [box.label for box in boxes_at(video, 1.7)] == ["b", "c"]
    assert boxes_at(video, 3.0) == []


def test_labels_that_fill_most_time_come_first():
    video = Video("v", labels=(Label("seldom"),), segments=(Segment(0, 1, "short"), Segment(1, 9, "long")))
    assert mentioned_labels(None, video) == ["long", "short", "seldom"]


def test_drawing_nothing_leaves_the_frame_as_it_is():
    np.testing.assert_array_equal(draw(FRAME, 0.0, Video("v")), FRAME)


def test_an_annotated_video_has_the_frames_of_its_source_and_a_strip_below(write_video, tmp_path):
    source = write_video(frames=30, rate=20.0, size=(96, 128))
    found = Video(str(source), segments=(Segment(0.0, 0.75, "run", 0.9), Segment(0.75, 1.5, "jump", 0.7)))
    target = annotate_video(source, tmp_path / "drawn.mp4", found, truth=found)
    with VideoReader(target) as reader:
        assert len(reader) == 30
        assert reader.metadata.width == 128
        assert reader.metadata.height > 96 + 16
        early, late = reader.frames([2, 25])
    assert has_color(early[100:], BLUE, 40)
    assert abs(int(late[60, 100].mean()) - (10 + 5 * 25)) < 6  # the picture itself, below the label
    assert sorted(path.name for path in tmp_path.iterdir()) == ["drawn.mp4", "video.mp4"]
