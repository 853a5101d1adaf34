import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from tubelet.pretraining.masking import (
    ENCODER_MASKS,
    MaskError,
    cube_mask,
    frame_mask,
    random_mask,
    running_cell_mask,
    running_cells,
    tube_mask,
)

VIT_B = (8, 14, 14)
grids = st.tuples(st.integers(1, 8), st.integers(1, 8).map(lambda n: 2 * n), st.integers(1, 8).map(lambda n: 2 * n))
ratios = st.floats(0, 0.99)


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


@pytest.mark.parametrize(
    ("ratio", "grid", "visible"),
    [(0.9, VIT_B, 160), (0.75, VIT_B, 392), (0.9, (8, 16, 16), 208)],  # VideoMAE (UCF101: 0.75), V2's giant
)
def test_a_tube_mask_leaves_as_many_tokens_as_the_papers_say(ratio, grid, visible):
    mask = tube_mask(3, grid, ratio, generator())
    assert (~mask).sum(dim=1).tolist() == [visible] * 3


@given(grids, ratios)
def test_a_tube_hides_the_same_places_in_every_frame(grid, ratio):
    t, h, w = grid
    frames = tube_mask(2, grid, ratio, generator()).unflatten(1, (t, h * w))
    assert (frames == frames[:, :1]).all()
    assert frames[:, 0].sum(dim=1).tolist() == [int(ratio * (h * w))] * 2


@given(grids, ratios)
def test_a_random_mask_hides_an_exact_number_of_tokens(grid, ratio):
    t, h, w = grid
    assert random_mask(2, grid, ratio, generator()).sum(dim=1).tolist() == [int(ratio * (t * h * w))] * 2


@given(grids, ratios)
def test_a_frame_mask_hides_whole_frames(grid, ratio):
    t, h, w = grid
    frames = frame_mask(2, grid, ratio, generator()).unflatten(1, (t, h * w))
    assert (frames.all(dim=2) | ~frames.any(dim=2)).all()
    assert frames[..., 0].sum(dim=1).tolist() == [int(ratio * t)] * 2


def test_cubes_reach_maskfeats_goal_or_stay_below_it():
    counts = cube_mask(16, (8, 7, 7), 0.4, generator()).sum(dim=1)
    assert (counts <= 157).all()  # round(0.4 * 392), MaskFeat
    assert (counts > 140).all()
    completed = cube_mask(16, (8, 7, 7), 0.4, generator(), complete=True)
    assert completed.sum(dim=1).tolist() == [157] * 16


def test_completing_cubes_keeps_what_they_hide():
    cubes = cube_mask(1, (8, 7, 7), 0.4, generator(3))
    assert (cube_mask(1, (8, 7, 7), 0.4, generator(3), complete=True) & cubes).sum() == cubes.sum()


def test_each_place_is_predicted_in_half_of_the_frames_and_the_cell_takes_turns():
    maps = running_cells(VIT_B, 0.5).unflatten(1, VIT_B)
    # V2: queue (1, 1, 0, 0) turned left by (start + 1 + frame) mod 4, as a 2 x 2 cell; start 0, frames 0 to 3
    assert maps[0, :4, :2, :2].flatten(1).int().tolist() == [[1, 0, 0, 1], [0, 0, 1, 1], [0, 1, 1, 0], [1, 1, 0, 0]]
    assert (maps.sum(dim=1) == 4).all()
    assert (maps[:, :, ::2, ::2] == maps[:, :, :1, :1]).all()


@given(grids, st.sampled_from([0.25, 0.5, 0.75]))
def test_a_running_cell_mask_is_one_of_four_maps(grid, ratio):
    maps = running_cells(grid, ratio)
    masks = running_cell_mask(4, grid, ratio, generator())
    assert all((maps == mask).all(dim=1).any() for mask in masks)
    assert (masks.float().mean(dim=1) == ratio).all()


def test_running_cells_need_an_even_frame():
    with pytest.raises(MaskError, match="a token frame of 7 x 8 does not divide"):
        running_cells((2, 7, 8), 0.5)


@pytest.mark.parametrize("draw", ENCODER_MASKS.values(), ids=ENCODER_MASKS)
def test_a_seed_gives_the_same_masks_again_and_another_seed_others(draw):
    first = draw(4, VIT_B, 0.6, generator(1))
    assert torch.equal(first, draw(4, VIT_B, 0.6, generator(1)))
    assert not torch.equal(first, draw(4, VIT_B, 0.6, generator(2)))
    assert len(first.unique(dim=0)) > 1  # every sample has a mask of its own


@pytest.mark.parametrize("draw", ENCODER_MASKS.values(), ids=ENCODER_MASKS)
@pytest.mark.parametrize("ratio", [-0.1, 1.0])
def test_a_ratio_that_hides_everything_or_less_than_nothing_is_refused(draw, ratio):
    with pytest.raises(MaskError, match="expected 0 or more and below 1"):
        draw(1, VIT_B, ratio, None)


def test_every_place_is_hidden_equally_often():
    often = tube_mask(4000, (1, 4, 4), 0.5, generator()).float().mean(dim=0)
    assert (often - 0.5).abs().max() < 0.05  # six standard deviations of a mean of 4,000 draws
