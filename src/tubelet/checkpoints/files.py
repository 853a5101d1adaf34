"""Reading state dicts from files, folders and the Hugging Face hub, without ever running code from them.

A `.safetensors` file holds tensors and text only. Everything else goes through `torch.load(weights_only=True)`, which
builds tensors and plain containers and refuses any other object. Released files keep their state dict under a wrapper
key (`model`, `module`, `state_dict`) and may carry the prefix of a compiled or distributed model; both come off here.
"""

from __future__ import annotations

import argparse
import json
import os
import re
import warnings
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import torch
from safetensors import SafetensorError, safe_open
from torch import Tensor

from tubelet.checkpoints.errors import CheckpointError

Source = str | os.PathLike[str] | Mapping[str, Any]

WRAPPERS = ("model", "module", "state_dict", "model_state")  # the order in which the authors' loaders try them
PREFIXES = ("_orig_mod.", "module.")  # torch.compile, DistributedDataParallel
WEIGHTS = ("model.safetensors", "pytorch_model.bin")  # of a Hugging Face folder, the safe one first
HUB_ID = re.compile(r"(?P<repository>[\w.-]+/[\w.-]+)(?::(?P<file>.+))?")

# What released training files hold beside the tensors: options and figures, classes without code of their own.
_SCALAR = np.float64(0.0).__reduce__()[0]
_DTYPES = [type(np.dtype(kind)) for kind in ("f2", "f4", "f8", "i4", "i8", "?")]
HARMLESS: list[Any] = [argparse.Namespace, np.dtype, *_DTYPES]
HARMLESS += [(_SCALAR, f"numpy.{core}.multiarray.scalar") for core in ("core", "_core")]  # NumPy 1 and 2


@dataclass(frozen=True)
class StateDict:
    """The tensors of a checkpoint under its own names.

    Args:
        tensors: name to tensor, on the CPU (or where the given state dict had them).
        source: what to call it in a message.
        metadata: the text of a safetensors file.
        config: `config.json` of a Hugging Face folder.
    """

    tensors: dict[str, Tensor]
    source: str
    metadata: dict[str, str] = field(default_factory=dict)
    config: dict[str, Any] = field(default_factory=dict)


def read_state_dict(source: Source) -> StateDict:
    """Read a checkpoint.

    Args:
        source: a file (`.safetensors`, or anything that `torch.save` wrote), a folder in the Hugging Face layout
            (`config.json` beside `model.safetensors`), a state dict, or a hub id `organisation/name`, with
            `organisation/name:path/of/file.pth` for one file of a repository.

    Raises:
        CheckpointError: it does not exist, is damaged, cannot be downloaded, needs code to be read, or holds no
        tensors.
    """
    if isinstance(source, Mapping):
        tensors = _unwrap(source, "the given state dict")  # copied: training must not change what the caller holds
        return StateDict({name: tensor.detach().clone() for name, tensor in tensors.items()}, "the given state dict")
    path = Path(source).expanduser()
    if path.is_dir():
        return _read_folder(path)
    if path.is_file():
        return _read_file(path)
    hub = HUB_ID.fullmatch(str(source))
    if hub and (hub["file"] or path.suffix not in (".pth", ".pt", ".bin", ".ckpt", ".safetensors")):
        return _read_hub(hub["repository"], hub["file"])
    raise CheckpointError(
        f"there is no checkpoint {source}; expected a file, a folder or a hub id like organisation/name."
    )


def _read_file(path: Path, config: dict[str, Any] | None = None) -> StateDict:
    if path.suffix == ".safetensors":
        try:
            with safe_open(path, framework="pt") as file:
                tensors = {name: file.get_tensor(name) for name in file.keys()}  # noqa: SIM118 (not a mapping)
                metadata = file.metadata() or {}
        except (SafetensorError, OSError) as error:
            raise CheckpointError(f"{path} is not a whole safetensors file: {error}.") from error
        return StateDict(_unwrap(tensors, str(path)), str(path), metadata, config or {})
    return StateDict(_unwrap(_load(path), str(path)), str(path), config=config or {})


def _load(path: Path) -> Any:
    with torch.serialization.safe_globals(HARMLESS), warnings.catch_warnings():
        warnings.simplefilter("ignore")  # about pickle protocols that the restricted reader then refuses anyway
        try:
            return torch.load(path, map_location="cpu", weights_only=True, mmap=zipfile.is_zipfile(path))
        except Exception as error:  # a damaged file breaks torch's reader in many ways
            unsafe = re.search(r"GLOBAL (\S+)", str(error))
            if unsafe is None:
                raise CheckpointError(f"{path} is damaged, or not a file that torch.save wrote.") from error
            raise CheckpointError(
                f"{path} holds a Python object ({unsafe[1]}) that only code can read; tensors and plain values are "
                "expected: save its state dict alone, best as safetensors."
            ) from error


def _read_folder(folder: Path) -> StateDict:
    for name in WEIGHTS:
        if (folder / name).is_file():
            return _read_file(folder / name, _read_config(folder / "config.json"))
    raise CheckpointError(f"the folder {folder} holds no checkpoint; expected {' or '.join(WEIGHTS)} in it.")


def _read_config(path: Path) -> dict[str, Any]:
    if not path.is_file():
        return {}
    try:
        config = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise CheckpointError(f"{path} is not JSON: {error}.") from error
    return config if isinstance(config, dict) else {}


def _read_hub(repository: str, file: str | None) -> StateDict:
    from huggingface_hub import hf_hub_download
    from huggingface_hub.errors import EntryNotFoundError, LocalEntryNotFoundError

    def download(name: str) -> Path:
        return Path(hf_hub_download(repository, name))

    def optional(name: str) -> Path | None:
        try:
            return download(name)
        except LocalEntryNotFoundError:  # offline, which says nothing about the repository
            raise
        except EntryNotFoundError:
            return None

    try:
        if file is not None:
            return _read_file(download(file))
        config = optional("config.json")
        weights = next((path for path in map(optional, WEIGHTS) if path is not None), None)
    except Exception as error:  # the client raises its HTTP library's errors as they come
        if isinstance(error, CheckpointError):
            raise
        where = f"{repository}:{file}" if file else repository
        raise CheckpointError(
            f"{where} is neither a local file nor could it be had from the Hugging Face hub: {_first_line(error)}"
        ) from error
    if weights is None:
        raise CheckpointError(
            f"the hub repository {repository} holds neither {' nor '.join(WEIGHTS)}; name one file of it."
        )
    return _read_file(weights, _read_config(config) if config else {})


def _unwrap(loaded: Any, source: str) -> dict[str, Tensor]:
    while isinstance(loaded, Mapping):
        inner = next((loaded[key] for key in WRAPPERS if isinstance(loaded.get(key), Mapping)), None)
        if inner is None:
            break
        loaded = inner
    tensors = {}
    if isinstance(loaded, Mapping):
        tensors = {str(name): value for name, value in loaded.items() if isinstance(value, Tensor)}
    if not tensors:
        raise CheckpointError(f"{source} holds no state dict; expected names and tensors.")
    for prefix in PREFIXES:
        if all(name.startswith(prefix) for name in tensors):
            tensors = {name.removeprefix(prefix): value for name, value in tensors.items()}
    return tensors


def _first_line(error: Exception) -> str:
    return (str(error).strip() or type(error).__name__).splitlines()[0]
