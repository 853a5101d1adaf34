"""The last step from a checkpoint to a model: the config with its changes, and the tensors handed over."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import fields, replace
from typing import Any

import torch
from torch import nn

from tubelet.checkpoints.conversion import Converted
from tubelet.checkpoints.errors import CheckpointError, misfit
from tubelet.errors import did_you_mean
from tubelet.models.spec import ModelError


def override(config: Any, overrides: Mapping[str, Any]) -> Any:
    """A config with other values; raises ModelError for a field that it does not have."""
    known = [field.name for field in fields(config)]
    for key in overrides:
        if key not in known:
            raise ModelError(f"a {type(config).__name__} has no {key!r}; {did_you_mean(key, known)}")
    return replace(config, **overrides)


def hand_over(model: nn.Module, converted: Converted, name: str, source: str, hint: str = "") -> None:
    """Give a model its tensors, without a copy, and initialise what is fresh.

    Args:
        model: its parameters on the meta device; it has a `config` and, where something is fresh, `initialise(part)`.
        converted: the tensors under the model's names.
        name: of the model, for the error.
        source: of the tensors, for the error.
        hint: what else to say when they do not fit.

    Raises:
        CheckpointError: on any misfit; it lists missing, left-over and reshaped tensors. On numbers that are not
            finite, as a run that diverged leaves them.
    """
    wanted = model.state_dict()
    fresh = tuple(f"{module}." for module in converted.fresh)
    missing = [key for key in wanted if key not in converted.tensors and not key.startswith(fresh or ("\0",))]
    left_over = [key for key in converted.tensors if key not in wanted]
    reshaped = [
        (key, tuple(tensor.shape), tuple(wanted[key].shape))
        for key, tensor in converted.tensors.items()
        if key in wanted and tensor.shape != wanted[key].shape
    ]
    if missing or left_over or reshaped:
        raise misfit(source, name, missing, left_over, reshaped, hint)
    config: Any = model.config
    for key, value in converted.facts.items():
        if getattr(config, key) != value:
            have = getattr(config, key)
            raise CheckpointError(f"{source} does not fit {name}: it says {key}={value}, the model has {have}.")
    for key, tensor in converted.tensors.items():
        if tensor.is_floating_point() and not tensor.is_meta and not tensor.sum(dtype=torch.float64).isfinite():
            raise CheckpointError(f"{source} has numbers in {key} that are not finite; expected trained weights.")
    device = torch.empty(0).device  # `get_default_device` of PyTorch 2.7 does not see a surrounding `with`
    tensors = {key: tensor.to(device, wanted[key].dtype) for key, tensor in converted.tensors.items()}
    model.load_state_dict(tensors, strict=False, assign=True)
    for module in converted.fresh:
        part = model.get_submodule(module)
        part.to_empty(device=device)
        model.initialise(part)  # type: ignore[operator]
