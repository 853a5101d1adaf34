"""Pixels as what is predicted: tubelets of a clip, their normalised values, and the way back to pictures.

Tong et al., VideoMAE, NeurIPS 2022, section 4.1, after He et al., MAE, CVPR 2022. Unusual: every colour channel of a
tubelet is normalised for itself, by its mean and (standard deviation + 1e-6). Only the tubelets that are asked for are
cut out of the clip.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import torch
from torch import Tensor
from torch.nn import functional as F

from tubelet.models.spec import IMAGENET_MEAN, IMAGENET_STD

Patch = tuple[int, int, int]

EPSILON = 1e-6  # added to the standard deviation of pixels in 0..1
HIDDEN_GREY = 128  # of a hidden tubelet in a picture


def tubelets(clip: Tensor, patch: Patch, indices: Tensor) -> Tensor:
    """Cut some tubelets out of a clip.

    Args:
        clip: (N, C, T, H, W).
        patch: frames, rows and columns of a tubelet (t, h, w); they divide the clip.
        indices: (N, K) of tokens, columns fastest.

    Returns:
        (N, K, C, t, h, w).
    """
    cells, at = _cells(clip, patch, indices)
    return cells[at]


def _cells(clip: Tensor, patch: Patch, indices: Tensor) -> tuple[Tensor, tuple[Tensor | slice, ...]]:
    """A view of the clip as (N, C, T', t, H', h, W', w), and what picks tubelets out of it."""
    n, c, frames, rows, columns = clip.shape
    t, h, w = patch
    height, width = rows // h, columns // w
    cells = clip.reshape(n, c, frames // t, t, height, h, width, w)
    sample = torch.arange(n, device=clip.device)[:, None]
    every = slice(None)
    frame, row, column = indices // (height * width), indices // width % height, indices % width
    return cells, (sample, every, frame, every, row, every, column, every)


@torch.no_grad()
def pixel_target(
    clip: Tensor,
    patch: Patch,
    indices: Tensor,
    normalise: bool = True,
    mean: Sequence[float] = IMAGENET_MEAN,
    std: Sequence[float] = IMAGENET_STD,
    epsilon: float = EPSILON,
) -> Tensor:
    """The pixels of some tubelets as a network should predict them.

    Args:
        clip: (N, 3, T, H, W), normalised with `mean` and `std`.
        patch: frames, rows and columns of a tubelet.
        indices: (N, K) of tokens.
        normalise: by the mean and the unbiased standard deviation of each tubelet and channel; else values in 0..1.
        mean: of the clip's normalisation.
        std: of the clip's normalisation.
        epsilon: added to the standard deviation; one above the noise leaves flat tubelets flat.

    Returns:
        (N, K, t*h*w*3) float32, ordered frame, row, column, channel.
    """
    scale, shift = (torch.tensor(numbers, device=clip.device)[:, None] for numbers in (std, mean))
    values = tubelets(clip.float(), patch, indices).flatten(3)  # (N, K, 3, t*h*w)
    values.mul_(scale).add_(shift)
    if normalise:
        variance, centre = torch.var_mean(values, dim=3, keepdim=True)
        values.sub_(centre).div_(variance.sqrt_().add_(epsilon))
    return values.transpose(2, 3).flatten(2)  # (N, K, 3, t*h*w) -> (N, K, t*h*w*3)


def squared_error(prediction: Tensor, target: Tensor, counted: Tensor | None) -> Tensor:
    """The mean over the values of a token and the tokens that count, (N, K, D) x 2 and (N, K) bool -> one number."""
    if counted is None:
        return F.mse_loss(prediction.float(), target)
    each = (prediction.float() - target).square().mean(dim=2)
    return (each * counted).sum() / counted.sum()


@dataclass(frozen=True)
class Reconstruction:
    """A clip three times over, each uint8 (N, T, H, W, 3): as it is, what the encoder sees of it, and completed."""

    original: Tensor
    masked: Tensor
    completed: Tensor

    def side_by_side(self) -> Tensor:
        """The three in one picture a frame, (N, T, H, 3*W, 3)."""
        return torch.cat((self.original, self.masked, self.completed), dim=3)


@torch.no_grad()
def reconstruction(
    clip: Tensor,
    prediction: Tensor,
    patch: Patch,
    visible: Tensor,
    predicted: Tensor,
    normalised: bool = True,
    mean: Sequence[float] = IMAGENET_MEAN,
    std: Sequence[float] = IMAGENET_STD,
    epsilon: float = EPSILON,
) -> Reconstruction:
    """Put predictions back into the clip, for people to look at.

    A network that predicts normalised pixels says nothing of a tubelet's mean and contrast; those are the original's,
    as in the papers' pictures. Tokens that are neither visible nor predicted stay grey.

    Args:
        clip: (N, 3, T, H, W), normalised with `mean` and `std`.
        prediction: (N, P, t*h*w*3) as `pixel_target` orders it.
        patch: frames, rows and columns of a tubelet.
        visible: (N, V) indices of what the encoder saw.
        predicted: (N, P) indices.
        normalised: whether the predictions are normalised a tubelet and channel.
        mean: of the clip's normalisation.
        std: of the clip's normalisation.
        epsilon: as of the target.
    """
    scale, centre = (torch.tensor(values, device=clip.device)[:, None, None, None] for values in (std, mean))
    pixels = clip.float() * scale + centre
    grey = torch.full_like(pixels, HIDDEN_GREY / 255)
    masked = _paste(grey, tubelets(pixels, patch, visible), patch, visible)
    values = prediction.float().unflatten(2, (*patch, 3)).movedim(-1, 2)  # (N, P, t*h*w*3) -> (N, P, 3, t, h, w)
    if normalised:
        deviation, average = torch.std_mean(tubelets(pixels, patch, predicted), dim=(3, 4, 5), keepdim=True)
        values = values * (deviation + epsilon) + average
    completed = _paste(masked, values, patch, predicted)
    # what the encoder saw stays as it is, also where it was predicted
    completed = _paste(completed, tubelets(pixels, patch, visible), patch, visible)
    return Reconstruction(_bytes(pixels), _bytes(masked), _bytes(completed))


def _paste(clip: Tensor, values: Tensor, patch: Patch, indices: Tensor) -> Tensor:
    """A copy of the clip with other tubelets (N, K, C, t, h, w) at some places."""
    pasted = clip.clone(memory_format=torch.contiguous_format)
    cells, at = _cells(pasted, patch, indices)
    cells[at] = values
    return pasted


def _bytes(clip: Tensor) -> Tensor:
    """(N, 3, T, H, W) in 0..1 -> (N, T, H, W, 3) uint8."""
    return (clip.clamp(0, 1) * 255).round().byte().permute(0, 2, 3, 4, 1)
