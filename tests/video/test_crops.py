"""Crop sizes and places equal the authors' (parity cases) and lie in the frame."""

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tubelet.video import ClipError, crops

CASES = Path(__file__).parents[1] / "parity" / "cases"
SHARED = Path(__file__).parents[2].parent / "shared" / "parity"


@pytest.mark.parametrize("system", ["videomae", "videomaev2"])
def test_multiscale_sizes_and_places_are_the_authors(system):
    case = np.load(CASES / system / "sampling.npz")
    for size, pairs, offsets in zip(
        case["in:frame_sizes"], case["out:multiscale_pairs"], case["out:multiscale_offsets"], strict=True
    ):
        width, height = (int(side) for side in size)
        np.testing.assert_array_equal(crops.multiscale_pairs(width, height), pairs)
        np.testing.assert_array_equal(crops.multiscale_offsets(width, height, *pairs[3]), offsets)


def test_quarter_crops_are_tam_s():
    path = SHARED / "tam" / "test_protocol.npz"
    if not path.exists():
        pytest.skip("parity case tam/test_protocol is not beside the checkout")
    expected = np.load(path)["out:full_res_crop_offsets"]
    for (width, height), offsets in zip(
        [(340, 256), (341, 256), (455, 256), (256, 256), (256, 300), (257, 259)], expected, strict=True
    ):
        np.testing.assert_array_equal(crops.quarter_crops(width, height, 256), offsets)


def test_the_three_papers_differ_on_an_odd_width():
    # long side 301, crop 224: 77 free pixels (facts: videomae, video_swin, slowfast)
    assert crops.truncated_crops(301, 224, 224)[:, 0].tolist() == [0, 38, 77]
    assert crops.stepped_crops(301, 224, 224)[:, 0].tolist() == [0, 76, 38]
    assert crops.ceil_crops(301, 224, 224)[:, 0].tolist() == [0, 39, 77]


def test_crops_of_a_tall_frame_go_from_top_to_bottom():
    assert crops.truncated_crops(224, 301, 224).tolist() == [[0, 0], [0, 38], [0, 77]]


@given(width=st.integers(224, 900), height=st.integers(224, 900), crop=st.integers(16, 224))
def test_crops_lie_in_the_frame(width, height, crop):
    for function in (crops.truncated_crops, crops.stepped_crops, crops.ceil_crops, crops.quarter_crops):
        offsets = function(width, height, crop)
        assert (offsets >= 0).all()
        assert (offsets + crop <= (width, height)).all()


@given(width=st.integers(20, 900), height=st.integers(20, 900), seed=st.integers(0, 99))
def test_a_drawn_multiscale_crop_lies_in_the_frame(width, height, seed):
    x, y, crop_width, crop_height = crops.multiscale_crop_train(width, height, np.random.default_rng(seed))
    assert min(x, y) >= 0
    assert min(crop_width, crop_height) >= 1
    assert x + crop_width <= width
    assert y + crop_height <= height


def test_a_crop_larger_than_the_frame_is_one_clear_error():
    with pytest.raises(ClipError, match="224x224 does not fit in a frame of 320x200"):
        crops.ceil_crops(320, 200, 224)
