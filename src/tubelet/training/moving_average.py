"""The exponential moving average of a model's weights (Polyak and Juditsky, 1992)."""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn


class MovingAverage:
    """A copy of a model whose parameters follow the trained ones: decay * average + (1 - decay) * trained.

    Early on the decay is min(decay, (1 + steps) / (10 + steps)), so that the random start is soon forgotten.
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        self.model = copy.deepcopy(model).eval().requires_grad_(False)
        self.decay, self.steps = decay, 0

    @torch.no_grad()
    def update(self, model: nn.Module) -> None:
        """Take one step of the trained model in."""
        self.steps += 1
        decay = min(self.decay, (1 + self.steps) / (10 + self.steps))
        averages: list[Tensor] = list(self.model.parameters())
        trained: list[Tensor] = list(model.parameters())
        torch._foreach_lerp_(averages, trained, 1 - decay)

    def state_dict(self) -> dict[str, int | dict[str, Tensor]]:
        """For checkpoints."""
        return {"steps": self.steps, "model": self.model.state_dict()}

    def load_state_dict(self, state: dict[str, int | dict[str, Tensor]]) -> None:
        """From a checkpoint."""
        steps, model = state["steps"], state["model"]
        assert isinstance(steps, int)
        assert isinstance(model, dict)
        self.steps = steps
        self.model.load_state_dict(model)
