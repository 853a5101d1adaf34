"""Frames and seconds, pixels and fractions: there and back gives the very numbers of the file."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tubelet.annotations.units import frame_to_seconds, seconds_to_frame, to_fractions, to_pixels

RATES = st.sampled_from(
    [12.0, 15.0, 23.976023976023978, 24.0, 25.0, 29.97002997002997, 30.0, 47.952, 50.0, 59.94, 90.0]
)


def test_the_first_frame_is_at_zero_seconds():
    assert frame_to_seconds(1, 25.0, first=1) == 0.0
    assert frame_to_seconds(0, 25.0) == 0.0
    assert frame_to_seconds(26, 25.0, first=1) == 1.0


@given(st.lists(st.integers(0, 10**8), min_size=1), RATES, st.sampled_from([0, 1]))
def test_frames_come_back(frames, rate, first):
    back = seconds_to_frame(frame_to_seconds(frames, rate, first=first), rate, first=first)
    assert back.tolist() == frames


def test_boxes_of_unsigned_integers_are_widened_before_they_are_divided():
    boxes = np.array([[0, 0, 255, 240]], np.uint8)
    assert to_fractions(boxes, 320, 240).tolist() == [[0.0, 0.0, 255 / 320, 1.0]]


@given(st.lists(st.integers(0, 4096), min_size=4, max_size=4), st.integers(1, 4096), st.integers(1, 4096))
def test_whole_pixels_come_back(box, width, height):
    assert np.rint(to_pixels(to_fractions(box, width, height), width, height)).tolist() == box


@given(st.lists(st.floats(0, 4096, width=32), min_size=4, max_size=4), st.integers(1, 4096), st.integers(1, 4096))
def test_float32_pixels_come_back_to_the_last_bit(box, width, height):
    pixels = np.array(box, np.float32)
    back = to_pixels(to_fractions(pixels, width, height), width, height).astype(np.float32)
    # Numbers below the smallest normal float32 have fewer bits; no file has such pixels.
    assert np.array_equal(back[pixels >= 1e-30], pixels[pixels >= 1e-30])
