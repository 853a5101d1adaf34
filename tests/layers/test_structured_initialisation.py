import pytest
import torch
from torch import nn

from tubelet.layers.structured_initialisation import (
    attend_to_neighbours,
    cosine_patches,
    embed_cosines,
    separable_positions,
    subtract_in_pairs,
)
from tubelet.models.videomae import VideoMAE, VideoMAEConfig

GRID = (1, 8, 8)


def test_positions_hold_rows_and_columns_apart() -> None:
    table = separable_positions(GRID, 64).view(8, 8, 64)
    assert torch.equal(table[2, :, :16], table[2, :1, :16].expand(8, 16))  # the same row, whatever the column
    assert torch.equal(table[:, 5, 16:32], table[:1, 5, 16:32].expand(8, 16))
    assert not table[..., 32:].any()
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


def test_the_embedding_leaves_the_columns_that_the_heads_read_to_the_positions() -> None:
    projection = nn.Conv3d(3, 128, (16, 6, 6), (16, 6, 6))
    embed_cosines(projection, GRID, head_dim=32)
    silent = projection.weight.flatten(1).abs().sum(1) == 0
    query, key = torch.empty(128, 128), torch.empty(128, 128)
    attend_to_neighbours(query, key, GRID, [(0, 0, 1)] * 4)
    assert torch.equal(silent, key.abs().sum(0) > 0)


def test_two_heads_that_see_the_same_cancel_and_an_odd_one_stays() -> None:
    value, output, tokens = torch.randn(12, 12), torch.randn(12, 12), torch.randn(5, 12)
    single = output[:, 8:].clone()
    subtract_in_pairs(value, output, 3)
    seen = tokens @ value.T
    assert torch.allclose(seen[:, :8] @ output[:, :8].T, torch.zeros(5, 12), atol=1e-5)
    assert torch.equal(output[:, 8:], single)


def test_a_structured_network_is_the_same_from_the_same_seed_and_another_than_a_normal_one() -> None:
    config = VideoMAEConfig(crop=32, patch=(16, 8, 8), embed_dim=64, depth=2, num_heads=4, mlp_dim=64, num_classes=5)
    clip = torch.rand(1, 3, 16, 32, 32)

    def logits(initialisation: str) -> torch.Tensor:
        torch.manual_seed(3)
        network = VideoMAE(VideoMAEConfig(**{**vars(config), "initialisation": initialisation}))  # type: ignore[arg-type]
        return network.eval()(clip)

    assert torch.equal(logits("structured"), logits("structured"))
    assert not torch.allclose(logits("structured"), logits("normal"))
