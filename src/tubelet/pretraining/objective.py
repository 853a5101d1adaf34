"""What every masked objective is made of: which tokens are seen, which are predicted, and which of those count.

Masked autoencoders differ in four choices, and a `PretrainingModel` answers each in one method: what is hidden
(`masks`), what the encoder sees and how the rest is predicted (`forward`), in which space (`target`: pixels, gradients,
a teacher's features), and how far off a prediction is (`loss`). The training loop knows these four and nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import Generator, Tensor, nn

from tubelet.models.spec import ModelSpec
from tubelet.pretraining.masking import MaskError


@dataclass(frozen=True)
class Masks:
    """Which tokens play which part, as indices: gathering by index never waits for the device, a boolean mask does.

    Args:
        visible: (N, V) what the encoder sees, ascending.
        predicted: (N, P) what is predicted, ascending.
        counted: (N, P) bool, which predictions the loss counts; None for all.
    """

    visible: Tensor
    predicted: Tensor
    counted: Tensor | None = None

    @classmethod
    def of(cls, hidden: Tensor, skipped: Tensor | None = None) -> Masks:
        """From boolean maps over the tokens.

        Args:
            hidden: (N, L), True where the encoder does not see a token.
            skipped: (N, L), True where a token is not predicted; None predicts what is hidden. A prediction of a token
                that the encoder sees does not count (VideoMAE V2).

        Raises:
            MaskError: when the samples of the batch do not count the same.
        """
        visible = _indices(~hidden)
        if skipped is None:
            return cls(visible, _indices(hidden))
        predicted = _indices(~skipped)
        return cls(visible, predicted, hidden.gather(1, predicted))

    def to(self, device: torch.device | str) -> Masks:
        """The same on another device."""
        counted = None if self.counted is None else self.counted.to(device, non_blocking=True)
        visible, predicted = (each.to(device, non_blocking=True) for each in (self.visible, self.predicted))
        return Masks(visible, predicted, counted)


def _indices(mask: Tensor) -> Tensor:
    """(N, L) bool -> (N, K) the places of True, ascending."""
    counts = mask.sum(dim=1)
    if len(counts) == 0 or (counts != counts[0]).any():
        raise MaskError(f"the samples of a batch have {counts.tolist()} tokens each; expected the same in all.")
    return mask.byte().argsort(dim=1, descending=True, stable=True)[:, : int(counts[0])]


class PretrainingModel(nn.Module):
    """A network that learns from clips alone.

    Args:
        config: every architectural choice, a frozen dataclass.
        undecayed: names of tensors without weight decay, beside vectors.
    """

    config: Any
    undecayed: tuple[str, ...] = ()

    @property
    def spec(self) -> ModelSpec:
        """The clip that the model expects; it has no classes."""
        raise NotImplementedError

    def masks(self, batch: int, generator: Generator | None = None) -> Masks:
        """Draw what is hidden from so many clips, on the generator's device."""
        raise NotImplementedError

    def forward(self, clip: Tensor, masks: Masks) -> Tensor:
        """(N, 3, T, H, W), normalised RGB -> predictions (N, P, D)."""
        raise NotImplementedError

    def target(self, clip: Tensor, masks: Masks) -> Tensor:
        """What should have been predicted, (N, P, D), without a gradient."""
        raise NotImplementedError

    def loss(self, prediction: Tensor, target: Tensor, masks: Masks) -> Tensor:
        """One number, the mean over the predictions that count."""
        raise NotImplementedError
