"""Stochastic depth (Huang et al., Deep Networks with Stochastic Depth, ECCV 2016), per sample."""

from __future__ import annotations

import torch
from torch import Tensor, nn


class DropPath(nn.Module):
    """Drops the whole residual branch of a sample with probability ``rate``; kept ones are divided by ``1 - rate``."""

    def __init__(self, rate: float) -> None:
        super().__init__()
        self.rate = rate

    def forward(self, branch: Tensor) -> Tensor:
        """(N, ...) -> the same shape; the identity outside training."""
        if not self.training or self.rate == 0.0:
            return branch
        kept = torch.empty(branch.shape[0], *[1] * (branch.ndim - 1), dtype=branch.dtype, device=branch.device)
        return branch * kept.bernoulli_(1.0 - self.rate).div_(1.0 - self.rate)

    def extra_repr(self) -> str:
        """The rate."""
        return f"rate={self.rate:.3f}"
