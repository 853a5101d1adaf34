"""Models by name: `create_model`, `list_models`, and our own checkpoint files.

A checkpoint is forgiving in one thing only, the classes: another number of them gives a fresh head, and says so.
Everything else must fit, tensor by tensor, or the error lists what does not.
"""

from __future__ import annotations

import fnmatch
import warnings
from collections.abc import Mapping
from dataclasses import dataclass, fields, replace
from pathlib import Path
from types import ModuleType
from typing import Any

from accelerate import init_empty_weights

from tubelet.checkpoints import videomae as videomae_keys
from tubelet.checkpoints.conversion import Converted
from tubelet.checkpoints.errors import CheckpointError, CheckpointWarning
from tubelet.checkpoints.files import Source, StateDict, read_state_dict
from tubelet.checkpoints.loading import hand_over, override
from tubelet.checkpoints.metadata import Description, describe
from tubelet.errors import did_you_mean
from tubelet.models import videomae
from tubelet.models.spec import ModelError, RecognitionModel
from tubelet.pretraining.videomae import VARIANTS as PRETRAINING_VARIANTS

HEAD = "head"  # the classifier of every recognition network
OWN_OF_FINE_TUNING = ("num_frames", "frame_stride", "crop", "initialisation")  # weights do not depend on them


@dataclass(frozen=True)
class Family:
    """The models of one paper.

    Args:
        variants: name to config.
        model: makes the network from a config.
        keys: the key table of its released files, with `convert` and `config_from`.
    """

    variants: Mapping[str, Any]
    model: type[RecognitionModel]
    keys: ModuleType


FAMILIES = (Family(videomae.VARIANTS, videomae.VideoMAE, videomae_keys),)


def list_models(pattern: str = "*") -> list[str]:
    """Names for `create_model` that match a glob pattern, such as "videomae_*"."""
    return [name for family in FAMILIES for name in family.variants if fnmatch.fnmatchcase(name, pattern)]


def shipped_weights(name: str) -> Path:
    """The file of weights that come with the package; `name` is "synthetic".

    Raises:
        CheckpointError: this installation has none of that name.
    """
    path = Path(__file__).parent / "weights" / f"videomae_tiny_{name}.safetensors"
    if not path.is_file():
        raise CheckpointError(f"this installation of tubelet has no weights {name!r}; expected them at {path}.")
    return path


def create_model(
    name: str | None,
    *,
    checkpoint: Source | None = None,
    num_classes: int | None = None,
    **overrides: Any,
) -> RecognitionModel:
    """Make a model, with fresh weights or those of a checkpoint.

    A file that `save_checkpoint` wrote for the same name brings its config along, and so does the encoder of one from
    the pretraining network of that name. Without a name the checkpoint alone says what it is. Inside
    `with torch.device(...)` the model stands on that device, `meta` included.

    Args:
        name: one of `list_models()`, or None to take the checkpoint's own.
        checkpoint: a file, a folder, a hub id, a state dict (see `read_state_dict`), or "synthetic" for the weights
            that come with the package.
        num_classes: width of the head. None takes the checkpoint's, or without one the variant's. Another number than
            the checkpoint's gives a fresh head with a `CheckpointWarning`; only a Kinetics-710 head becomes one for
            Kinetics-400, 600 or 700 by taking its rows.
        **overrides: fields of the model's config, such as `num_frames=32`, `crop=112`, `drop_path_rate=0.1`.

    Returns:
        The model, in training mode, with `classes` set where the checkpoint names them.

    Raises:
        ModelError: an unknown name or override, or a config that cannot be built.
        CheckpointError: the checkpoint cannot be read, or does not fit; the error lists missing, left-over and reshaped
            tensors.
    """
    if num_classes is not None and num_classes < 1:
        raise ModelError(f"num_classes is {num_classes}; expected at least 1.")
    if checkpoint is None:
        family, config = _variant(name)
        return family.model(override(config, {**overrides, "num_classes": num_classes or config.num_classes}))
    if isinstance(checkpoint, str) and checkpoint == "synthetic":
        checkpoint = shipped_weights(checkpoint)
    read = read_state_dict(checkpoint)
    description = describe(read)
    family, converted, config = _match(name, read, description)
    converted, classes = _fit_head(converted, config, num_classes, read, description)
    config = override(config, {**overrides, "num_classes": classes})
    with init_empty_weights(include_buffers=False):
        model = family.model(config)
    name = name or _nearest_variant(family, config)
    hand_over(model, converted, name, read.source, _hint(converted, name))
    names = description.classes if description else _hub_classes(read)
    if HEAD not in converted.fresh and names is not None and len(names) == classes:
        model.classes = names
    return model


def load_model(source: Source) -> RecognitionModel:
    """The model that a checkpoint says it is: one of ours, or a Hugging Face folder or hub id; see `create_model`."""
    return create_model(None, checkpoint=source)


def _variant(name: str | None) -> tuple[Family, Any]:
    for family in FAMILIES:
        if name is not None and name in family.variants:
            return family, family.variants[name]
    if name is None:
        raise ModelError("a model without a checkpoint needs a name; list_models() names all.")
    raise ModelError(f"there is no model {name!r}; {did_you_mean(name, list_models(), 'list_models() names all.')}")


def _match(name: str | None, read: StateDict, description: Description | None) -> tuple[Family, Converted, Any]:
    """The family, the tensors under its names, and the config before any override."""
    if description is not None and name is None and description.model in PRETRAINING_VARIANTS:
        raise CheckpointError(
            f"{read.source} holds {description.model}, which learns without labels; name the model that takes its "
            f"encoder, such as {description.model.replace('_pretraining', '')}."
        )
    if description is not None and name in (None, description.model):
        family, config = _variant(description.model)
        return family, Converted(read.tensors), override(config, description.config)
    if name is not None:
        family, config = _variant(name)
        converted = family.keys.convert(read)
        if description is not None and description.model in PRETRAINING_VARIANTS:
            said = description.config
            converted = replace(converted, facts={key: said[key] for key in ("num_heads", "positions")})
            if description.model.replace("_pretraining", "") == name:
                shared = {field.name for field in fields(config)} & said.keys() - set(OWN_OF_FINE_TUNING)
                config = override(config, {key: said[key] for key in shared})
        return family, converted, config
    for family in FAMILIES:
        converted = family.keys.convert(read)
        config = family.keys.config_from(read, converted.tensors)
        if config is not None:
            return family, converted, config
    raise CheckpointError(f"{read.source} does not say which model it is; name one of list_models().")


def _fit_head(
    converted: Converted, config: Any, num_classes: int | None, read: StateDict, description: Description | None
) -> tuple[Converted, int]:
    """Make the head fit the classes: as it is, rows of it, or a fresh one."""
    head = converted.tensors.get(f"{HEAD}.weight")
    if head is None:
        if converted.fresh:
            _warn(f"{read.source} is a pre-training checkpoint: {' and '.join(converted.fresh)} start fresh.")
        elif num_classes is not None:
            _warn(f"{read.source} has no head: it starts fresh with {num_classes} classes.")
            converted = replace(converted, fresh=(HEAD,))
        return converted, num_classes or config.num_classes
    if num_classes in (None, len(head)):
        return converted, len(head)
    rows = videomae_keys.kinetics_rows(num_classes) if len(head) == 710 and num_classes else None
    if rows is not None and description is None:
        _warn(f"{read.source} has a Kinetics-710 head: its rows for Kinetics-{num_classes} are taken.")
        picked = {key: value[rows] if key.startswith(f"{HEAD}.") else value for key, value in converted.tensors.items()}
        return replace(converted, tensors=picked), num_classes
    _warn(f"{read.source} has a head for {len(head)} classes: it starts fresh with {num_classes}.")
    rest = {key: value for key, value in converted.tensors.items() if not key.startswith(f"{HEAD}.")}
    return replace(converted, tensors=rest, fresh=(*converted.fresh, HEAD)), num_classes


def _hint(converted: Converted, name: str) -> str:
    """Which variant the shapes do fit, where one does."""
    for family in FAMILIES:
        config = family.keys.config_from(StateDict(converted.tensors, ""), converted.tensors)
        near = None if config is None else _nearest_variant(family, config)
        if near is not None and family.variants[near] != family.variants.get(name):
            return f" Its shapes are those of {near}."
    return ""


def _nearest_variant(family: Family, config: Any) -> str:
    """The variant that differs from a config in the fewest fields."""

    def differences(name: str) -> int:
        variant = family.variants[name]
        return sum(getattr(variant, field.name) != getattr(config, field.name) for field in fields(variant))

    return min(family.variants, key=differences)


def _hub_classes(read: StateDict) -> tuple[str, ...] | None:
    """The class names of a Hugging Face config, unless they are its placeholders LABEL_0, LABEL_1, ..."""
    names = read.config.get("id2label")
    if not isinstance(names, dict) or set(names) != {str(i) for i in range(len(names))}:
        return None
    classes = tuple(str(names[str(i)]) for i in range(len(names)))
    return None if classes[:1] == ("LABEL_0",) else classes


def _warn(message: str) -> None:
    warnings.warn(message, CheckpointWarning, stacklevel=4)
