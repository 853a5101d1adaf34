"""One parity case: what a system's own implementation computed, and how ours is held against it.

The format is described beside the cases. A system's builder (`systems/<system>.py`) has one function, `run(case)`, that
gives our value of each output, or a `Skip` for an output that it does not cover, or raises `Skip` for the whole case.
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

import fill
import numpy as np
import torch

CONVERSIONS = {
    "uint8 = clip(floor((v + 2) * 64), 0, 255)": lambda v, config: np.clip(np.floor((v + 2) * 64), 0, 255).astype("u1"),
    "multiply by config.scale in float32": lambda v, config: v * np.float32(config["scale"]),
}


class Skip(Exception):  # noqa: N818 (no error)
    """Why a case, or one output of it, is not compared."""


@dataclass(frozen=True)
class Comparison:
    """One output held against the case: its relative error, or why there is none."""

    name: str
    error: float
    reason: str = ""
    skipped: bool = False


class Case:
    """A case as it lies in its two files."""

    def __init__(self, path: Path) -> None:
        said = json.loads(path.read_text(encoding="utf-8"))
        self.name = path.name.removesuffix(".json")
        self.path = path
        self.system: str = said["system"]
        self.config: dict[str, Any] = said.get("config") or {}
        self.wrapper: str | None = said.get("wrapper")
        self.keys: dict[str, dict[str, Any]] = said.get("keys") or {}
        self.inputs: dict[str, dict[str, Any]] = said.get("inputs") or {}
        self.outputs: dict[str, dict[str, Any]] = said.get("outputs") or {}
        self.tolerance: float = said.get("tolerance", 1e-4)
        self.insensitive: list[str] = said.get("insensitive") or []
        self.parameters: int | None = said.get("parameters")

    @property
    def is_structure(self) -> bool:
        """Whether only names and shapes are listed."""
        return not self.outputs

    @cached_property
    def arrays(self) -> dict[str, np.ndarray]:
        """The npz beside the case."""
        with np.load(self.path.with_suffix(".npz")) as file:
            return dict(file)

    def checkpoint(self, without: tuple[str, ...] = ()) -> dict[str, Any]:
        """The released file's state dict under its wrapper; on the meta device for a structure case."""
        wanted = {name: key for name, key in self.keys.items() if key["kind"] != "computed" and name not in without}
        if self.is_structure:
            tensors = {name: torch.empty(key["shape"], device="meta") for name, key in wanted.items()}
        else:
            tensors = {name: torch.from_numpy(value) for name, value in fill.checkpoint(wanted).items()}
        return {self.wrapper: tensors} if self.wrapper else tensors

    def input(self, name: str) -> np.ndarray:
        """One input: stored, or made from its name and then converted as the case says."""
        said = self.inputs[name]
        if said.get("stored"):
            return self.arrays[f"in:{name}"]
        value = fill.tensor(f"input:{name}", tuple(said["shape"]), said["kind"])
        if "convert" not in said:
            return value
        if said["convert"] not in CONVERSIONS:
            raise Skip(f"the conversion {said['convert']!r} of the input {name} is not known")
        return CONVERSIONS[said["convert"]](value, self.config)

    def compare(self, name: str, ours: Any) -> Comparison:
        """Hold our value of one output against the case's."""
        if isinstance(ours, Skip):
            return Comparison(name, 0.0, str(ours), skipped=True)
        ours = np.asarray(ours.detach().cpu() if isinstance(ours, torch.Tensor) else ours)
        shape = tuple(self.outputs[name]["shape"])
        if ours.shape != shape and (ours.size, shape) != (1, (1,)):
            return Comparison(name, float("inf"), f"has shape {ours.shape}, not {shape}")
        theirs = self.arrays[f"out:{name}"].astype(np.float64).ravel()
        difference = np.abs(ours.astype(np.float64).ravel()[:: self.outputs[name].get("stride", 1)] - theirs).max()
        scale = np.abs(theirs).max()
        error = float(difference / scale) if scale > 0 else float(difference)
        return Comparison(name, error if np.isfinite(error) else float("inf"))
