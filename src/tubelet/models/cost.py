"""What a network costs, counted rather than looked up: its parameters and the multiply-adds of one clip.

Multiply-adds (MACs) are what the field's tables call GFLOPs; one is two floating-point operations. Matrix products and
convolutions count, attention included; norms, activations and sums do not, as is usual.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import torch
from torch import nn
from torch.utils.flop_counter import FlopCounterMode

from tubelet.models.spec import RecognitionModel


@dataclass(frozen=True)
class Cost:
    """Cost of one network.

    Args:
        parameters: how many numbers are learned.
        multiply_adds: of one clip of the size in its spec.
    """

    parameters: int
    multiply_adds: int


def count_parameters(model: nn.Module) -> int:
    """Learned numbers of a model."""
    return sum(parameter.numel() for parameter in model.parameters())


def count_cost(model: type[RecognitionModel], config: Any) -> Cost:
    """Build a network on the meta device, which allocates nothing, and send one clip through it."""
    with torch.device("meta"):
        network = model(config).eval()
        spec = network.spec
        clip = torch.empty(1, 3, spec.num_frames, spec.crop, spec.crop)
    with FlopCounterMode(display=False) as counter, torch.inference_mode():
        network(clip)
    return Cost(count_parameters(network), counter.get_total_flops() // 2)
