"""Our own checkpoint files: safetensors whose metadata rebuild the model without anything beside them.

The metadata hold one JSON text under the key `tubelet`: a version, the model's name, its whole config, the class
names, and whatever the writer wants to keep (the recipe, the figures).
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from safetensors.torch import save_file
from torch import Tensor, nn

from tubelet.checkpoints.errors import CheckpointError
from tubelet.checkpoints.files import PREFIXES, StateDict

KEY = "tubelet"
VERSION = 1


@dataclass(frozen=True)
class Description:
    """What the metadata of one of our files say.

    Args:
        model: name of the variant.
        config: fields of its config.
        classes: names in the order of the logits.
        extra: what else the writer kept.
    """

    model: str
    config: dict[str, Any]
    classes: tuple[str, ...] | None
    extra: dict[str, Any]


def describe(checkpoint: StateDict) -> Description | None:
    """The description inside a checkpoint; None when it is not one of our files.

    Raises:
        CheckpointError: the metadata are damaged, or a later version of tubelet wrote them.
    """
    if KEY not in checkpoint.metadata:
        return None
    try:
        said = json.loads(checkpoint.metadata[KEY])
        version, model, classes = said["version"], said["model"], said["classes"]
        config = {key: tuple(value) if isinstance(value, list) else value for key, value in said["config"].items()}
    except (ValueError, KeyError, TypeError, AttributeError) as error:
        raise CheckpointError(
            f"the metadata of {checkpoint.source} are damaged; expected what tubelet writes."
        ) from error
    if version > VERSION:
        raise CheckpointError(
            f"{checkpoint.source} has version {version}; this tubelet reads up to {VERSION}: upgrade it."
        )
    return Description(model, config, tuple(classes) if classes else None, said.get("extra") or {})


def save_checkpoint(
    path: str | os.PathLike[str],
    model: nn.Module,
    *,
    name: str,
    classes: Sequence[str] | None = None,
    state: Mapping[str, Tensor] | None = None,
    extra: Mapping[str, Any] | None = None,
) -> None:
    """Write a model as safetensors, whole or not at all.

    Args:
        path: of the file, ending in `.safetensors`.
        model: from `create_model` or `create_pretraining_model`; compiled or distributed wrappers come off.
        name: the variant that it was made from.
        classes: names in the order of the logits; None takes `model.classes`, where the model has any.
        state: other values under the same keys, such as a moving average; None takes the model's own.
        extra: anything that JSON can hold.

    Raises:
        CheckpointError: the path has another suffix, or the names do not count the model's classes.
    """
    path = Path(path)
    if path.suffix != ".safetensors":
        raise CheckpointError(f"a checkpoint cannot be written to {path}; expected a name ending in .safetensors.")
    while (inner := getattr(model, "_orig_mod", None) or getattr(model, "module", None)) is not None:
        model = inner
    config: Any = model.config
    classes = getattr(model, "classes", None) if classes is None else tuple(classes)
    if classes is not None and len(classes) != config.num_classes:
        raise CheckpointError(
            f"{len(classes)} class names were given for {path}; the model has {config.num_classes} classes."
        )
    said = {"version": VERSION, "model": name, "config": asdict(config), "classes": classes, "extra": dict(extra or {})}
    tensors = {}
    for key, tensor in (model.state_dict() if state is None else state).items():
        for prefix in PREFIXES:
            key = key.removeprefix(prefix)
        tensors[key] = tensor.detach().cpu().contiguous()
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.name}.{os.getpid()}.unfinished")
    try:
        save_file(tensors, unfinished, metadata={"format": "pt", KEY: json.dumps(said)})
        unfinished.chmod(0o644)  # safetensors lets nobody but the owner read what it writes
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)
