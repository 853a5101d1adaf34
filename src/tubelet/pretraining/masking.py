"""Which tokens of a clip are hidden: tube, random, frame and cube masks, and the running cells of a decoder.

Tube masks: Tong et al., VideoMAE, NeurIPS 2022, section 3.3, which also compares random and frame masks. Cubes: Wei et
al., MaskFeat, CVPR 2022, section 3. Running cells: Wang et al., VideoMAE V2, CVPR 2023, section 3.2.

A grid is (T, H, W) tokens; masks are bool (N, T*H*W), columns fastest, True where a token is left out. Hidden tokens
are counted as the authors do, int(ratio * positions). Everything random comes from the given generator.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import torch
from torch import Generator, Tensor

from tubelet.errors import TubeletError

Grid = tuple[int, int, int]

CUBE_TRIES = 100  # draws of a cube before giving up
CUBE_ASPECT = (0.3, 1 / 0.3)  # rows over columns


class MaskError(TubeletError):
    """A mask that cannot be drawn, or that does not fit what it is for."""


def tube_mask(batch: int, grid: Grid, ratio: float, generator: Generator | None = None) -> Tensor:
    """Hide int(ratio * H*W) places, the same in every token frame, so that no frame gives away what another hides."""
    t, h, w = grid
    return _draw(batch, h * w, _hidden(ratio, h * w), generator).repeat(1, t)


def random_mask(batch: int, grid: Grid, ratio: float, generator: Generator | None = None) -> Tensor:
    """Hide int(ratio * T*H*W) tokens, each for itself."""
    positions = math.prod(grid)
    return _draw(batch, positions, _hidden(ratio, positions), generator)


def frame_mask(batch: int, grid: Grid, ratio: float, generator: Generator | None = None) -> Tensor:
    """Hide int(ratio * T) whole token frames."""
    t, h, w = grid
    return _draw(batch, t, _hidden(ratio, t), generator).repeat_interleave(h * w, dim=1)


def cube_mask(
    batch: int, grid: Grid, ratio: float, generator: Generator | None = None, complete: bool = False
) -> Tensor:
    """Hide boxes of rows, columns and neighbouring frames until round(ratio * T*H*W) tokens are hidden.

    A box covers a fifth of the frame or more, log-uniform in its aspect, for 1 to T token frames; it is taken when it
    hides something new but not too much. Where none of 100 boxes fits, fewer tokens stay hidden than asked for.

    Args:
        batch: N.
        grid: T, H, W.
        ratio: of hidden tokens.
        generator: of all draws.
        complete: hide single tokens for what is still missing then, so that all samples count the same.
    """
    _hidden(ratio, 1)
    goal = round(ratio * math.prod(grid))
    masks = torch.stack([_cubes(grid, goal, generator) for _ in range(batch)])
    if not complete:
        return masks
    # hidden tokens first, the rest in random order
    order = (torch.rand(masks.shape, generator=generator, device=masks.device) + masks).argsort(dim=1, descending=True)
    return torch.zeros_like(masks).scatter_(1, order[:, :goal], True)


def running_cells(grid: Grid, ratio: float, device: torch.device | None = None) -> Tensor:
    """The four masks that `running_cell_mask` draws from, (4, T*H*W).

    A queue of four, int(4 * ratio) ones first, turns left by one from each token frame to the next; as a cell of 2 x 2
    it tiles the frame. So every place is left out in its turn, and each is predicted in some frame.

    Raises:
        MaskError: H or W is odd.
    """
    t, h, w = grid
    if h % 2 or w % 2:
        raise MaskError(f"running cells are 2 x 2 tokens; a token frame of {h} x {w} does not divide into them.")
    queue = torch.arange(4, device=device) < int(4 * ratio)
    start, frame, place = (torch.arange(count, device=device) for count in (4, t, 4))
    turn = start[:, None] + 1 + frame  # (4, T)
    cell = queue[(place + turn[..., None]) % 4].unflatten(-1, (2, 2))  # (4, T, 2, 2)
    return cell.repeat(1, 1, h // 2, w // 2).flatten(1)


def running_cell_mask(batch: int, grid: Grid, ratio: float, generator: Generator | None = None) -> Tensor:
    """Leave out int(4 * ratio) of every 2 x 2 cell, other ones in every token frame; what a decoder skips."""
    _hidden(ratio, 1)
    device = _device(generator)
    start = torch.randint(4, (batch,), generator=generator, device=device)
    return running_cells(grid, ratio, device)[start]


# Masks of an encoder by the name that recipes give them; each hides the same number of tokens in every sample.
ENCODER_MASKS: dict[str, Callable[[int, Grid, float, Generator | None], Tensor]] = {
    "tube": tube_mask,
    "random": random_mask,
    "frame": frame_mask,
    "cube": partial(cube_mask, complete=True),
}


def _hidden(ratio: float, positions: int) -> int:
    if not 0 <= ratio < 1:
        raise MaskError(f"a mask ratio of {ratio} was given; expected 0 or more and below 1.")
    return int(ratio * positions)


def _device(generator: Generator | None) -> torch.device:
    return torch.device("cpu") if generator is None else generator.device


def _draw(batch: int, positions: int, hidden: int, generator: Generator | None) -> Tensor:
    """`hidden` of `positions`, uniformly without replacement."""
    noise = torch.rand(batch, positions, generator=generator, device=_device(generator))
    chosen = noise.argsort(dim=1)[:, :hidden]
    return torch.zeros_like(noise, dtype=torch.bool).scatter_(1, chosen, True)


def _cubes(grid: Grid, goal: int, generator: Generator | None) -> Tensor:
    t, h, w = grid
    mask = torch.zeros(grid, dtype=torch.bool, device=_device(generator))
    missing, tries = goal, 0
    while missing > 0 and tries < CUBE_TRIES:
        tries += 1
        draws = torch.rand(6, generator=generator, device=mask.device).tolist()
        area = h * w // 5 + draws[0] * (h * w - h * w // 5)
        low, high = (math.log(bound) for bound in CUBE_ASPECT)
        aspect = math.exp(low + draws[1] * (high - low))
        rows, columns = round(math.sqrt(area * aspect)), round(math.sqrt(area / aspect))
        frames = 1 + int(draws[2] * t)
        if not (0 < rows < h and 0 < columns < w):
            continue
        sides = zip(grid, (frames, rows, columns), draws[3:], strict=True)
        starts = [int(draw * (whole - side + 1)) for whole, side, draw in sides]
        cube = mask[tuple(slice(s, s + side) for s, side in zip(starts, (frames, rows, columns), strict=True))]
        new = int((~cube).sum())
        if 0 < new <= missing:
            cube.fill_(True)
            missing, tries = missing - new, 0
    return mask.flatten()
