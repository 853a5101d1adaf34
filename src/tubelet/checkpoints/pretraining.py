"""Pretraining networks by name: `create_pretraining_model`, `list_pretraining_models`.

What such a network has learned goes into a recogniser with `create_model(name, checkpoint=FILE)`, which takes the
encoder out of the same file.
"""

from __future__ import annotations

import fnmatch
from typing import Any

from accelerate import init_empty_weights

from tubelet.checkpoints import videomae_pretraining as keys
from tubelet.checkpoints.conversion import Converted
from tubelet.checkpoints.errors import CheckpointError
from tubelet.checkpoints.files import Source, StateDict, read_state_dict
from tubelet.checkpoints.loading import hand_over, override
from tubelet.checkpoints.metadata import describe
from tubelet.errors import did_you_mean
from tubelet.models.spec import ModelError
from tubelet.pretraining.objective import PretrainingModel
from tubelet.pretraining.videomae import VARIANTS, VideoMAEPretraining


def list_pretraining_models(pattern: str = "*") -> list[str]:
    """Names for `create_pretraining_model` that match a glob pattern."""
    return [name for name in VARIANTS if fnmatch.fnmatchcase(name, pattern)]


def create_pretraining_model(
    name: str | None = None, *, checkpoint: Source | None = None, **overrides: Any
) -> PretrainingModel:
    """Make a network that learns without labels, with fresh weights or those of a checkpoint.

    Args:
        name: one of `list_pretraining_models()`; None takes what the checkpoint says it is, or the released network
            with its shapes.
        checkpoint: as for `create_model`: a file of ours or the authors', a folder, a hub id, a state dict.
        **overrides: fields of the config, such as `num_frames=32` or `mask_ratio=0.75`.

    Returns:
        The model, in training mode.

    Raises:
        ModelError: an unknown name or override, or a config that cannot be built.
        CheckpointError: the checkpoint cannot be read, or does not fit tensor by tensor.
    """
    if checkpoint is None:
        return VideoMAEPretraining(override(_variant(name), overrides))
    read = read_state_dict(checkpoint)
    name, converted, config = _match(name, read)
    config = override(config, overrides)
    with init_empty_weights(include_buffers=False):
        model = VideoMAEPretraining(config)
    hand_over(model, converted, name, read.source)
    return model


def _variant(name: str | None) -> Any:
    if name is None:
        raise ModelError("a pretraining network without a checkpoint needs a name; list_pretraining_models() has all.")
    if name not in VARIANTS:
        raise ModelError(f"there is no pretraining network {name!r}; {did_you_mean(name, VARIANTS)}")
    return VARIANTS[name]


def _match(name: str | None, read: StateDict) -> tuple[str, Converted, Any]:
    """The variant, the tensors under its names, and its config before any override."""
    description = describe(read)
    if description is not None and name in (None, description.model):
        if description.model not in VARIANTS:
            raise CheckpointError(f"{read.source} holds {description.model}, which has no decoder to reconstruct with.")
        config = override(VARIANTS[description.model], description.config)
        return description.model, Converted(read.tensors), config
    converted = keys.convert(read)
    if name is not None:
        return name, converted, _variant(name)
    found = keys.variant_of(converted.tensors)
    if found is None:
        raise CheckpointError(
            f"{read.source} is no released pretraining network; expected an encoder, a decoder and a mask token."
        )
    return found, converted, VARIANTS[found]
