"""Weights that start with structure, for small transformers that learn video from scratch in minutes.

A large network finds its first filters, its sense of motion and of neighbourhood in days of pretraining; a small one on
a CPU has no such days. They are given to it, free to change in training:

- The patch embedding starts as the principal components of a smooth process (those of a first-order autoregressive
  process are cosine waves: Ahmed, Natarajan, Rao, Discrete Cosine Transform, 1974), each scaled to unit variance.
- The first MLP starts with correlators that tell which way the pixels of a tubelet move (Reichardt, 1961; Adelson and
  Bergen, Spatiotemporal energy models, 1985). A network that may learn which way a body goes from when it passes where
  never needs them for that, and without them does not come to tell turning one way from turning the other.
- Heads start by attending to the tokens on one side or a given step away (in the spirit of Trockman and Kolter, Mimetic
  Initialization, ICML 2023): their queries are the positions, turned by that step, and their keys are the positions.
  Two heads that look to opposite sides start as their difference: of velocities, that is turning and spreading.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor, nn

PIXEL_CORRELATION = 0.9  # of neighbouring pixels and frames
CHROMA_VARIANCE = 0.05  # of a colour difference, relative to the brightness
FREQUENCIES = 4  # of the positions, an axis
COLOURS = torch.tensor([[1.0, 1.0, 1.0], [1.0, 0.0, -1.0], [-1.0, 2.0, -1.0]], dtype=torch.float64)


@dataclass(frozen=True)
class Columns:
    """What the columns of a token hold at the start: positions first, velocities last, pixels between them."""

    positions: slice
    pixels: slice
    velocities: slice

    @classmethod
    def of(cls, grid: Sequence[int], embed_dim: int, head_dim: int) -> Columns:
        """As many velocities as a head reads, or half of what the positions leave where a token is narrow."""
        taken = sum(2 * len(frequencies) for _, _, frequencies in _axes(grid, embed_dim))
        last = embed_dim - min(head_dim, (embed_dim - taken) // 2)
        return cls(slice(0, taken), slice(taken, last), slice(last, embed_dim))


def separable_positions(grid: Sequence[int], embed_dim: int) -> Tensor:
    """Sin-cos positions with columns of its own for every axis of the grid that has more than one token.

    Of J frequencies an axis, four or as many as it has tokens, the j-th turns by pi (j + 1) / J from a token to the
    next: the slowest tells one side from the other, the fastest neighbours from each other. Sines and cosines
    alternate; columns left over are 0, and the content has them for itself.

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


def cosine_patches(patch: Sequence[int], num_filters: int) -> Tensor:
    """The leading whitened components of smooth video: (num_filters, 3, t, h, w) float32.

    The process has a correlation of 0.9 from a pixel or frame to the next; of all products of a colour axis and three
    cosine waves, those of the greatest variance are taken, and divided by its root.

    Raises:
        ValueError: when the patch has fewer components than filters are asked for.
    """
    (c, i, j, k), variance = _components(patch, num_filters)
    waves = [_cosines(length)[0] for length in patch]
    colours = COLOURS / COLOURS.norm(dim=1, keepdim=True)
    filters = torch.einsum("fc,ft,fh,fw->fcthw", colours[c], waves[0][i], waves[1][j], waves[2][k])
    return (filters / variance.sqrt()[:, None, None, None, None]).float()


@torch.no_grad()
def embed_cosines(projection: nn.Conv3d, columns: Columns) -> None:
    """Start a patch embedding with `cosine_patches`, in the columns of the pixels."""
    projection.weight.zero_()
    count = columns.pixels.stop - columns.pixels.start
    projection.weight[columns.pixels] = cosine_patches(projection.kernel_size, count)
    if projection.bias is not None:
        projection.bias.zero_()


@torch.no_grad()
def measure_velocity(hidden: Tensor, output: Tensor, patch: Sequence[int], columns: Columns) -> None:
    """Let the first MLP begin with correlators of motion: to the right in half of the velocities, down in the others.

    Where brightness moves, its change in time is minus the velocity times its change in space. A wave of order t in
    time and x in space is to that of order t - 1 and x + 1 as the one change to the other: minus their product has the
    velocity's sign. Four hidden units make a product: f(a + b) + f(-a - b) - f(a - b) - f(b - a) is about 4 f''(0) a b.
    Up to half of the hidden units are used so; what the others write leaves the velocities alone.

    Args:
        hidden: (M, D) weights of the first layer; written in place.
        output: (D, M) weights of the second; likewise.
        patch: frames, rows and columns of a tubelet, embedded by `embed_cosines`.
        columns: those of the tokens.
    """
    first, last = columns.pixels.start, columns.pixels.stop
    (colour, *orders), _ = _components(patch, last - first)
    waves = [tuple(wave) for wave in torch.stack(orders, 1)[colour == 0].tolist()]  # (t, y, x) of those of brightness
    column = {wave: first + int(at) for wave, at in zip(waves, (colour == 0).nonzero(), strict=True)}
    output[columns.velocities] = 0.0
    velocities = torch.arange(columns.velocities.start, columns.velocities.stop).chunk(2)
    sum_and_difference = torch.tensor([[1.0, 1.0], [-1.0, -1.0], [1.0, -1.0], [-1.0, 1.0]])
    unit = 0
    for (down, across), targets in zip(((0, 1), (1, 0)), velocities, strict=False):
        pairs = [((t, y, x), (t - 1, y + down, x + across)) for t, y, x in waves]
        found = [(column[slow], column[fine]) for slow, fine in pairs if fine in column][: len(hidden) // 8]
        for number, pair in enumerate(found):
            units = slice(unit, unit + 4)
            hidden[units], output[:, units] = 0.0, 0.0
            hidden[units, list(pair)] = sum_and_difference
            output[targets[number % len(targets)], units] = -sum_and_difference.prod(1)
            unit += 4


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
            _turn(query, key, row, sines, frequencies * step[axis], gain)
            row += 2 * len(sines)


@torch.no_grad()
def compare_sides(
    query: Tensor, key: Tensor, value: Tensor, output: Tensor, grid: Sequence[int], columns: Columns, heads: int
) -> None:
    """Let each head begin by reading the velocities on one side of every token, and two heads take their difference.

    The heads look right, left, down and up in turn, softly and far by the slowest waves of the positions, then by the
    next: `subtract_in_pairs` makes of two of them how the velocity differs from one side to the other.

    Args:
        query: (D, D) weights, the rows of a head together; written in place.
        key: likewise.
        value: likewise.
        output: (D, D) weights of the projection after the attention; likewise.
        grid: tokens along each axis, as `separable_positions` got it.
        columns: those of the tokens.
        heads: how many.
    """
    head_dim = len(query) // heads
    axes = [(first, len(frequencies)) for _, first, frequencies in reversed(_axes(grid, query.shape[1]))]
    waves = min((count for _, count in axes), default=0)
    looks = [(torch.tensor([first + 2 * n]), side) for n in range(waves) for first, _ in axes for side in (1, -1)]
    read = range(columns.velocities.start, columns.velocities.stop)[:head_dim]
    for weights in (query, key, value):
        weights.zero_()
    for head in range(heads):
        row = head * head_dim
        value[range(row, row + len(read)), read] = 1.0
        if looks:
            sines, side = looks[head % len(looks)]
            _turn(query, key, row, sines, torch.tensor([side * math.pi / 2]), gain=1.0)
    subtract_in_pairs(value, output, heads)


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


def _turn(query: Tensor, key: Tensor, row: int, sines: Tensor, angle: Tensor, gain: float) -> None:
    """Rows from `row` on, two a sine: the keys read positions, the queries positions turned by an angle (J,)."""
    rows = row + 2 * torch.arange(len(sines))
    key[rows, sines], key[rows + 1, sines + 1] = gain, gain
    # sin(a + b) = sin a cos b + cos a sin b, cos(a + b) = cos a cos b - sin a sin b
    query[rows, sines], query[rows, sines + 1] = gain * angle.cos(), gain * angle.sin()
    query[rows + 1, sines + 1], query[rows + 1, sines] = gain * angle.cos(), -gain * angle.sin()


def _axes(grid: Sequence[int], dim: int) -> list[tuple[int, int, Tensor]]:
    """For every axis with more than one token: the axis, its first column, its frequencies (J,)."""
    axes = [axis for axis, size in enumerate(grid) if size > 1]
    found, first = [], 0
    for axis in axes:
        count = min(dim // (4 * len(axes)), grid[axis], FREQUENCIES)  # half of a narrow token at most
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


def _components(patch: Sequence[int], count: int) -> tuple[tuple[Tensor, ...], Tensor]:
    """The components of greatest variance: colour and orders along time, rows and columns, (count,) each; variances."""
    chroma = torch.tensor([1.0, CHROMA_VARIANCE, CHROMA_VARIANCE], dtype=torch.float64)
    variance = torch.einsum("c,i,j,k->cijk", chroma, *(_cosines(length)[1] for length in patch))
    if count > variance.numel():
        raise ValueError(
            f"a patch of {tuple(patch)} has {variance.numel()} components; {count} filters were asked for."
        )
    chosen = variance.flatten().argsort(descending=True, stable=True)[:count]
    return torch.unravel_index(chosen, variance.shape), variance.flatten()[chosen]


def _cosines(length: int) -> tuple[Tensor, Tensor]:
    """The orthonormal cosine waves (length, length) of a smooth process, and the variance (length,) of each."""
    at = torch.arange(length, dtype=torch.float64)
    waves = torch.cos(math.pi / length * at[:, None] * (at + 0.5))
    waves /= waves.norm(dim=1, keepdim=True)
    covariance = PIXEL_CORRELATION ** (at[:, None] - at).abs()
    return waves, torch.einsum("kt,ts,ks->k", waves, covariance, waves)
