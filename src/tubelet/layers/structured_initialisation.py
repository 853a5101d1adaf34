"""Weights that start with structure, for small transformers that learn video from scratch in minutes.

A large network finds its first filters and its sense of neighbourhood in days of pretraining; a small one on a CPU has
no such days. They are given to it, free to change in training. The patch embedding starts as the principal components
of a smooth process (those of a first-order autoregressive process are cosine waves: Ahmed, Natarajan, Rao, Discrete
Cosine Transform, 1974), each scaled to unit variance. The heads of a block start by attending to the token a given step
away (in the spirit of Trockman and Kolter, Mimetic Initialization, ICML 2023): their queries are the positions, turned
by that step, and their keys are the positions; two heads that look to opposite sides start as their difference.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import torch
from torch import Tensor, nn

PIXEL_CORRELATION = 0.9  # of neighbouring pixels and frames
CHROMA_VARIANCE = 0.05  # of a colour difference, relative to the brightness
COLOURS = torch.tensor([[1.0, 1.0, 1.0], [1.0, 0.0, -1.0], [-1.0, 2.0, -1.0]], dtype=torch.float64)


def separable_positions(grid: Sequence[int], embed_dim: int) -> Tensor:
    """Sin-cos positions with columns of its own for every axis of the grid that has more than one token.

    Of J frequencies an axis, as many as it has tokens, the j-th turns by pi (j + 1) / J from a token to the next: the
    slowest tells one end from the other, the fastest neighbours from each other. Sines and cosines alternate; columns
    left over are 0, and the content has them for itself.

    Args:
        grid: tokens along each axis.
        embed_dim: D.

    Returns:
        (prod(grid), D) float32, last axis fastest.
    """
    table = torch.zeros(*grid, embed_dim)
    for axis, first, frequencies in _axes(grid, embed_dim):
        angle = torch.arange(grid[axis])[:, None] * frequencies  # (n, J)
        shape = [size if i == axis else 1 for i, size in enumerate(grid)]
        for shift, wave in enumerate((angle.sin(), angle.cos())):
            table[..., first + shift : first + 2 * len(frequencies) : 2] = wave.view(*shape, -1)
    return table.flatten(0, -2)


def cosine_patches(patch: tuple[int, int, int], num_filters: int) -> Tensor:
    """The leading whitened components of smooth video: (num_filters, 3, t, h, w) float32.

    The process has a correlation of 0.9 from a pixel or frame to the next; of all products of a colour axis and three
    cosine waves, those of the greatest variance are taken, and divided by its root.

    Raises:
        ValueError: when the patch has fewer components than filters are asked for.
    """
    waves, variances = zip(*(_cosines(length) for length in patch), strict=True)
    colours = COLOURS / COLOURS.norm(dim=1, keepdim=True)
    chroma = torch.tensor([1.0, CHROMA_VARIANCE, CHROMA_VARIANCE], dtype=torch.float64)
    variance = torch.einsum("c,i,j,k->cijk", chroma, *variances).flatten()
    if num_filters > len(variance):
        raise ValueError(f"a patch of {patch} has {len(variance)} components; {num_filters} filters were asked for.")
    chosen = variance.argsort(descending=True, stable=True)[:num_filters]
    c, i, j, k = torch.unravel_index(chosen, (3, *patch))
    filters = torch.einsum("fc,ft,fh,fw->fcthw", colours[c], waves[0][i], waves[1][j], waves[2][k])
    return (filters / variance[chosen].sqrt()[:, None, None, None, None]).float()


@torch.no_grad()
def embed_cosines(projection: nn.Conv3d, grid: Sequence[int], head_dim: int) -> None:
    """Start a patch embedding with `cosine_patches`, outside the columns that `attend_to_neighbours` reads."""
    free = torch.ones(projection.out_channels, dtype=torch.bool)
    for sines, _, _ in _read_columns(grid, projection.out_channels, head_dim):
        free[sines], free[sines + 1] = False, False
    t, h, w = projection.kernel_size
    projection.weight.zero_()
    projection.weight[free] = cosine_patches((t, h, w), int(free.sum()))
    if projection.bias is not None:
        projection.bias.zero_()


@torch.no_grad()
def attend_to_neighbours(
    query: Tensor, key: Tensor, grid: Sequence[int], steps: Sequence[Sequence[int]], gain: float = 4.0
) -> None:
    """Let each head begin by attending to the token a step away.

    Args:
        query: (D, D) weights, the rows of a head together; written in place.
        key: likewise.
        grid: tokens along each axis, as `separable_positions` got it.
        steps: for every head, how far along each axis of the grid.
        gain: of queries and keys; the greater, the sharper. Tokens with much content have small positions after a norm.
    """
    head_dim = len(query) // len(steps)
    query.zero_()
    key.zero_()
    for head, step in enumerate(steps):
        row = head * head_dim
        for sines, axis, frequencies in _read_columns(grid, query.shape[1], head_dim):
            rows, turn = row + 2 * torch.arange(len(sines)), frequencies * step[axis]
            key[rows, sines], key[rows + 1, sines + 1] = gain, gain
            # sin(a + b) = sin a cos b + cos a sin b, cos(a + b) = cos a cos b - sin a sin b
            query[rows, sines], query[rows, sines + 1] = gain * turn.cos(), gain * turn.sin()
            query[rows + 1, sines + 1], query[rows + 1, sines] = gain * turn.cos(), -gain * turn.sin()
            row += 2 * len(sines)


@torch.no_grad()
def subtract_in_pairs(value: Tensor, output: Tensor, num_heads: int) -> None:
    """Let every second head take away what the one before it would give: two that look to either side see a difference.

    Args:
        value: (D, D) weights, the rows of a head together; written in place.
        output: (D, D) weights of the projection after the attention, the columns of a head together; likewise.
        num_heads: heads; of an odd number the last stays as it is.
    """
    pairs = num_heads // 2 * 2
    values, outputs = value.unflatten(0, (num_heads, -1)), output.unflatten(1, (num_heads, -1))
    values[1:pairs:2] = values[0:pairs:2]
    outputs[:, 1:pairs:2] = -outputs[:, 0:pairs:2]


def _axes(grid: Sequence[int], dim: int) -> list[tuple[int, int, Tensor]]:
    """For every axis with more than one token: the axis, its first column, its frequencies (J,)."""
    axes = [axis for axis, size in enumerate(grid) if size > 1]
    found, first = [], 0
    for axis in axes:
        count = min(dim // (2 * len(axes)), grid[axis])
        found.append((axis, first, math.pi * torch.arange(1, count + 1) / count))
        first += 2 * count
    return found


def _read_columns(grid: Sequence[int], dim: int, head_dim: int) -> list[tuple[Tensor, int, Tensor]]:
    """What a head of this width reads of the positions: columns of the sines, the axis, the frequencies."""
    axes = _axes(grid, dim)
    chosen = []
    for axis, first, frequencies in axes:
        count = min(head_dim // (2 * len(axes)), len(frequencies))
        numbers = torch.arange(1, count + 1) * len(frequencies) // max(1, count) - 1
        chosen.append((first + 2 * numbers, axis, frequencies[numbers]))
    return chosen


def _cosines(length: int) -> tuple[Tensor, Tensor]:
    """The orthonormal cosine waves (length, length) of a smooth process, and the variance (length,) of each."""
    at = torch.arange(length, dtype=torch.float64)
    waves = torch.cos(math.pi / length * at[:, None] * (at + 0.5))
    waves /= waves.norm(dim=1, keepdim=True)
    covariance = PIXEL_CORRELATION ** (at[:, None] - at).abs()
    return waves, torch.einsum("kt,ts,ks->k", waves, covariance, waves)
