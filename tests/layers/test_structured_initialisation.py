from dataclasses import replace

import pytest
import torch
from torch import nn

from tubelet.datasets.synthetic.actors import CLASSES
from tubelet.datasets.synthetic.clips import SyntheticClips
from tubelet.layers.structured_initialisation import (
    Columns,
    attend_to_neighbours,
    compare_sides,
    cosine_patches,
    embed_cosines,
    measure_velocity,
    separable_positions,
    subtract_in_pairs,
)
from tubelet.models.spec import ModelError
from tubelet.models.videomae import VARIANTS, VideoMAE, VideoMAEConfig

GRID = (1, 8, 8)


def test_positions_hold_rows_and_columns_apart() -> None:
    table = separable_positions(GRID, 64).view(8, 8, 64)
    assert torch.equal(table[2, :, :8], table[2, :1, :8].expand(8, 8))  # the same row, whatever the column
    assert torch.equal(table[:, 5, 8:16], table[:1, 5, 8:16].expand(8, 8))
    assert not table[..., 16:].any()
    assert torch.pdist(table.flatten(0, 1)).min() > 1


def test_an_axis_of_one_token_takes_no_columns() -> None:
    assert torch.equal(
        separable_positions((1, 3, 4), 24).view(3, 4, 24), separable_positions((3, 4), 24).view(3, 4, 24)
    )


def test_the_first_filter_is_the_mean_brightness_and_the_filters_are_orthogonal() -> None:
    filters = cosine_patches((4, 3, 3), 40).flatten(1)
    assert torch.allclose(filters[0], filters[0, 0].expand(108))
    products = filters @ filters.T
    assert torch.allclose(products, torch.diag(products.diag()), atol=1e-5)


def test_filters_have_unit_variance_on_the_process_that_they_are_made_for() -> None:
    generator = torch.Generator().manual_seed(0)
    at = torch.arange(6)
    root = torch.linalg.cholesky(0.9 ** (at[:, None] - at).abs().double()).float()
    noise = torch.randn(20000, 6, 6, 6, generator=generator)
    smooth = torch.einsum("nijk,ai,bj,ck->nabc", noise, root, root, root)
    grey = smooth[:, None].expand(-1, 3, -1, -1, -1) / 3**0.5  # unit variance along the brightness axis
    spread = (grey.flatten(1) @ cosine_patches((6, 6, 6), 20).flatten(1).T).std(0)
    bright = spread[spread > 0.01]  # the filters of colour differences see nothing in grey
    assert len(bright) == 14 + 4
    assert torch.allclose(bright, torch.ones_like(bright), atol=0.03)


def test_more_filters_than_components_is_an_error() -> None:
    with pytest.raises(ValueError, match="has 24 components; 25 filters were asked for"):
        cosine_patches((2, 2, 2), 25)


def test_each_head_attends_most_to_the_token_a_step_away() -> None:
    positions = separable_positions(GRID, 128)
    query, key = torch.empty(128, 128), torch.empty(128, 128)
    attend_to_neighbours(query, key, GRID, [(0, 0, 1), (0, 0, -1), (0, 2, 0), (0, -1, 0)])
    q, k = (positions @ query.T).view(64, 4, 32), (positions @ key.T).view(64, 4, 32)
    attended = torch.einsum("lhd,mhd->hlm", q, k).argmax(-1).view(4, 8, 8)
    token = torch.arange(64).view(8, 8)
    assert torch.equal(attended[0, :, :-1], token[:, 1:])
    assert torch.equal(attended[1, :, 1:], token[:, :-1])
    assert torch.equal(attended[2, :-2], token[2:])
    assert torch.equal(attended[3, 1:], token[:-1])


def test_the_embedding_leaves_positions_and_velocities_alone() -> None:
    projection = nn.Conv3d(3, 64, (16, 6, 6), (16, 6, 6))
    columns = Columns.of(GRID, 64, head_dim=8)
    embed_cosines(projection, columns)
    silent = (projection.weight.flatten(1).abs().sum(1) == 0).nonzero().flatten()
    assert silent.tolist() == [*range(16), *range(56, 64)]
    assert (separable_positions(GRID, 64).abs().sum(0) > 0).nonzero().flatten().tolist() == list(range(16))


def test_a_narrow_token_keeps_columns_for_positions_pixels_and_velocities() -> None:
    columns = Columns.of(GRID, 24, head_dim=12)
    assert (columns.positions, columns.pixels, columns.velocities) == (slice(0, 12), slice(12, 18), slice(18, 24))


@pytest.mark.parametrize(("across", "down"), [(1, 0), (-1, 0), (0, 1), (0, -1)])
def test_velocities_tell_which_way_a_pattern_moves(across: int, down: int) -> None:
    columns, patch = Columns.of(GRID, 96, head_dim=8), (8, 6, 6)
    projection = nn.Conv3d(3, 96, patch, patch)
    embed_cosines(projection, columns)
    hidden, output = torch.randn(256, 96), torch.zeros(96, 256)
    measure_velocity(hidden, output, patch, columns)
    generator = torch.Generator().manual_seed(0)
    waves = torch.randn(2000, 3, 4, generator=generator)  # of smooth patterns: two orders across and down, and a phase
    t, y, x = torch.meshgrid(torch.arange(8.0), torch.arange(6.0), torch.arange(6.0), indexing="ij")
    at = [(place - 0.25 * velocity * t)[None, None] for place, velocity in ((y, down), (x, across))]
    strength, fine, coarse, phase = (waves[..., n, None, None, None] for n in range(4))
    pattern = (strength * torch.sin(0.4 * fine * at[0] + 0.4 * coarse * at[1] + phase)).sum(1)
    tokens = projection(pattern[:, None].expand(-1, 3, -1, -1, -1)).flatten(1)
    velocity = (nn.functional.gelu(tokens @ hidden.T) @ output.T)[:, columns.velocities]
    right, lower = velocity[:, :4].sum(1), velocity[:, 4:].sum(1)
    along, beside = (right, lower) if across else (lower, right)
    assert ((along * (across + down)) > 0).float().mean() > 0.95
    assert beside.mean().abs() < 0.2 * along.mean().abs()


def test_opposite_heads_see_velocities_that_differ_from_side_to_side() -> None:
    columns, heads = Columns.of(GRID, 64, head_dim=8), 8
    query, key, value, output = (torch.randn(64, 64) for _ in range(4))
    compare_sides(query, key, value, output, GRID, columns, heads)
    tokens = separable_positions(GRID, 64).view(8, 8, 64)
    tokens[..., 56:] = torch.arange(8.0)[None, :, None]  # faster to the right, the same above and below
    seen = tokens.flatten(0, 1)
    q, k, v = ((seen @ weights.T).view(64, heads, 8).transpose(0, 1) for weights in (query, key, value))
    read = nn.functional.scaled_dot_product_attention(q, k, v).view(heads, 8, 8, 8)
    difference = read[0::2] - read[1::2]  # right - left, down - up, then by the next wave
    assert (difference[0, :, 3:5] > 0.1).all()
    assert torch.allclose(difference[1], torch.zeros(8, 8, 8), atol=1e-4)


def test_two_heads_that_see_the_same_cancel_and_an_odd_one_stays() -> None:
    value, output, tokens = torch.randn(12, 12), torch.randn(12, 12), torch.randn(5, 12)
    single = output[:, 8:].clone()
    subtract_in_pairs(value, output, 3)
    seen = tokens @ value.T
    assert torch.allclose(seen[:, :8] @ output[:, :8].T, torch.zeros(5, 12), atol=1e-5)
    assert torch.equal(output[:, 8:], single)


def test_a_structured_network_is_the_same_from_the_same_seed_and_another_than_a_normal_one() -> None:
    config = VideoMAEConfig(crop=32, patch=(16, 8, 8), embed_dim=64, depth=2, num_heads=4, mlp_dim=64, num_classes=5)
    config = replace(config, positions="separable")
    clip = torch.rand(1, 3, 16, 32, 32)

    def logits(initialisation: str) -> torch.Tensor:
        torch.manual_seed(3)
        network = VideoMAE(replace(config, initialisation=initialisation))  # type: ignore[arg-type]
        return network.eval()(clip)

    assert torch.equal(logits("structured"), logits("structured"))
    assert not torch.allclose(logits("structured"), logits("normal"))


def test_a_structured_network_tells_a_turn_from_its_mirror_image_before_it_learns() -> None:
    """The antisymmetric part of what the head sees, over many clips, points the same way far beyond chance."""
    torch.manual_seed(0)
    network = VideoMAE(VARIANTS["videomae_tiny"]).eval()
    label = CLASSES.index("orbit_clockwise")
    clips = SyntheticClips("train", 13 * 240, size=48)
    turning = torch.stack([clips[13 * n + label].clip[0] for n in range(240)])
    with torch.no_grad():
        odd = (network.embed(turning) - network.embed(turning.flip(4))).double()
    odd /= odd.std(0)
    train, held_out = odd[:180], odd[180:]
    direction = torch.linalg.solve(train.T @ train + 100 * torch.eye(128), train.sum(0))
    assert (held_out @ direction > 0).double().mean() > 0.65


def test_a_structured_network_needs_separable_positions() -> None:
    with pytest.raises(ModelError, match="reads separable positions"):
        VideoMAE(VideoMAEConfig(initialisation="structured"))
