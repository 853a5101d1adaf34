"""Transforms against the authors' recorded views, and what they promise beside them."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from parity_case import ParityCase
from torchvision.transforms import v2

from tubelet.datasets.transforms import (
    IMAGENET_MEAN,
    IMAGENET_STD,
    EvaluationTransform,
    TrainTransform,
    random_crop_box,
    random_erasing_box,
    resize_short_side,
    squashed_clip,
)
from tubelet.errors import TubeletError
from tubelet.video import sampling

PREPROCESS = ParityCase("videomae", "preprocess_test")
PLAIN = {"rand_augment": None, "flip_probability": 0.0, "erasing_probability": 0.0, "mean": (0,) * 3, "std": (1,) * 3}
ONE_CLIP = np.arange(4)[None]


@pytest.fixture
def frames():
    return np.random.default_rng(0).integers(0, 256, (4, 30, 40, 3), dtype=np.uint8)


def test_test_views_are_the_authors():
    config = PREPROCESS.description["config"]
    frames = PREPROCESS.input("frames")
    clips = sampling.dense_clips_test(len(frames), config["clip"], config["stride"], config["test_segments"])
    views = EvaluationTransform(config["short_side"], config["test_crops"])(frames, clips)
    assert PREPROCESS.relative_error("test_views", views) < PREPROCESS.description["tolerance"]


def test_the_validation_view_is_the_authors():
    config = PREPROCESS.description["config"]
    clip = EvaluationTransform(config["short_side"])(PREPROCESS.input("frames")[: config["clip"]])[0]
    assert PREPROCESS.relative_error("val_clip", clip) < PREPROCESS.description["tolerance"]


def test_the_squashed_clip_is_what_the_published_features_were_made_from():
    case = ParityCase("videomaev2", "tad_features")
    clip = squashed_clip(case.input("frames"), case.description["config"]["crop"])
    assert case.relative_error("video", clip[None]) < 1e-5


def test_frames_that_fit_are_not_resized(frames):
    assert resize_short_side(frames, 30) is frames


@pytest.mark.parametrize(("height", "width", "expected"), [(30, 40, (21, 28)), (50, 31, (33, 21)), (31, 31, (21, 21))])
def test_the_long_side_is_truncated(height, width, expected):
    # 21 * 50 / 31 = 33.87
    assert resize_short_side(np.zeros((2, height, width, 3), np.uint8), 21).shape == (2, *expected, 3)


def test_three_crops_of_every_clip_lie_side_by_side_along_the_long_side():
    columns = np.broadcast_to(np.arange(40, dtype=np.uint8)[:, None], (2, 30, 40, 3))
    views = EvaluationTransform(30, 3, mean=(0,) * 3, std=(1,) * 3)(columns, np.array([[0, 1], [1, 1]])) * 255
    assert views.shape == (6, 3, 2, 30, 30)
    assert views[:, 0, 0, 0, 0].round().tolist() == [0, 5, 10, 0, 5, 10]
    rows = EvaluationTransform(30, 3, mean=(0,) * 3, std=(1,) * 3)(columns.swapaxes(1, 2)) * 255
    assert rows[:, 0, 0, 0, 0].round().tolist() == [0, 5, 10]


def test_evaluation_normalises_with_the_given_numbers(frames):
    view = EvaluationTransform(30)(frames)[0]
    pixel = frames[2, 11, 5 + 7]  # the centre crop of 30 of 40 columns starts at 5
    np.testing.assert_allclose(view[:, 2, 11, 7], (pixel / 255 - IMAGENET_MEAN) / IMAGENET_STD, rtol=1e-5)


@pytest.mark.parametrize("wrong", [{"num_crops": 2}, {"short_side": 100}])
def test_evaluation_refuses_views_that_it_cannot_make(wrong):
    with pytest.raises(TubeletError, match="expected"):
        EvaluationTransform(224, **wrong)


@settings(deadline=None)
@given(st.integers(1, 400), st.integers(1, 400), st.integers(0, 1000))
def test_a_crop_box_lies_in_any_frame(height, width, seed):
    box = random_crop_box(height, width, np.random.default_rng(seed))
    assert 0 <= box.top <= height - box.height
    assert 0 <= box.left <= width - box.width
    assert min(box.height, box.width) >= 1


def test_crop_boxes_are_drawn_as_torchvision_draws_them():
    generator = np.random.default_rng(0)
    boxes = np.array([random_crop_box(240, 320, generator) for _ in range(4000)])
    area, aspect = boxes[:, 2] * boxes[:, 3] / (240 * 320), boxes[:, 3] / boxes[:, 2]
    torch.manual_seed(0)
    theirs = v2.RandomResizedCrop(224, scale=(0.08, 1.0), ratio=(3 / 4, 4 / 3))
    draws = [theirs.make_params([torch.empty(3, 240, 320)]) for _ in range(4000)]
    their_area = np.array([draw["height"] * draw["width"] for draw in draws]) / (240 * 320)
    their_aspect = np.array([draw["width"] / draw["height"] for draw in draws])
    deciles = np.linspace(0, 1, 11)
    np.testing.assert_allclose(np.quantile(area, deciles), np.quantile(their_area, deciles), atol=0.03)
    np.testing.assert_allclose(np.quantile(aspect, deciles), np.quantile(their_aspect, deciles), atol=0.03)


def test_a_frame_that_no_box_fits_gives_its_centre():
    # 10 x 1000 pixels: an area of at least 8% in 4:3 is 28 rows high
    assert random_crop_box(10, 1000, np.random.default_rng(0)) == (0, 493, 10, 13)


def test_erasing_boxes_have_the_papers_area_and_aspect():
    generator = np.random.default_rng(0)
    boxes = np.array([random_erasing_box(224, 224, generator) for _ in range(1000)])
    area = boxes[:, 2] * boxes[:, 3] / 224**2
    assert 0.019 < area.min() < area.max() < 1 / 3 + 0.01
    assert (boxes[:, 0] + boxes[:, 2]).max() <= 224
    assert (boxes[:, 1] + boxes[:, 3]).max() <= 224


def test_a_training_clip_whose_draws_are_all_fixed_is_the_frames_themselves(frames):
    squares = frames[:, :, :30]
    fixed = TrainTransform(30, area=(1.0, 1.0), aspect=(1.0, 1.0), **PLAIN)
    clip = fixed(squares, ONE_CLIP, np.random.default_rng(0))[0]
    np.testing.assert_allclose(clip.permute(1, 2, 3, 0) * 255, squares, atol=1e-3)


def test_normalising_after_the_crop_equals_the_papers_order(frames):
    generator = np.random.default_rng(0)
    ours = TrainTransform(24, rand_augment=None, flip_probability=0, erasing_probability=0)(frames, ONE_CLIP, generator)
    box = random_crop_box(30, 40, np.random.default_rng(0))
    scaled = torch.from_numpy(frames).permute(3, 0, 1, 2).float() / 255
    normalised = (scaled - torch.tensor(IMAGENET_MEAN)[:, None, None, None]) / torch.tensor(IMAGENET_STD)[
        :, None, None, None
    ]
    cut = normalised[:, :, box.top : box.top + box.height, box.left : box.left + box.width]
    papers = torch.nn.functional.interpolate(cut, size=(24, 24), mode="bilinear", align_corners=False)
    torch.testing.assert_close(ours[0], papers, rtol=1e-4, atol=1e-5)


def test_a_flip_mirrors_every_frame(frames):
    flipped = TrainTransform(24, **(PLAIN | {"flip_probability": 1.0}))(frames, ONE_CLIP, np.random.default_rng(0))
    plain = TrainTransform(24, **PLAIN)(frames, ONE_CLIP, np.random.default_rng(0))
    assert torch.equal(flipped, plain.flip(-1))


def test_erasing_fills_one_box_of_all_frames_with_noise_of_their_own(frames):
    erasing = TrainTransform(64, **(PLAIN | {"erasing_probability": 1.0}))
    for seed in range(10):
        erased = erasing(frames, ONE_CLIP, np.random.default_rng(seed))[0]
        plain = TrainTransform(64, **PLAIN)(frames, ONE_CLIP, np.random.default_rng(seed))[0]
        changed = (erased != plain).any(0)  # (T, H, W)
        assert (changed == changed[0]).all()
        rows, columns = changed[0].any(1).nonzero(), changed[0].any(0).nonzero()
        box = erased[:, :, rows.min() : rows.max() + 1, columns.min() : columns.max() + 1]
        assert changed[0].sum() == box[0, 0].numel()
        assert box.std() == pytest.approx(1, abs=0.2)
        assert (box[:, 0] != box[:, 1]).all()


def test_every_clip_and_every_repeat_has_draws_of_its_own(frames):
    generator = np.random.default_rng(0)
    views = TrainTransform(24)(frames, np.array([[0, 1], [0, 1]]), generator)
    assert not torch.equal(views[0], views[1])
    assert not torch.equal(views, TrainTransform(24)(frames, np.array([[0, 1], [0, 1]]), generator))


def test_the_same_generator_gives_the_same_clip_whatever_torch_has_drawn(frames):
    torch.manual_seed(0)
    first = TrainTransform(24)(frames, ONE_CLIP, np.random.default_rng(7))
    state = torch.get_rng_state()
    torch.manual_seed(1)
    again = TrainTransform(24)(frames, ONE_CLIP, np.random.default_rng(7))
    assert torch.equal(first, again)
    assert torch.equal(state, torch.manual_seed(0).get_state())  # nor does it draw from torch
