"""AdamW with layer-wise decay and the cosine schedule of BEiT's fine-tuning, which the masked autoencoders took over.

Bao et al., BEiT, ICLR 2022, appendix; VideoMAE (Tong et al., NeurIPS 2022), table 9. Every tensor of layer i of a
network of depth L learns with lr * decay^(L + 1 - i): 0 is the patch embedding, i the i-th block, L + 1 what follows.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Sequence

import numpy as np
import torch
from numpy.typing import NDArray
from torch import nn


def layer_decay_scales(names: Sequence[str], depth: int, decay: float, embed_scale: float = 1.0) -> list[float]:
    """The factor on the learning rate of each tensor, by its name in the network; `embed_scale` on layer 0 besides."""
    layers = [_layer(name, depth) for name in names]
    return [decay ** (depth + 1 - layer) * (embed_scale if layer == 0 else 1.0) for layer in layers]


def _layer(name: str, depth: int) -> int:
    if name.startswith("patch_embed."):
        return 0
    block = re.match(r"blocks\.(\d+)\.", name)
    return int(block[1]) + 1 if block else depth + 1


def weight_decays(shapes: Iterable[Sequence[int]], decay: float) -> list[float]:
    """The weight decay of each tensor: none on vectors and scalars (biases, norms)."""
    return [decay if len(shape) > 1 else 0.0 for shape in shapes]


def cosine_schedule(
    lr: float,
    min_lr: float,
    epochs: float,
    steps_per_epoch: int,
    warmup_epochs: float = 0,
    warmup_steps: int | None = None,
) -> NDArray[np.float64]:
    """The learning rate of every step: linear from 0 to `lr` (both ends reached), then a cosine.

    `warmup_steps` goes before `warmup_epochs` where it is given. The cosine approaches `min_lr` without reaching it.
    """
    total = int(epochs * steps_per_epoch)
    warmup = min(total, int(warmup_epochs * steps_per_epoch) if warmup_steps is None else warmup_steps)
    rest = np.arange(total - warmup)
    cosine = min_lr + 0.5 * (lr - min_lr) * (1 + np.cos(np.pi * rest / max(1, len(rest))))
    return np.concatenate((np.linspace(0, lr, warmup), cosine))


def adamw(
    model: nn.Module,
    depth: int,
    layer_decay: float,
    weight_decay: float,
    betas: tuple[float, float],
    embed_scale: float = 1.0,
    undecayed: Collection[str] = (),
) -> torch.optim.AdamW:
    """AdamW with a group for each pair of rate factor and weight decay.

    A group keeps its factor as `lr_scale`; the loop sets lr = schedule[step] * lr_scale. Tensors whose names are
    `undecayed` have no weight decay, whatever their shape.
    """
    named = [(name, parameter) for name, parameter in model.named_parameters() if parameter.requires_grad]
    scales = layer_decay_scales([name for name, _ in named], depth, layer_decay, embed_scale)
    decays = weight_decays([parameter.shape for _, parameter in named], weight_decay)
    decays = [0.0 if name in undecayed else decay for (name, _), decay in zip(named, decays, strict=True)]
    groups: dict[tuple[float, float], list[nn.Parameter]] = {}
    for (_, parameter), scale, decay in zip(named, scales, decays, strict=True):
        groups.setdefault((scale, decay), []).append(parameter)
    return torch.optim.AdamW(
        [{"params": group, "lr_scale": scale, "weight_decay": decay} for (scale, decay), group in groups.items()],
        lr=0.0,
        betas=betas,
        fused=True,
    )
